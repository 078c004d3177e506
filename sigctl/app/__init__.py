"""The use cases: each wires the rooms together and returns data; nothing here prints."""

"""Binary sources that git does not hold: what a package declares, where it is found, and a checked copy of it."""

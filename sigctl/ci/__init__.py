"""The pipelines that `sigctl ci init` writes, as they are in deploy/."""

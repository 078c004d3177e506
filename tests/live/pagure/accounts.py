"""Who there is on the server."""

from __future__ import annotations

KEEPER = "keeper"
"""The account sigctl runs as: no admin of the server, with a token that any person can make."""
PEOPLE = ("alice", "member1", "member2", "outsider", "release1")

"""Public keys as forges take them."""

from __future__ import annotations

import base64
import binascii


def bare(text: str) -> str:
    """Return type and blob of a public key; ValueError for what is none."""
    words = text.split()
    try:
        blob = base64.b64decode(words[1], validate=True)
    except (IndexError, binascii.Error) as error:
        raise ValueError("no public key") from error
    length = int.from_bytes(blob[:4], "big")
    if blob[4 : 4 + length] != words[0].encode() or len(blob) <= 4 + length:
        raise ValueError("no public key")
    return f"{words[0]} {words[1]}"

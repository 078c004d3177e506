"""Letters that look like others."""

from __future__ import annotations

import unicodedata

_ALIKE = dict(
    zip(
        "асеорхуіјѕԁԛԝһВАЕЗКМНОРСТУХԌІЅЈαοενκρτυχιΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",  # these are the letters meant
        "aceopxyijsdqwhBAE3KMHOPCTYXGISJaoevkptuxiABEZHIKMNOPTYX",
        strict=True,
    )
)


def lookalike(text: str, *, mixed_only: bool = False) -> str:
    """Return the plain Latin text that this one can be taken for, "" where there is none.

    With `mixed_only`, a word that is wholly of another script is taken for what it is: a name may be written in it.
    """
    if text.isascii():
        return ""
    plain = unicodedata.normalize("NFKC", text)
    scripts = {unicodedata.name(c, "?").split()[0] for c in plain if c.isalpha()}
    read = "".join(_ALIKE.get(c, c) for c in plain)
    return read if read.isascii() and (len(scripts) > 1 or not mixed_only) else ""

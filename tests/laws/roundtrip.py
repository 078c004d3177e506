"""ruamel's round trip in our dialect: every plain scalar stays the text that it is, so none can come back as something else."""

from __future__ import annotations

import io
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.scalarstring import ScalarString
from ruamel.yaml.tag import Tag

from sigctl.spec.yaml12 import plain

_TEXT, _NULL = Tag(suffix="tag:yaml.org,2002:str"), Tag(suffix="tag:yaml.org,2002:null")
_WIDE = 1_000_000


class _TextResolver(VersionedResolver):
    """Takes every scalar for text, an empty one aside."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        if kind is ScalarNode:
            return _NULL if value == "" and implicit[0] else _TEXT
        return super().resolve(kind, value, implicit)


def _yaml() -> YAML:
    yaml = YAML(typ="rt", pure=True)
    yaml.Resolver = _TextResolver
    yaml.preserve_quotes = True
    yaml.width = _WIDE
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def load(text: str) -> Any:
    """Return the document with its comments; plain scalars are text as written. ValueError for what is not one YAML document."""
    try:
        return _yaml().load(text)
    except (YAMLError, RecursionError, NotImplementedError) as error:
        raise ValueError(str(error)) from None


def dump(document: Any) -> str:
    """Return the text of a document, in canonical layout, with its comments."""
    out = io.StringIO()
    _yaml().dump(document, out)
    return out.getvalue()


def meaning(document: Any) -> Any:
    """Return the document as plain data, by the same rules as the fast reader."""
    if isinstance(document, dict):
        return {_scalar(key): meaning(value) for key, value in document.items()}
    if isinstance(document, list):
        return [meaning(value) for value in document]
    return _scalar(document)


def _scalar(value: Any) -> Any:
    if value is None:
        return None
    quoted = isinstance(value, ScalarString) and type(value).__name__ != "PlainScalarString"
    return str(value) if quoted else plain(str(value))

"""The first answer of git's smart HTTP, read by us: a list of refs, as protocol version 0 sends it.

Reading it costs one request on a connection that is kept, where git's own command costs a process and two requests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from sigctl.errors import NotThereError, PartialError, RefusedError
from sigctl.mirror.refs import Refs

_FLUSH = "0000"
_LENGTH = 4
_OBJECT_ID = re.compile(r"[0-9a-f]{40}\Z")
_NOWHERE = "0" * 40
_GONE = re.compile(r"not found|does not exist|no such|access denied", re.IGNORECASE)


def parse(body: bytes, service: str = "git-upload-pack", *, max_refs: int = 500_000) -> Refs:
    """Return the refs of a whole advertisement.

    PartialError when it ends early, NotThereError or RefusedError when the server says so in it or it is in no form we read.
    """
    lines = _packets(body)
    header = next(lines, None)
    if header != f"# service={service}".encode():
        raise RefusedError("the answer is not git's smart HTTP", "is this the address of a repository?")
    if next(lines, b"") is not None:
        raise RefusedError("the answer is not git's smart HTTP: no flush after the service")
    return _read(lines, max_refs)


def capabilities(body: bytes) -> frozenset[str]:
    """Return what the service of an advertisement can do."""
    _, _, said = body.partition(b"\0")
    return frozenset(said.partition(b"\n")[0].decode(errors="replace").split())


def line(data: bytes) -> bytes:
    """Return the data as one packet."""
    return b"%04x" % (len(data) + _LENGTH) + data


def packets(body: bytes) -> Iterator[bytes | None]:
    """Yield each packet of a whole answer without its line end, None for a flush; PartialError, RefusedError when it is none."""
    return _packets(body)


def from_stream(read: Callable[[int], bytes]) -> Iterator[bytes | None]:
    """Yield packets as they come, None for a flush, until the stream ends; PartialError when it ends inside one."""
    while head := _exactly(read, _LENGTH, may_end=True):
        try:
            length = int(head, 16)
        except ValueError:
            raise RefusedError("the answer is not git's: a line without its length") from None
        yield _exactly(read, length - _LENGTH) if length > _LENGTH else b"" if length else None


def _exactly(read: Callable[[int], bytes], size: int, *, may_end: bool = False) -> bytes:
    found = b""
    while len(found) < size:
        more = read(size - len(found))
        if not more:
            if may_end and not found:
                return b""
            raise PartialError("the answer ends in the middle of a line")
        found += more
    return found


def _packets(body: bytes) -> Iterator[bytes | None]:
    """Yield each packet without its line end, None for a flush."""
    at = 0
    while at < len(body):
        head = body[at : at + _LENGTH]
        try:
            length = int(head, 16) if len(head) == _LENGTH else -1
        except ValueError:
            raise RefusedError("the answer is not git's smart HTTP: a line without its length") from None
        if head == _FLUSH.encode():
            at += _LENGTH
            yield None
            continue
        if length < _LENGTH or at + length > len(body):
            raise PartialError("the list of refs ends in the middle of a line")
        yield body[at + _LENGTH : at + length].removesuffix(b"\n")
        at += length


def _read(lines: Iterator[bytes | None], max_refs: int) -> Refs:
    tips: dict[str, str] = {}
    capabilities: list[str] = []
    shallow = False
    for line in lines:
        if line is None:
            return Refs(tips, _head(capabilities, tips), shallow)
        if line.startswith(b"ERR "):
            raise _error(line)
        if line == b"version 1":
            continue
        entry, nul, said = line.partition(b"\0")
        if nul:
            capabilities = said.decode(errors="replace").split()
            _same_algorithm(capabilities)
        if entry.startswith(b"shallow "):
            shallow = True
            continue
        sha, _, raw = entry.partition(b" ")
        name = raw.decode(errors="surrogateescape")  # told and held, never dropped: refs.valid refuses it
        if not _OBJECT_ID.match(sha.decode("ascii", "replace")) or not name:
            raise RefusedError("the list of refs has a line that is no ref")
        if name != "HEAD" and not name.endswith("^{}"):
            tips[name] = sha.decode()
        if len(tips) > max_refs:
            raise RefusedError(f"the repository has more than {max_refs} refs")
    raise PartialError("the list of refs has no end")


def _head(capabilities: list[str], tips: dict[str, str]) -> str:
    for capability in capabilities:
        key, _, value = capability.partition("=")
        if key == "symref" and value.startswith("HEAD:"):
            branch = value.removeprefix("HEAD:")
            return branch if branch in tips else ""
    return ""


def _same_algorithm(capabilities: list[str]) -> None:
    algorithm = next(
        (c.removeprefix("object-format=") for c in capabilities if c.startswith("object-format=")), "sha1"
    )
    if algorithm != "sha1":
        raise RefusedError(
            f"the repository names its objects by {algorithm}",
            "GitHub takes only sha1 repositories, and git can't convert between the two: mirror it by hand",
        )


def _error(line: bytes) -> NotThereError | RefusedError:
    text = line.removeprefix(b"ERR ").decode(errors="replace").strip()
    kind = NotThereError if _GONE.search(text) else RefusedError
    return kind(f"the server says: {text}")

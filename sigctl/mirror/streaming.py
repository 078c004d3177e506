"""A first copy into an empty repository: the source's pack goes straight on to the target while it is checked here.

As safe as fetching first and pushing then. The same check (`index-pack --strict`, every object and every link) runs on the same bytes, and
the last of them, without which the target can't take the pack, are sent only after it has passed. Whatever breaks before that leaves the
target as it was; whatever breaks later is looked at by reading the target's refs, as after any push. Where any of this can't be done, it is
fetched and pushed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import requests

from sigctl.errors import GitError, InterruptedRunError, PartialError, RefusedError
from sigctl.forges.base import Remote
from sigctl.mirror import address, pkt
from sigctl.mirror.advertise import AsGiven, Reader
from sigctl.mirror.cache import Entry
from sigctl.mirror.feeding import Fed, fed
from sigctl.mirror.git import WARNED

_FETCH, _PUSH = "git-upload-pack", "git-receive-pack"
_NOWHERE = "0" * 40
_TRAILER = 20
"""Bytes at the end of a pack: the hash of all that is before them."""
_ALL = ("report-status", "side-band-64k")
_TIMEOUT = (30.0, 600.0)
"""Seconds to connect, and between two signs of life."""
_MAX_REPORT = 64 << 20
_PACK, _ERROR = 1, 3
"""Channels of an answer, besides what is meant for people."""


@dataclass(frozen=True, slots=True)
class Copy:
    """What goes from where to where."""

    source: Remote
    target: Remote
    updates: Mapping[str, str]
    """Ref at the target -> object; all are created."""
    entry: Entry
    """Keeps the objects too."""


def possible(source: Remote, target: Remote) -> bool:
    """Whether both ends speak HTTP."""
    return all(address.scheme(one.url) in ("http", "https") for one in (source, target))


def stream(copy: Copy, reader: Reader, told: Callable[[int], None]) -> dict[str, str]:
    """Return, by ref, "" where the target made it, else why not; `told` gets the bytes sent so far.

    Raises SigctlError or requests' errors when it broke or can't be done; then the target is as it was, or has the refs whole.
    """
    capabilities = _offer(copy.target, reader)
    flags = [
        f"--strict={','.join(f'{name}=warn' for name in WARNED)}",
        "--stdin",
        "--check-self-contained-and-connected",
    ]
    with fed(copy.entry.git, ["index-pack", *flags], copy.entry.path) as index, _asked(copy, reader) as pack:
        body = _body(copy, capabilities, _checked(copy, pack, index, told))
        report = _post(copy.target, reader, _PUSH, body)
        with report:
            return _verdicts(report, copy.updates)


def _offer(target: Remote, reader: Reader) -> frozenset[str]:
    """Return what the target can do; RefusedError where it is not empty, or can't report."""
    url = f"{target.url.rstrip('/')}/info/refs?service={_PUSH}"
    with reader.session(url).get(
        url, headers=_headers(target), auth=AsGiven(), timeout=_TIMEOUT, allow_redirects=False
    ) as answer:
        _fine(answer, f"application/x-{_PUSH}-advertisement")
        refs = pkt.parse(answer.content, _PUSH)
        capabilities = pkt.capabilities(answer.content)
    if refs.tips or not capabilities.issuperset(_ALL):
        raise RefusedError("is not empty" if refs.tips else "says nothing of what became of a push")
    return capabilities


def _asked(copy: Copy, reader: Reader) -> requests.Response:
    shas = sorted(set(copy.updates.values()))
    wants = [f"want {shas[0]} side-band-64k ofs-delta no-progress\n", *(f"want {sha}\n" for sha in shas[1:])]
    body = b"".join(pkt.line(want.encode()) for want in wants) + b"0000" + pkt.line(b"done\n")
    answer = _post(copy.source, reader, _FETCH, body)
    _fine(answer, f"application/x-{_FETCH}-result")
    return answer


def _post(remote: Remote, reader: Reader, service: str, body: bytes | Iterator[bytes]) -> requests.Response:
    url = f"{remote.url.rstrip('/')}/{service}"
    kinds = {"Content-Type": f"application/x-{service}-request", "Accept": f"application/x-{service}-result"}
    return reader.session(url).post(
        url,
        data=body,
        headers={**_headers(remote), **kinds, "Accept-Encoding": "identity"},
        auth=AsGiven(),
        timeout=_TIMEOUT,
        stream=True,
        allow_redirects=False,
    )


def _headers(remote: Remote) -> dict[str, str]:
    header = address.authorization(remote)
    return {"Authorization": header} if header else {}


def _fine(answer: requests.Response, kind: str) -> None:
    if (
        answer.status_code != requests.codes.ok
        or answer.headers.get("content-type", "").partition(";")[0] != kind
    ):
        raise RefusedError(
            f"{address.shown(answer.url)}: answers {answer.status_code}", status=answer.status_code
        )


def _body(copy: Copy, capabilities: frozenset[str], pack: Iterator[bytes]) -> Iterator[bytes]:
    """Yield what is sent: commands first, then the pack as it comes."""
    asked = [*_ALL, *(["atomic"] if "atomic" in capabilities else [])]
    commands = [f"{_NOWHERE} {sha} {ref}" for ref, sha in copy.updates.items()]
    commands[0] += f"\0 {' '.join(asked)}"
    yield b"".join(pkt.line(command.encode()) for command in commands) + b"0000"
    yield from pack


def _checked(
    copy: Copy, answer: requests.Response, index: Fed, told: Callable[[int], None]
) -> Iterator[bytes]:
    """Yield the pack as it comes, its end only once all of it was found to be right."""
    git = copy.entry.git
    late = b""
    moved = 0
    for data in _pack(answer):
        if git.stop.is_set():
            raise InterruptedRunError("stopped while copying")
        moved += len(data)
        if moved > git.max_bytes:
            raise GitError("the source sends more than is allowed")
        index.write(data)
        late += data
        if len(late) > _TRAILER:
            yield late[:-_TRAILER]
            late = late[-_TRAILER:]
        told(moved)
    index.finish()
    yield late


def _pack(answer: requests.Response) -> Iterator[bytes]:
    ended = False
    for packet in pkt.from_stream(answer.raw.read):
        if packet is None:
            ended = True
            break
        if packet.rstrip() == b"NAK":
            continue
        if packet.startswith(b"ERR ") or packet[:1] == bytes([_ERROR]):
            raise RefusedError("the source does not send what it named")
        if packet[:1] == bytes([_PACK]):
            yield packet[1:]
    if not ended:
        raise PartialError("the source's pack has no end")


def _verdicts(report: requests.Response, updates: Mapping[str, str]) -> dict[str, str]:
    _fine(report, f"application/x-{_PUSH}-result")
    said = b""
    for packet in pkt.from_stream(report.raw.read):
        if packet is None:
            break
        if packet[:1] == bytes([_PACK]):
            said += packet[1:]
        if len(said) > _MAX_REPORT:
            raise RefusedError("the target's report has no end")
    lines = [one.decode(errors="replace") for one in pkt.packets(said) if one]
    if "unpack ok" not in lines:
        raise RefusedError("the target did not take the pack")
    found = dict.fromkeys(updates, "it did not say")
    for one in lines:
        word, _, rest = one.partition(" ")
        ref, _, why = rest.partition(" ")
        if ref in found and word in ("ok", "ng"):
            found[ref] = "" if word == "ok" else why or "it did not say why"
    return found

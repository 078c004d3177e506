"""`.PACKAGE.metadata` and `sources`: both kinds of line, in either file, mixed as people mixed them.

| line | says |
|---|---|
| `d1a5... SOURCES/x.tar.gz` | hash and path, as sha1sum prints them |
| `SHA512 (x.tar.gz) = 8c2f...` | the same, as sha512sum --tag prints them |
| `d1a5... SOURCES/x.tar.gz https://example.org/x.tar.gz` | in no store yet: found at this address |
| `- SOURCES/x.tar.gz git+https://example.org/x.git#7c2b...` | packed from this commit, which is its own hash |
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from sigctl.errors import Problem
from sigctl.mirror import address

LENGTHS = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
"""Number of hex digits -> the algorithm."""
FOLDER = "SOURCES"
"""Where a file named without a folder goes."""
_EMPTY = {name: hashlib.new(name, usedforsecurity=False).hexdigest() for name in LENGTHS.values()}
_TAGGED = re.compile(r"([A-Za-z0-9-]+)[ \t]*\((.*)\)[ \t]*=[ \t]*(\S+)(?:[ \t]+(\S+))?")
_PLAIN = re.compile(r"(\S+)[ \t]+(.+)")
_REMOTE = re.compile(r"(.*\S)[ \t]+((?:git\+)?[A-Za-z][A-Za-z0-9.-]*://\S+)")
_HEX = re.compile(r"[0-9A-Fa-f]+")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_GIT = "git+"
_LONGEST_NAME, _LONGEST_PATH = 255, 1024
ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
"""What a commit can be packed as, by the end of the path."""


class LineError(ValueError):
    """A line can't be meant; `hint` says what to write."""

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint


@dataclass(frozen=True, slots=True, order=True)
class Checksum:
    """A hash, in lower case."""

    algorithm: str
    value: str

    @classmethod
    def parse(cls, text: str) -> Checksum:
        """Return the hash of this text, its algorithm told by its length; LineError for anything else."""
        if not _HEX.fullmatch(text):
            raise LineError(f"`{shown(text)}` is not a hash", "write hex digits: sha512sum FILE prints them")
        if len(text) not in LENGTHS:
            lengths = ", ".join(f"{n} ({name})" for n, name in LENGTHS.items())
            raise LineError(f"a hash of {len(text)} digits is of no known kind", f"known are {lengths}")
        return cls(LENGTHS[len(text)], text.lower())

    @property
    def of_nothing(self) -> bool:
        """Whether this is the hash of an empty file, which no store has: it is made."""
        return _EMPTY[self.algorithm] == self.value

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.value}"


@dataclass(frozen=True, slots=True)
class Source:
    """One file that a package needs beside what is in git."""

    path: str
    """Where it goes in the checkout: relative, with single slashes, within it."""
    checksum: Checksum | None
    """None only where a commit says what it is."""
    url: str = ""
    """Where it is found outside of the stores; with `commit`, the repository."""
    commit: str = ""
    file: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def remote(self) -> str:
        """The address as a line has it, or ""."""
        return f"{_GIT}{self.url}#{self.commit}" if self.commit else self.url


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one file, or all files of a package, declare."""

    sources: tuple[Source, ...] = ()
    """One for each path, in the order of the lines."""
    problems: tuple[Problem, ...] = ()
    """Lines that are refused; their paths are not among the sources."""
    duplicates: tuple[Source, ...] = ()
    """Lines that say once more what a line above says."""
    overridden: tuple[Source, ...] = ()
    """Lines of a metadata file that `sources` decides otherwise."""
    lost: frozenset[str] = frozenset()
    """Paths that a problem keeps from being declared."""


def parse(text: str, file: str, folder: str = "") -> Manifest:
    """Return what a file declares; never raises: a line that can't be meant is a problem and declares nothing.

    `folder` is put before a path that has none. Blank lines and lines that begin with `#` are passed over.
    """
    found: dict[str, Source] = {}
    lost: set[str] = set()
    problems: list[Problem] = []
    duplicates: list[Source] = []

    def refuse(number: int, subject: str, problem: str, hint: str) -> None:
        problems.append(Problem(file, number, 1, subject, problem, hint, "sources"))

    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        content = line.removesuffix("\r").strip(" \t")
        if not content or content.startswith("#"):
            continue
        try:
            source = _line(content, file, number, folder)
        except LineError as error:
            refuse(number, "the line", error.problem, error.hint)
            continue
        other = found.get(source.path)
        if other is None:
            found[source.path] = source
        elif _same(other, source):
            duplicates.append(source)
        else:
            lost.add(source.path)
            hint = f"line {other.line} has another one: keep the line that is right"
            refuse(number, source.path, "has two hashes or addresses", hint)
    for path, source in found.items():
        above = next((p for p in _above(path) if p in found), "")
        if above:
            lost |= {path, above}
            hint = "give one of them another name"
            refuse(source.line, path, f"is below `{above}`, which is a file too", hint)
    kept = tuple(source for path, source in found.items() if path not in lost)
    return Manifest(kept, tuple(sorted(problems)), tuple(duplicates), lost=frozenset(lost))


def join(metadata: Manifest, sources: Manifest) -> Manifest:
    """Return what both files of a package declare together: `sources` wins where both name a path."""
    own = {source.path: source for source in sources.sources}
    lost = tuple(s for s in metadata.sources if s.path in own and not _same(s, own[s.path]))
    rest = tuple(s for s in metadata.sources if s.path not in own and s.path not in sources.lost)
    return Manifest(
        (*sources.sources, *rest),
        (*sources.problems, *metadata.problems),
        (*sources.duplicates, *metadata.duplicates),
        lost,
    )


def line_of(source: Source) -> str:
    """Return the line that declares the source; `parse` reads it back as it was."""
    parts = [source.checksum.value if source.checksum else "-", source.path, source.remote]
    return "  ".join(part for part in parts if part)


def tagged_line_of(source: Source) -> str:
    """Return the line of a `sources` file; a source without a hash has only the other kind of line."""
    if source.checksum is None:
        return line_of(source)
    path = source.path.removeprefix(f"{FOLDER}/")
    kept = source.path if "/" in path else path
    tail = f" {source.remote}" if source.remote else ""
    return f"{source.checksum.algorithm.upper()} ({kept}) = {source.checksum.value}{tail}"


def declared(text: str, changed: Iterable[Source], *, tagged: bool, folder: str = "") -> str:
    """Return the text with these sources declared: their lines replaced or added at the end, all others as they were."""
    wanted = {source.path: (tagged_line_of if tagged else line_of)(source) for source in changed}
    done: set[str] = set()
    out = []
    for line in text.split("\n"):
        known = parse(line, "", folder).sources
        path = known[0].path if known else ""
        if path in wanted:
            if path not in done:
                out.append(wanted[path])
            done.add(path)
        else:
            out.append(line)
    while out and not out[-1].strip():
        out.pop()
    return "\n".join([*out, *(line for path, line in wanted.items() if path not in done), ""])


def shown(text: str, limit: int = 80) -> str:
    """Return the text safe to print, and short."""
    cut = text if len(text) <= limit else f"{text[: limit - 3]}..."
    return cut if cut.isprintable() else cut.encode("unicode_escape").decode("ascii")


def clean_path(path: str, folder: str = "") -> str:
    """Return the path in its one form; LineError where it would leave the checkout, or means something else to git."""
    if not path or not path.isprintable():
        raise LineError(f"`{shown(path)}` is not a path", "control characters are not allowed in a path")
    if path.startswith("/"):
        raise LineError(f"`{shown(path)}` is an absolute path", "write it relative to the checkout")
    if path.endswith("/"):
        raise LineError(f"`{shown(path)}` is a folder", "name the file")
    steps = [step for step in path.split("/") if step not in ("", ".")]
    if ".." in steps or not steps:
        raise LineError(f"`{shown(path)}` leaves the checkout", "`..` is not allowed in a path")
    if any(step.lower() == ".git" for step in steps):
        raise LineError(f"`{shown(path)}` is inside of git's own folder")
    if len(steps) == 1 and folder:
        steps.insert(0, folder)
    clean = "/".join(steps)
    if len(clean.encode()) > _LONGEST_PATH or any(len(step.encode()) > _LONGEST_NAME for step in steps):
        raise LineError(f"`{shown(path)}` is too long for a path")
    return clean


def _line(content: str, file: str, number: int, folder: str) -> Source:
    if not content.replace("\t", " ").isprintable():
        raise LineError(f"`{shown(content)}` has control characters", "write it anew")
    tagged = _TAGGED.fullmatch(content)
    if tagged and not (len(tagged[1]) in LENGTHS and _HEX.fullmatch(tagged[1])):  # a hash is no algorithm
        checksum: Checksum | None = _tagged(tagged[1], tagged[3])
        path, remote = tagged[2], tagged[4] or ""
    else:
        plain = _PLAIN.fullmatch(content)
        if plain is None:
            raise LineError(f"`{shown(content)}` has no path", "write HASH, spaces, PATH")
        checksum = None if plain[1] == "-" else Checksum.parse(plain[1])
        with_remote = _REMOTE.fullmatch(plain[2])
        path, remote = (with_remote[1], with_remote[2]) if with_remote else (plain[2], "")
        if content[len(plain[1]) : plain.start(2)] == " ":
            path = path.removeprefix("*")  # what sha1sum marks as read in binary
    path = clean_path(path, folder)
    url, commit = _remote(remote)
    if checksum is None and not commit:
        raise LineError(f"`{shown(path)}` has no hash", "only a source from a commit can do without one")
    if commit and not path.endswith(ARCHIVES):
        raise LineError(
            f"`{shown(path)}` is no archive that a commit can be packed as", f"one of {', '.join(ARCHIVES)}"
        )
    return Source(path, checksum, url, commit, file, number)


def _tagged(word: str, value: str) -> Checksum:
    checksum = Checksum.parse(value)
    if word.lower().replace("-", "") != checksum.algorithm:
        raise LineError(
            f"says {shown(word)}, but the hash has {len(value)} digits, which is {checksum.algorithm}",
            "one of them is wrong",
        )
    return checksum


def _remote(text: str) -> tuple[str, str]:
    """Return URL and commit of an address; LineError for one that may not be fetched from."""
    if not text:
        return "", ""
    url, commit = text, ""
    if text.startswith(_GIT):
        url, mark, commit = text.removeprefix(_GIT).partition("#")
        if not mark or not _COMMIT.fullmatch(commit):
            raise LineError(
                "names no commit", "write git+https://HOST/PATH#COMMIT with all 40 digits: a branch moves"
            )
    try:
        parts = urlsplit(url)
        whole = bool(parts.hostname) and parts.port != 0  # a port that is no number is a ValueError
        near = parts.scheme == "http" and address.loopback(url)
    except ValueError:
        whole = False
    if not whole:
        raise LineError(f"`{shown(address.shown(url))}` is not a URL", "write https://HOST/PATH")
    if "@" in parts.netloc:
        raise LineError("the address holds a login", "take it out: the file is public")
    if parts.scheme != "https" and not near:
        raise LineError(f"`{shown(address.shown(url))}` is not reached over https", "write https://HOST/PATH")
    return url, commit


def _same(one: Source, other: Source) -> bool:
    return (one.checksum, one.remote) == (other.checksum, other.remote)


def _above(path: str) -> list[str]:
    steps = path.split("/")
    return ["/".join(steps[:n]) for n in range(1, len(steps))]

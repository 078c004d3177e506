"""What one branch of one package declares, put together from the texts of its files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sigctl.errors import Problem
from sigctl.lookaside import formats
from sigctl.lookaside.formats import Manifest, Source
from sigctl.lookaside.specfile import Named, named

METADATA = re.compile(r"\.(.+)\.metadata")
SOURCES = "sources"
SPECS = "SPECS"
LARGEST = 4 << 20
"""Bytes of a file that is read; a list of sources is never that long."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package as one checkout or one branch has it."""

    name: str
    where: str
    """What people know it by: a folder, or SIG/REPOSITORY and the branch."""
    branches: tuple[str, ...] = ()
    """In whose name a store may have its files, the likeliest first."""
    manifest: Manifest = field(default_factory=Manifest)
    stale: frozenset[str] = frozenset()
    """Paths that no spec names any more."""
    listed: bool = True
    """Whether it has any file that declares sources."""

    @property
    def wanted(self) -> tuple[Source, ...]:
        """The sources that a build needs."""
        return tuple(source for source in self.manifest.sources if source.path not in self.stale)


def is_list(name: str) -> bool:
    """Whether a file in the root declares sources."""
    return name == SOURCES or METADATA.fullmatch(name) is not None


def assemble(
    files: Mapping[str, bytes],
    where: str,
    fallback: str,
    *,
    package: str = "",
    branches: tuple[str, ...] = (),
    refused: tuple[Problem, ...] = (),
) -> Package:
    """Return the package that these files (path -> content: lists of sources and specs) make; never raises.

    `package` is the name that somebody gave, `fallback` the one to take where no file tells. `refused` are problems met on reading.
    """
    problems = list(refused)
    lists = {found[1]: path for path in sorted(files) if (found := METADATA.fullmatch(path))}
    chosen = _chosen(lists, package, problems, where)
    metadata = _parse(files, lists.get(chosen, ""), "")
    sources = _parse(files, SOURCES if SOURCES in files else "", formats.FOLDER)
    joined = formats.join(metadata, sources)
    specs = {path: content for path, content in files.items() if path.endswith(".spec")}
    manifest = Manifest(
        joined.sources, tuple(sorted([*problems, *joined.problems])), joined.duplicates, joined.overridden
    )
    known = named(content.decode("utf-8", "replace") for content in specs.values())
    name = package or chosen or (_stem(specs) if len(specs) == 1 else "") or fallback
    listed = bool(lists) or SOURCES in files
    return Package(name, where, branches, manifest, _stale(manifest, known), listed)


def _chosen(lists: Mapping[str, str], package: str, problems: list[Problem], where: str) -> str:
    if package in lists or not lists:
        return package if package in lists else ""
    if len(lists) > 1:
        text = f"has several lists of sources: {', '.join(lists.values())}"
        problems.append(Problem(where, 0, 0, "metadata", text, "say which with --package NAME", "sources"))
        return ""
    return next(iter(lists))


def _parse(files: Mapping[str, bytes], path: str, folder: str) -> Manifest:
    if not path:
        return Manifest()
    if len(files[path]) > LARGEST:
        problem = Problem(path, 0, 0, "the file", f"is larger than {LARGEST} bytes", "", "sources")
        return Manifest(problems=(problem,))
    return formats.parse(files[path].decode("utf-8", "surrogateescape"), path, folder)


def _stale(manifest: Manifest, known: Named) -> frozenset[str]:
    return frozenset(source.path for source in manifest.sources if not known.names(source.name))


def _stem(specs: Mapping[str, bytes]) -> str:
    return next(iter(specs)).rpartition("/")[2].removesuffix(".spec")

"""Every message that the files can cause, as a person reads it; the cases are in messages.txt."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from sigctl.errors import ConfigError
from sigctl.spec import read

TODAY = date(2026, 11, 22)
DATA = Path(__file__).with_name("messages.txt")


@dataclass
class Case:
    name: str
    files: dict[str, bytes] = field(default_factory=dict)
    says: str = ""


def cases() -> list[Case]:
    out: list[Case] = []
    for block in re.split(r"^=== ", DATA.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        head, _, says = block.partition("+++\n")
        name, _, rest = head.partition("\n")
        case = Case(name, {}, says.strip("\n"))
        for part in re.split(r"^--- (?=\S)", rest, flags=re.MULTILINE)[1:]:
            title, _, text = part.partition("\n")
            file, _, how = title.partition(" (")
            data = text.encode()
            if how:
                data = (
                    text.encode("latin-1")
                    .decode("unicode_escape")
                    .encode("latin-1" if how == "bytes)" else "utf-8")
                )
            case.files[file] = data
        out.append(case)
    return out


def said(folder: Path) -> str:
    try:
        config = read(folder / "sigs.yaml", today=TODAY)
    except ConfigError as error:
        return "\n".join(str(problem) for problem in error.problems)
    return "\n".join(f"warning: {problem}" for problem in config.warnings)


def write(folder: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


BASE, *REST = cases()


@pytest.mark.parametrize("case", REST, ids=lambda case: case.name)
def test_the_message_is_as_written(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {**BASE.files, **case.files})
    monkeypatch.chdir(tmp_path)
    assert said(Path()) == case.says


def test_the_files_of_every_case_have_nothing_wrong(tmp_path: Path) -> None:
    write(tmp_path, BASE.files)
    assert said(tmp_path) == ""


def test_there_are_many_and_no_two_are_of_one_name() -> None:
    assert len(REST) >= 60
    assert len({case.name for case in REST}) == len(REST)


def test_every_message_is_one_line_with_a_hint_below_and_no_full_stop() -> None:
    for case in REST:
        for line in case.says.splitlines():
            assert re.match(r"(warning: )?\S+?(:\d+:\d+)?: \S.*: \S|  hint: \S", line), line
            assert not line.endswith(".") or line.endswith("..."), line

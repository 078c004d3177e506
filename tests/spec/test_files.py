"""Files: found within the folder, bounded, and read whatever they are."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from spec_world import TODAY, load, main, virt, written

from sigctl.errors import ConfigError
from sigctl.spec import read
from sigctl.spec.source import MAX_FILE


def problems(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(path, today=TODAY)
    return [
        f"{Path(one.file).name}:{one.line}:{one.column}: {one.subject}: {one.problem}"
        for one in caught.value.problems
    ]


def test_a_folder_stands_for_the_main_file_in_it(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert read(tmp_path, today=TODAY).digest == read(path, today=TODAY).digest


def test_a_folder_without_one_is_a_problem_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"has no sigs\.yaml\n  hint: write a sigs\.yaml"):
        read(tmp_path, today=TODAY)


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        read(tmp_path / "sigs.yml", today=TODAY)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "sigs.yaml")
    assert problems(tmp_path / "sigs.yaml") == ["sigs.yaml:0:0: the file: is not a plain file"]


def test_ten_megabytes_of_garbage_are_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "sigs.yaml").write_bytes(b"{[" * (10 * 1024 * 1024 // 2))
    assert problems(tmp_path) == ["sigs.yaml:0:0: the file: is larger than 8 MB"]


@pytest.mark.parametrize("piece", [b"{[", b"- ", b"a: ", b"'", b"&a *a ", b"\xff", b"#\n", b"? ", b"[a, "])
def test_as_much_garbage_as_is_read_is_refused_in_seconds(piece: bytes, tmp_path: Path) -> None:
    (tmp_path / "sigs.yaml").write_bytes(piece * (MAX_FILE // 8 // len(piece)))
    started = time.process_time()
    assert problems(tmp_path)
    assert time.process_time() - started < 20


def test_a_link_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text("sig: outside\n")
    path = written(tmp_path / "config")
    (tmp_path / "config" / "sigs.d" / "outside.yaml").symlink_to(outside)
    assert problems(path) == [
        "sigs.yaml:1:28: include[0]: `sigs.d/outside.yaml` is a link that leads out of the folder"
    ]


def test_a_link_within_the_folder_is_fine(tmp_path: Path) -> None:
    path = written(tmp_path)
    (tmp_path / "sigs.d" / "virt.yaml").rename(tmp_path / "virt.yaml")
    (tmp_path / "sigs.d" / "virt.yaml").symlink_to("../virt.yaml")
    assert set(read(path, today=TODAY).spec.sigs) == {"virt"}


@pytest.mark.parametrize("pattern", ["/etc/*.yaml", "../*.yaml", "~/x.yaml", "sigs.d/../../x.yaml", ""])
def test_an_include_never_leads_out(pattern: str, tmp_path: Path) -> None:
    assert "leads out of the folder" in problems(written(tmp_path, main(include=[pattern])))[0]


def test_a_hidden_file_is_not_included(tmp_path: Path) -> None:
    path = written(tmp_path)
    (tmp_path / "sigs.d" / ".virt.yaml.swp.yaml").write_text("}")
    assert read(path, today=TODAY).warnings == ()


def test_people_can_have_files_of_their_own(tmp_path: Path) -> None:
    data = main(include=["sigs.d/*.yaml", "people/*.yaml"])
    people = data.pop("people")
    (tmp_path / "people").mkdir()
    lines = [f"  {name}: {{logins: {{lab: {name}, hub: {name}}}}}" for name in people]
    (tmp_path / "people" / "all.yaml").write_text("\n".join(["people:", *lines, ""]))
    config = load(tmp_path, data)
    assert set(config.spec.people) == set(people)
    assert config.position(("people", "lead"))[0].endswith("people/all.yaml")


def test_two_thousand_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "sigs.d").mkdir()
    for number in range(2000):
        (tmp_path / "sigs.d" / f"sig{number}.yaml").write_text(
            f"sig: sig{number}\nchairs: [lead]\nrepos: {{a: {{}}}}\n"
        )
    config = load(tmp_path, main(), virt=virt())
    assert len(config.spec.sigs) == 2001
    assert len(config.files) == 2002


def test_byte_order_mark_and_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    text = "sig: virt\nchairs: [lead]\nrepos:\n  xen:\n    description: |\n      one\n      two\n"
    plain = load(tmp_path / "one", main(), virt=virt())
    for name, data in (
        ("one", text.encode()),
        ("two", b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()),
    ):
        written(tmp_path / name)
        (tmp_path / name / "sigs.d" / "virt.yaml").write_bytes(data)
    one, two = (read(tmp_path / name, today=TODAY) for name in ("one", "two"))
    assert one.digest == two.digest != plain.digest
    assert two.position(("sigs", "virt", "repos", "xen"))[1:] == (4, 3)


def test_a_file_that_is_not_whole_hides_nothing_behind_guesses(tmp_path: Path) -> None:
    """With a SIG's file unreadable, that its teams are missing elsewhere is not said."""
    cloud = {"chairs": ["lead"], "repos": {"docs": {"access": {"virt/core": "read"}}}}
    path = written(tmp_path, main(), virt=virt(), cloud=cloud)
    (tmp_path / "sigs.d" / "virt.yaml").write_text("sig: virt\nteams: [")
    assert problems(path) == [
        "virt.yaml:2:8: teams[0]: a `[` or `{` that is not closed, or a comma without a value"
    ]


def test_all_problems_of_all_files_come_at_once_in_order(tmp_path: Path) -> None:
    path = written(
        tmp_path, main(colour="blue"), virt=virt(title=7), cloud={"chairs": ["nobody"], "sponsor": []}
    )
    found = [line.partition(":")[0] for line in problems(path)]
    assert found == ["cloud.yaml", "cloud.yaml", "virt.yaml", "sigs.yaml"]


class TestOverrides:
    def test_one_value_is_set_for_this_run(self, tmp_path: Path) -> None:
        path = written(tmp_path)
        config = read(path, ["forges.lab.url=http://127.0.0.1:8080/gitlab"], today=TODAY)
        assert config.spec.forges["lab"].url == "http://127.0.0.1:8080/gitlab"
        assert config.digest != read(path, today=TODAY).digest

    def test_names_with_dots_are_matched_whole(self, tmp_path: Path) -> None:
        data = main(people={})
        data["forges"]["git.example.org"] = data["forges"].pop("lab")
        data["forges"]["git"] = {**data["forges"]["hub"], "repo": "Other/sig-{sig}-{repo}"}
        path = written(tmp_path, data, virt={"chairs": []})
        config = read(
            path, ["forges.git.example.org.url=https://one", "forges.git.url=https://two"], today=TODAY
        )
        assert (config.spec.forges["git.example.org"].url, config.spec.forges["git"].url) == (
            "https://one",
            "https://two",
        )

    def test_a_value_that_is_no_text_is_read_as_in_the_files(self, tmp_path: Path) -> None:
        config = read(
            written(tmp_path), ["forges.lab.jobs=2", "sigs.virt.repos.xen.archived=true"], today=TODAY
        )
        assert config.spec.forges["lab"].jobs == 2
        xen = config.spec.sigs["virt"].repos["xen"]
        assert xen is not None
        assert xen.archived is True

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("forges.lap.url=https://x.org", "--set: forges.lap.url: there is no `lap` in `forges`"),
            ("forges.lab=x", "--set: forges.lab: is not a single value"),
            ("forges.lab.url.x=1", "--set: forges.lab.url.x: `forges.lab.url` has no parts"),
            ("nothing", "--set: nothing: is not PATH=VALUE"),
            ("=x", "--set: : is not PATH=VALUE"),
        ],
    )
    def test_what_can_not_be_set_is_a_problem(self, text: str, says: str, tmp_path: Path) -> None:
        with pytest.raises(ConfigError) as caught:
            read(written(tmp_path), [text], today=TODAY)
        assert str(caught.value.problems[0]).startswith(says)

    def test_a_secret_given_this_way_is_refused_and_not_repeated(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError) as caught:
            read(written(tmp_path), ["forges.lab.token=glpat-abcdefghijklmnopqrst"], today=TODAY)
        assert str(caught.value).startswith("--set: forges.lab.token: holds the secret itself")
        assert "abcdefghij" not in str(caught.value)

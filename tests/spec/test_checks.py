"""The table of checks: each one is shown to find something, has a line in the reference, and spares what is right."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import test_messages
from spec_world import TODAY, load, main, virt, written

from sigctl.errors import ConfigError, Problem
from sigctl.forges import traits_of
from sigctl.spec import docs, read
from sigctl.spec.checks import CHECKS, run_checks


def found_by(folder: Path) -> list[Problem]:
    try:
        return list(read(folder, today=TODAY).warnings)
    except ConfigError as error:
        return error.problems


def test_every_check_has_a_message_that_somebody_has_read(tmp_path: Path) -> None:
    seen: set[str] = set()
    for number, case in enumerate(test_messages.REST):
        folder = tmp_path / str(number)
        test_messages.write(folder, {**test_messages.BASE.files, **case.files})
        seen |= {problem.check for problem in found_by(folder)}
    needs_another_config = {"moved"}
    assert {check.name for check in CHECKS} - needs_another_config <= seen


def test_names_are_unique_and_each_has_a_line_in_the_reference() -> None:
    names = [check.name for check in CHECKS]
    assert len(names) == len(set(names))
    reference = docs.checks()
    for check in CHECKS:
        assert f"| `{check.name}` | {check.says} |" in reference


@pytest.mark.parametrize("field", ["repo"])
def test_a_changed_layout_needs_the_one_of_before(field: str, tmp_path: Path) -> None:
    before = load(tmp_path / "before")
    data = main()
    data["forges"]["hub"][field] = "Org-{sig}/{repo}"
    with pytest.raises(ConfigError) as caught:
        read(written(tmp_path / "after", data), today=TODAY, base=before)
    assert {problem.check for problem in caught.value.problems} == {"moved"}
    assert "virt/xen would be made anew at Org-virt/xen; it is at Org/sig-virt-xen" in str(caught.value)
    data["forges"]["hub"]["moved_from"] = ["Org/sig-{sig}-{repo}"]
    assert read(written(tmp_path / "after", data), today=TODAY, base=before).spec.forges["hub"].moved_from


def test_a_renamed_repository_needs_no_layout(tmp_path: Path) -> None:
    before = load(tmp_path / "before", None, virt=virt(repos={"xen4": {}}))
    after = written(tmp_path / "after", None, virt=virt(repos={"xen": {"previously": ["xen4"]}}))
    assert read(after, today=TODAY, base=before).warnings == ()


def test_the_tier_matters_only_where_it_lacks_something(tmp_path: Path) -> None:
    data = main()
    data["forges"]["hub"]["tier"] = "free"
    sig = virt(branches=[{"pattern": "main", "push": ["core"], "reviews": 1}])
    config = load(tmp_path, data, virt=sig)
    assert config.warnings == ()
    lacking = {
        "gitlab": traits_of("gitlab"),
        "github": replace(traits_of("github"), tier_lacks={"free": frozenset({"reviews"})}),
    }
    found = run_checks(config.spec, config.sources, today=TODAY, traits=lacking)
    assert [(finding.check, finding.problem) for finding in found] == [
        ("tier", "hub with tier free can't require reviews")
    ]


def test_what_is_missing_because_it_was_wrong_is_not_said_to_be_missing(tmp_path: Path) -> None:
    path = written(tmp_path, None, virt=virt(teams={"core": "oops", "docs": {"members": ["member2"]}}))
    with pytest.raises(ConfigError) as caught:
        read(path, today=TODAY)
    assert [problem.subject for problem in caught.value.problems] == ["teams.core"]


def test_case_matters_for_paths_only_where_the_forge_says_so(tmp_path: Path) -> None:
    path = written(tmp_path, None, virt=virt(repos={"Xen": {}, "xen": {}}))
    with pytest.raises(ConfigError, match="repository virt/xen and repository virt/Xen would both be"):
        read(path, today=TODAY)


def test_sig_cloud_and_sig_cloudinstance_do_not_touch(tmp_path: Path) -> None:
    rule = {"pattern": "c{release}-sig-{sig}", "own": True, "push": ["core"]}
    sigs = {
        name: {
            "chairs": ["lead"],
            "teams": {"core": {"members": ["member1"]}},
            "access": {"core": "write"},
            "branches": [rule],
            "repos": {"docs": {}},
        }
        for name in ("cloud", "cloudinstance")
    }
    assert load(tmp_path, None, **sigs).warnings == ()

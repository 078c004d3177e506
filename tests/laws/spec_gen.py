"""Generated configs: small, with names from small pools, so that some hold together and some do not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

PEOPLE = ("owner", "lead", "member1", "member2")
TEAMS = ("core", "docs", "release")
SIGS = ("cloud", "cloudinstance", "virt")
REPOS = ("xen", "xen-libvirt", "libsigc++20", "kernel", "tools")
LEVELS = ("none", "read", "triage", "write", "maintain", "admin")
DAYS = ("2026-01-31", "2026-12-01", "2027-03-31")

FORGES = {
    "lab": {
        "type": "gitlab",
        "url": "https://lab.example.org",
        "token": "env:LAB",
        "repo": "project/sig-{sig}/{repo}",
        "team": "project/sig-{sig}/groups/{team}",
    },
    "hub": {
        "type": "github",
        "url": "https://github.com",
        "token": "env:HUB",
        "role": "replica",
        "repo": "Org/sig-{sig}-{repo}",
        "team": "sig-{sig}-{team}",
    },
}
LAYOUTS = ("Org/sig-{sig}-{repo}", "Org-{sig}/{repo}", "Org/{sig}.{repo}")


def optional(
    keys: dict[str, st.SearchStrategy[Any]], needed: dict[str, st.SearchStrategy[Any]] | None = None
) -> Any:
    return st.fixed_dictionaries(needed or {}, optional=keys)


def some(values: tuple[str, ...], size: int = 3) -> Any:
    return st.lists(st.sampled_from(values), max_size=size, unique=True)


rights = st.one_of(
    st.sampled_from(LEVELS),
    st.fixed_dictionaries({"level": st.sampled_from(LEVELS), "until": st.sampled_from(DAYS)}),
)
subjects = (*TEAMS, "virt/core", *(f"person:{name}" for name in PEOPLE))
accesses = st.dictionaries(st.sampled_from(subjects), rights, max_size=3)
rules = st.fixed_dictionaries(
    {"pattern": st.sampled_from(("main", "c{release}-sig-{sig}", "c7-*", "*"))},
    optional={
        "own": st.booleans(),
        "push": some(subjects),
        "force": st.booleans(),
        "reviews": st.integers(0, 3),
    },
)
members = st.one_of(
    st.sampled_from(PEOPLE),
    st.fixed_dictionaries({"person": st.sampled_from(PEOPLE), "until": st.sampled_from(DAYS)}),
)
teams = optional(
    {
        "members": st.lists(members, max_size=3, unique_by=str),
        "leads": some(PEOPLE, 2),
        "teams": some((*TEAMS, "virt/core"), 2),
        "usable_by": st.sampled_from((["*"], [])),
        "title": st.just("A team"),
    }
)
settings = {
    "visibility": st.sampled_from(("public", "private")),
    "archived": st.booleans(),
    "topics": some(("rpm", "xen")),
    "merge": optional({"squash": st.booleans()}),
    "default_branch": st.sampled_from(("main", "c7")),
}
repos = optional(
    {
        **settings,
        "description": st.just("A repository"),
        "access": accesses,
        "branches": st.lists(rules, max_size=2),
        "upstream": st.just("https://example.org/x.git"),
        "previously": some(("old", "tools"), 1),
        "left_alone": some(("lab", "hub"), 1),
    }
)
projects = optional(
    {
        "teams": st.dictionaries(st.just("docker"), teams, max_size=1),
        "access": accesses,
        "repos": st.dictionaries(st.just("docker"), repos),
    }
)
sigs = optional(
    {
        "title": st.just("A SIG"),
        "status": st.sampled_from(("active", "retired")),
        "chairs": some(PEOPLE, 1),
        "teams": st.dictionaries(st.sampled_from(TEAMS), teams),
        "access": accesses,
        "branches": st.lists(rules, max_size=2),
        "defaults": optional(settings),
        "projects": st.dictionaries(st.just("docker"), projects, max_size=1),
        "repos": st.dictionaries(st.sampled_from(REPOS), repos, max_size=4),
    }
)


@st.composite
def specs(draw: Any) -> dict[str, Any]:
    """Return the data of a main file and its SIG files in one."""
    people = {
        name: {
            "logins": dict.fromkeys(draw(st.sampled_from((("lab", "hub"), ("lab",), ("lab", "hub")))), name)
        }
        for name in PEOPLE
    }
    forges = {name: dict(forge) for name, forge in FORGES.items()}
    forges["hub"]["repo"] = draw(st.sampled_from(LAYOUTS))
    data: dict[str, Any] = {
        "version": 1,
        "forges": forges,
        "people": people,
        "defaults": {"releases": ["7", "8s"], "repo": draw(optional(settings))},
        "sigs": draw(st.dictionaries(st.sampled_from(SIGS), sigs, max_size=3)),
    }
    if draw(st.booleans()):
        data["kernel"] = {
            "layout": draw(st.sampled_from(("shared", "per-sig"))),
            "release_team": "virt/core",
            "upstream": {"url": "https://example.org/kernel.git", "branches": ["c7"]},
            "sigs": {name: {"namespace": "c{release}-sig-{sig}"} for name in draw(some(SIGS))},
        }
    return mended(data) if draw(st.integers(0, 4)) else data


def mended(data: dict[str, Any]) -> dict[str, Any]:
    """Take out what names nothing, so that most configs have much in them that the checks accept."""
    for name, sig in data["sigs"].items():
        groups = [sig, *sig.get("projects", {}).values()]
        known = {team for group in groups for team in group.get("teams", {})} | {
            f"person:{person}" for person in PEOPLE
        }
        for group in groups:
            _mend_teams(group.get("teams", {}))
            for one in (group, *group.get("repos", {}).values()):
                _mend_rights(one, known | ({"virt/core"} if name != "virt" and _lends(data) else set()))
    if "core" not in data["sigs"].get("virt", {}).get("teams", {}):
        data.pop("kernel", None)
    if "kernel" in data:
        data["kernel"]["sigs"] = {n: part for n, part in data["kernel"]["sigs"].items() if n in data["sigs"]}
    return data


def _lends(data: dict[str, Any]) -> bool:
    return "*" in data["sigs"].get("virt", {}).get("teams", {}).get("core", {}).get("usable_by", ())


def _mend_teams(teams: dict[str, Any]) -> None:
    done: list[str] = []
    for team, config in teams.items():
        config["teams"] = [inner for inner in config.get("teams", []) if inner in done]
        found = {m if isinstance(m, str) else m["person"]: m for m in config.get("members", [])}
        config["members"] = list(found.values())
        done.append(team)


def _mend_rights(one: dict[str, Any], known: set[str]) -> None:
    one["access"] = {subject: right for subject, right in one.get("access", {}).items() if subject in known}
    one["branches"] = list({rule["pattern"]: rule for rule in one.get("branches", [])}.values())
    for rule in one["branches"]:
        if "push" in rule:
            rule["push"] = [subject for subject in rule["push"] if subject in known]


def write(folder: Path, data: dict[str, Any], *, split: bool = True, backwards: bool = False) -> Path:
    """Write the config as a main file with a file for each SIG (or all in one), and return the main file."""
    main = {key: value for key, value in data.items() if key != "sigs" or not split}
    folder.mkdir(parents=True, exist_ok=True)
    found = sorted(data["sigs"].items(), reverse=backwards) if split else []
    if found:
        main["include"] = ["sigs.d/*.yaml"]
        (folder / "sigs.d").mkdir(exist_ok=True)
    for name, sig in found:
        (folder / "sigs.d" / f"{name}.yaml").write_text(json.dumps({"sig": name, **sig}), "utf-8")
    if backwards:
        main = dict(reversed(list(main.items())))
    path = folder / "sigs.yaml"
    path.write_text(json.dumps(main), "utf-8")
    return path

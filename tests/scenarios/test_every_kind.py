"""A config that uses every kind: reached from nothing, from its opposite and from what is there; then there is nothing to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from every_kind import LOGINS, public_key, write
from pushing import push

from sigctl.app.adopting import Wanted, files_of, take_over
from sigctl.app.adopting import write as write_files
from sigctl.app.applying import apply
from sigctl.app.context import Context, Options, Watch, open_context
from sigctl.app.planning import make_plan
from sigctl.core.kinds import ClassicRule, DeployKey, Label, Webhook, to_json
from sigctl.report.outcome import Report
from sigctl.sandbox import control

SECRET = "s3cret-of-the-hook"  # it is looked for in all that is written
KINDS = {
    "github": {
        "org", "membership", "team", "team_member", "repo", "grant", "branch_rule", "label", "deploy_key", "webhook", "actions",
        "security",
    },
    "gitlab": {"org", "team", "team_member", "repo", "grant", "branch_rule", "label", "deploy_key", "webhook", "features"},
}  # fmt: skip


class Place:
    """One embedded forge, and the files for it."""

    def __init__(self, folder: Path, sandbox: Any, forge: str) -> None:
        self.folder, self.sandbox, self.forge = folder, sandbox, forge
        self.document = sandbox.document()["forges"][forge]
        self.exchanges: list[Any] = []
        self.paid = False
        self.said = ""
        self.config = folder / "config" / "sigs.yaml"

    def files(self, which: str, more: str = "") -> None:
        write(self.folder / "config", self.forge, which, more=more, paid=self.paid)

    @contextmanager
    def context(self) -> Iterator[Context]:
        env = {
            "TOKEN": self.document["token"],
            "HOOK": SECRET,
            "READER_KEY": f"{public_key(9)} reader@example.org",
        }
        options = Options(
            config=self.config, overrides=(f"forges.hub.url={self.document['url']}",), mirror=False
        )
        found = open_context(options, env)
        try:
            yield found
        finally:
            found.close()

    def plan(self, *, renew: bool = False) -> Any:
        with self.context() as context:
            return make_plan(context, renew=renew).plan

    def apply(self, *, renew: bool = False) -> Report:
        with self.context() as context:
            report = apply(context, make_plan(context, renew=renew))
        failed = [(o.action.verb, str(o.action.key), o.reason) for o in report.outcomes if o.status != "done"]
        assert failed == []
        assert report.remaining is not None
        assert [(a.verb, str(a.key), a.changed()) for a in report.remaining.actions] == []
        return report

    def seen(self) -> dict[str, Any]:
        """Return what the forge holds, as the written files look at it."""
        with self.context() as context:
            compared = make_plan(context).compared["hub"]
        return {str(key): to_json(one) for key, one in compared.seen.items() if key.kind != "webhook"}

    def quiet(self) -> None:
        """See that another apply writes nothing."""
        start = len(self.exchanges)
        assert self.apply().outcomes == ()
        reads = ("GET", "HEAD")
        sent = [e for e in self.exchanges[start:] if e.method not in reads]
        assert [e.path for e in sent if not e.path.endswith("/graphql")] == []

    def api(self, verb: str, path: str, body: Any = None, login: str = "") -> Any:
        """Do something by hand."""
        token = self.sandbox.document()["users"][login]["token"] if login else self.document["token"]
        root = "/api/v3" if self.forge == "github" else "/api/v4"
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{self.document['url']}{root}{path}"
        answer = requests.request(verb, url, json=body, headers=headers, timeout=30)
        assert answer.ok, (verb, path, answer.text)
        return answer.json() if answer.text else None

    def repo(self, name: str) -> str:
        return f"CentOS/sig-virt-{name}" if self.forge == "github" else f"project/sig-virt/{name}"


@contextmanager
def place(folder: Path, forge: str, **knobs: int) -> Iterator[Place]:
    seen: list[Any] = []
    with control.running(
        folder / "forges", logins=LOGINS, forges=(forge,), knobs=knobs, observer=seen.append
    ) as sandbox:
        here = Place(folder, sandbox, forge)
        here.exchanges = seen
        yield here


FORGES = [
    ("github", 0),
    ("gitlab", 0),
    pytest.param("gitlab", 1, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("forge", "premium"), FORGES)
def test_every_kind_is_reached_from_nothing_and_from_its_opposite_and_back(
    tmp_path: Path, forge: str, premium: int
) -> None:
    with place(tmp_path, forge, gitlab_premium=premium) as here:
        here.paid = bool(premium)
        reports = []
        for which in ("one", "other", "one"):
            here.files(which)
            reports.append(here.apply())
            here.quiet()
        done = {action.kind for action in reports[0].plan.actions}
        assert done >= (KINDS[forge] - {"org"}) | ({"push_rules", "approvals"} if premium else set())
        written = json.dumps([r.as_json() for r in reports]) + json.dumps(here.plan().as_json())
        assert SECRET not in written
        assert "hook?job" not in json.dumps([n.text for n in here.plan().notes])


@pytest.mark.parametrize("premium", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_what_a_gitlab_holds_is_adopted_whole_and_every_kind_goes_over_it(
    tmp_path: Path, premium: int
) -> None:
    with place(tmp_path, "gitlab", gitlab_premium=premium) as here:
        here.paid = bool(premium)
        here.files("one")
        here.apply()
        before = here.seen()
        hub = {"type": "gitlab", "url": here.document["url"], "token": "env:TOKEN"}
        templates = {"repo": "project/sig-{sig}/{repo}", "team": "project/sig-{sig}/groups/{team}"}
        wanted = Wanted({"hub": {**hub, **templates}})
        made = take_over(wanted, {"TOKEN": here.document["token"]}, Watch(), datetime.now(UTC).date())
        adopted = tmp_path / "adopted"
        write_files(adopted, files_of(made), datetime.now(UTC).date())
        virt = yaml.safe_load((adopted / "sigs.d" / "virt.yaml").read_text())
        assert virt["repos"]["xen"]["features"] == {
            "ci": "members", "forks": "off", "issues": "members", "merge_requests": "members", "pages": "public",
            "repository": "members",
        }  # fmt: skip
        if premium:
            assert virt["repos"]["xen"]["push_rules"] == {
                "reject_unsigned_commits": True,
                "deny_delete_tag": True,
                "branch_name_regex": "^(c7|main|carried|reviewed).*$",
                "max_file_size": 50,
            }
            assert set(virt["repos"]["xen"]["approvals"].values()) == {False}
            orgs = yaml.safe_load((adopted / "sigs.yaml").read_text())["forges"]["hub"]["orgs"]
            assert orgs["project"]["push_rules"] == {"member_check": True, "max_file_size": 5}
        written, here.config = here.config, adopted / "sigs.yaml"
        plan = here.plan()
        assert [(a.verb, str(a.key), a.changed()) for a in plan.actions] == []
        assert plan.quarantined == ()
        here.quiet()
        here.config = written
        assert here.seen() == before, "nothing was changed by it"
        for which in ("other", "one"):
            here.files(which)
            here.apply()
            here.quiet()


@pytest.mark.parametrize("forge", ["github", "gitlab"])
def test_what_is_there_already_as_declared_is_adopted(tmp_path: Path, forge: str) -> None:
    with place(tmp_path, forge) as here:
        here.files("one")
        here.apply()
        repo = here.repo("xen")
        if forge == "github":
            base = f"/repos/{repo}"
            here.api("POST", f"{base}/labels", {"name": "by-hand", "color": "112233"})
            here.api("POST", f"{base}/keys", {"title": "by hand", "key": public_key(7), "read_only": False})
            here.api(
                "POST",
                f"{base}/hooks",
                {"config": {"url": "https://x.example.org/t0ken"}, "events": ["push"]},
            )
        else:
            base = f"/projects/{repo.replace('/', '%2F')}"
            here.api("POST", f"{base}/labels", {"name": "by-hand", "color": "#112233"})
            here.api(
                "POST", f"{base}/deploy_keys", {"title": "by hand", "key": public_key(7), "can_push": True}
            )
            here.api("POST", f"{base}/hooks", {"url": "https://x.example.org/t0ken"})
        plan = here.plan()
        assert [(a.verb, a.kind) for a in plan.actions] == [("delete", "deploy_key")]
        texts = "\n".join(note.text for note in plan.notes)
        assert (
            "labels that no file declares: by-hand" in texts.replace("documentation, duplicate", "by-hand")
            or forge == "github"
        )
        assert "webhooks that no file declares: x.example.org (push)" in texts
        assert "t0ken" not in json.dumps(plan.as_json())
        here.apply()
        here.quiet()


def test_secrets_of_webhooks_are_written_anew_only_when_asked(tmp_path: Path) -> None:
    with place(tmp_path, "github") as here:
        here.files("one")
        here.apply()
        assert here.plan().actions == ()
        assert any(note.topic == "secret" for note in here.plan().notes)
        start = len(here.exchanges)
        report = here.apply(renew=True)
        assert {o.action.kind for o in report.outcomes} == {"webhook"}
        sent = [e for e in here.exchanges[start:] if e.method == "PATCH" and e.path.endswith("/config")]
        assert len(sent) == 2
        assert all(SECRET in e.body.decode() for e in sent)


def test_a_key_that_can_t_be_read_leaves_the_keys_of_its_repository_alone(tmp_path: Path) -> None:
    with place(tmp_path, "github") as here:
        here.files("one")
        here.apply()
        virt = here.config.parent / "sigs.d" / "virt.yaml"
        virt.write_text(virt.read_text().replace("env:READER_KEY", "env:NOT_SET"))
        plan = here.plan()
        assert plan.actions == ()
        assert ["can't be read from `env:NOT_SET`" in one.reason for one in plan.quarantined] == [True]


def test_older_protection_is_told_of_and_gives_way_only_when_asked_and_never_leaves_a_branch_open(
    tmp_path: Path,
) -> None:
    with place(tmp_path, "github") as here:
        here.files("one")
        here.apply()
        repo = here.repo("xen")
        state = here.sandbox.forges["github"].state
        found = state.find_repo(*repo.split("/"))
        node = here.api("GET", f"/repos/{repo}")["node_id"]
        for pattern in ("c7-sig-virt-x*", "elsewhere"):
            made = graphql(here, PROTECT, id=node, pattern=pattern)
            assert "errors" not in made
        plan = here.plan()
        assert plan.actions == ()
        texts = [note.text for note in plan.notes if "branch protection" in note.text]
        assert any("`c7-sig-virt-x*`" in one and "takes it away once they hold" in one for one in texts)
        assert any(one.startswith("the branch protection of `elsewhere`") for one in texts)
        for ruleset in list(state.rulesets.find("repo", found["id"])):
            state.rulesets.delete(ruleset["id"])  # so that the rules must be made first
        here.files("one", more="classic_protection: replace\n")
        plan = here.plan()
        last = plan.actions[-1]
        assert isinstance(last.before, ClassicRule)
        assert all(a.phase < last.phase for a in plan.actions[:-1] if a.kind == "branch_rule")
        assert {a.id for a in plan.actions if a.kind == "branch_rule"} >= set(last.depends) != set()
        here.apply()
        assert [one["pattern"] for one in state.protections.find("repo", found["id"])] == ["elsewhere"]
        here.quiet()


PROTECT = """mutation($id: ID!, $pattern: String!) {
  createBranchProtectionRule(input: {repositoryId: $id, pattern: $pattern, restrictsPushes: true}) { clientMutationId }
}"""


def graphql(here: Place, query: str, **variables: str) -> Any:
    headers = {"Authorization": f"Bearer {here.document['token']}"}
    body = {"query": query, "variables": variables}
    answer = requests.post(f"{here.document['url']}/api/graphql", json=body, headers=headers, timeout=30)
    return answer.json()


@pytest.mark.parametrize("forge", ["github", "gitlab"])
def test_who_is_taken_out_of_the_files_can_no_longer_push(tmp_path: Path, forge: str) -> None:
    with place(tmp_path, forge) as here:
        here.files("one")
        here.apply()
        repo = here.repo("live")
        if forge == "github":
            for login in ("member1", "member3"):
                here.api("PATCH", "/user/memberships/orgs/CentOS", {"state": "active"}, login)
        assert push(here, "member1", forge, repo, "HEAD:refs/heads/c7-sig-virt-a"), here.said
        if forge == "gitlab":  # it protects the first branch, which is the default one, some requests later
            rules = f"/projects/{repo.replace('/', '%2F')}/protected_branches"
            assert any("c7-sig-virt-a" in [r["name"] for r in here.api("GET", rules)] for _ in range(10))
        virt = here.config.parent / "sigs.d" / "virt.yaml"
        virt.write_text(virt.read_text().replace("members: [member1, member2]", "members: [member2]"))
        here.apply()
        assert not push(here, "member1", forge, repo, "HEAD:refs/heads/c7-sig-virt-a")


def test_properties_are_set_where_the_org_has_them_and_told_of_where_not(tmp_path: Path) -> None:
    with place(tmp_path, "github") as here:
        here.files("one")
        virt = here.config.parent / "sigs.d" / "virt.yaml"
        virt.write_text(
            virt.read_text().replace(
                "    topics: [virt, xen]", "    custom_properties: {tier: gold, os: [c7, c8s]}"
            )
        )
        here.apply()
        assert any("custom properties of CentOS" in note.text for note in here.plan().notes)
        accounts = here.sandbox.forges["github"].state.accounts
        accounts.save(accounts.one("login", "centos"), plan="enterprise")
        kinds = (("tier", "string"), ("os", "multi_select"))
        body = [{"property_name": name, "value_type": kind} for name, kind in kinds]
        here.api("PATCH", "/orgs/CentOS/properties/schema", {"properties": body})
        assert [(a.verb, a.kind) for a in here.plan().actions] == [("update", "properties")]
        here.apply()
        here.quiet()
        virt.write_text(virt.read_text().replace("{tier: gold, os: [c7, c8s]}", "{tier: silver, os: c7}"))
        here.apply()
        here.quiet()


def test_the_kinds_of_parts_are_all_looked_at(tmp_path: Path) -> None:
    with place(tmp_path, "github") as here:
        here.files("one")
        here.apply()
        with here.context() as context:
            seen = make_plan(context).compared["hub"].seen.values()
        repo = here.repo("xen")
        assert sum(isinstance(one, Label) and one.repo == repo for one in seen) == 10
        assert sorted(one.write for one in seen if isinstance(one, DeployKey)) == [False, True]
        assert len([one for one in seen if isinstance(one, Webhook)]) == 3

"""The pipelines: right by the schemas and the linter of those who run them, and each line of theirs does what it says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests
import yaml
from mail_server import listening

from sigctl import cli
from sigctl.app.pipelines import PLACES, pipelines
from sigctl.sandbox import control

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
FILES = [(kind, path, text) for kind in PLACES for path, text in pipelines(kind).items()]
SCHEMAS = {"github": "vendor.github-workflows", "gitlab": "vendor.gitlab-ci"}


@pytest.mark.parametrize(
    ("kind", "path", "text"),
    FILES,
    ids=lambda value: Path(value).name if "/" in value and "\n" not in value else "",
)
def test_each_file_is_what_its_schema_says_and_is_in_deploy_as_it_is_written(kind, path, text, tmp_path):
    file = tmp_path / Path(path).name
    file.write_text(text)
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", SCHEMAS[kind], str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert (ROOT / "deploy" / PLACES[kind][0] / file.name).read_text() == text


def test_the_linter_of_workflows_finds_nothing(tmp_path):
    for path, text in pipelines("github").items():
        (tmp_path / Path(path).name).write_text(text)
    command = [BIN / "zizmor", "--offline", "--no-progress", *sorted(tmp_path.glob("*.yml"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    (tmp_path / "bad.yml").write_text(
        "on: pull_request_target\njobs:\n  x:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo ${{ github.event.pull_request.title }}\n"
    )
    bad = subprocess.run(
        [BIN / "zizmor", "--offline", tmp_path / "bad.yml"], capture_output=True, check=False
    )
    assert bad.returncode != 0, "it would find something"


def test_what_runs_a_proposal_has_no_secret_and_what_has_one_runs_no_proposal():
    for path, text in pipelines("github").items():
        triggers = yaml.safe_load(text)[True]
        proposal = {"pull_request", "pull_request_review", "workflow_run"} & set(triggers)
        assert "pull_request_target" not in triggers
        assert proposal <= {"workflow_run"} or "secrets." not in text, path
        if "workflow_run" in triggers:
            checkouts = [
                step["with"]["ref"]
                for job in yaml.safe_load(text)["jobs"].values()
                for step in job["steps"]
                if step.get("uses", "").startswith("actions/checkout@")
            ]
            assert checkouts == ["${{ github.event.repository.default_branch }}"], "never what was proposed"


def test_init_writes_them_once_and_never_over_others(tmp_path, capsys):
    assert cli.run(["ci", "init", "--forge", "github", "--dir", str(tmp_path)]) == 0
    assert len(list(tmp_path.glob(".github/workflows/*.yml"))) == 4
    assert cli.run(["ci", "init", "--forge", "github", "--dir", str(tmp_path)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4, "the second time there is nothing to write"
    changed = tmp_path / ".github" / "workflows" / "sigctl-main.yml"
    changed.write_text("mine\n")
    assert cli.run(["ci", "init", "--forge", "github", "--dir", str(tmp_path)]) == 1
    assert "--force writes over it" in capsys.readouterr().err
    assert changed.read_text() == "mine\n"
    assert cli.run(["ci", "init", "--forge", "github", "--dir", str(tmp_path), "--force"]) == 0
    assert cli.run(["ci", "init", "--forge", "gitlab", "--dir", str(tmp_path)]) == 0
    assert (tmp_path / "deploy" / "gitlab-ci" / "sigctl.gitlab-ci.yml").exists()


CONFIG = """\
version: 1
policy: policy.yaml
forges:
  git.centos.org:
    type: gitlab
    url: {gitlab}
    token: env:SIGCTL_GIT_CENTOS_ORG_TOKEN
    tier: free
    repo: project/sig-{{sig}}/{{repo}}
    team: project/sig-{{sig}}/groups/{{team}}
  github:
    type: github
    url: {github}
    token: env:SIGCTL_GITHUB_TOKEN
    role: replica
    repo: CentOS/sig-{{sig}}-{{repo}}
    team: sig-{{sig}}-{{team}}
people:
  gwd: {{logins: {{git.centos.org: gwd, github: gwd}}}}
  kbsingh: {{logins: {{git.centos.org: kbsingh, github: kbsingh}}}}
  lars_kurth: {{logins: {{git.centos.org: lars_kurth, github: lars_kurth}}}}
sigs:
  virt:
    chairs: [lars_kurth]
    list: centos-virt@centos.org
    teams: {{maintainers: {{members: [gwd]}}}}
    access: {{maintainers: maintain}}
    repos:
      xen: {{}}
"""
CURL = '#!/bin/sh\nwhile [ $# -gt 0 ]; do [ "$1" = --output ] && out=$2; shift; done\ncp "$PUBLISHED" "$out" 2> /dev/null\n'
GH = """#!/bin/sh
echo "$@" >> "$SAID"
case "$1 $2" in
  "run download") mkdir -p said && cp "$REHEARSAL" said/rehearsal.md ;;
  "release view") exit 1 ;;
esac
"""


class Runner:
    """A checkout, and what runs the lines of a job in it, with nothing in the environment but what the job is given."""

    def __init__(self, folder, sandbox):
        self.folder = folder
        self.checkout = folder / "checkout"
        self.document = sandbox.document()
        tools = folder / "tools"
        tools.mkdir()
        for name, text in (("curl", CURL), ("gh", GH), ("pip", "#!/bin/sh\n")):
            (tools / name).write_text(text)
            (tools / name).chmod(0o755)
        self.env = {
            "PATH": f"{tools}:{BIN}:{os.environ['PATH']}",
            "HOME": str(folder),
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "PUBLISHED": str(folder / "published.json"),
            "SAID": str(folder / "said"),
        }
        forges = self.document["forges"]
        (self.checkout / "config").mkdir(parents=True)
        text = CONFIG.format(gitlab=forges["gitlab"]["url"], github=forges["github"]["url"])
        self.file("sigs.yaml").write_text(text)
        self.file("policy.yaml").write_text("version: 1\napproval: {admins: [kbsingh]}\n")
        self.run(["sigctl fmt", "git init -q -b main .", "git add .", self.commit("as it is")])
        (self.checkout / ".git" / "info" / "exclude").write_text("*.json\n*.md\nsaid/\n")

    def file(self, name):
        return self.checkout / "config" / name

    @staticmethod
    def commit(text):
        return f"git -c user.name=gwd -c user.email=gwd@example.org commit -q -a -m '{text}'"

    def tokens(self, kind="token"):
        bot = self.document["users"]["sigctl-bot"][kind]
        return {"SIGCTL_GITHUB_TOKEN": bot, "SIGCTL_GIT_CENTOS_ORG_TOKEN": bot}

    def run(self, lines, env=None, code=0):
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", "\n".join(lines)],
            cwd=self.checkout,
            env={**self.env, **(env or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def publish(self):
        (self.folder / "published.json").write_bytes((self.checkout / "snapshot.json").read_bytes())

    def propose(self):
        """Commit one more member on a branch; return the commit."""
        text = self.file("sigs.yaml").read_text()
        assert "members: [gwd]" in text
        self.run(["git checkout -q -b proposal"])
        self.file("sigs.yaml").write_text(text.replace("members: [gwd]", "members: [gwd, kbsingh]"))
        self.run([self.commit("one more")])
        return self.run(["git rev-parse HEAD"]).strip()

    def ask(self, forge, method, path, body=None, by="sigctl-bot"):
        """Return the answer of a forge to a person."""
        token = self.document["users"][by]["token"]
        root = {"gitlab": "/api/v4", "github": "/api/v3"}[forge]
        url = f"{self.document['forges'][forge]['url']}{root}{path}"
        answer = requests.request(
            method, url, json=body, headers={"Authorization": f"Bearer {token}"}, timeout=60
        )
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def push(self, forge, path, *refs, by="sigctl-bot"):
        token = self.document["users"][by]["token"]
        url = f"{self.document['forges'][forge]['url']}/{path}.git".replace("://", f"://x:{token}@")
        self.run([f"git push -q {url} {' '.join(refs)}"])

    def on_gitlab(self):
        """Open the proposal as a merge request of gwd; return what GitLab tells its jobs of it."""
        group = self.ask(
            "gitlab", "POST", "/groups", {"name": "estate", "path": "estate", "visibility": "public"}
        )
        project = {"name": "config", "path": "config", "namespace_id": group["id"], "visibility": "public"}
        made = self.ask("gitlab", "POST", "/projects", project)
        self.push("gitlab", "estate/config", "main:main")
        ids = {one["username"]: one["id"] for one in self.ask("gitlab", "GET", "/users?per_page=100")}
        for login in ("gwd", "kbsingh", "lars_kurth"):
            member = {"user_id": ids[login], "access_level": 30}
            self.ask("gitlab", "POST", f"/projects/{made['id']}/members", member)
        sha = self.propose()
        self.push("gitlab", "estate/config", "proposal", by="gwd")
        body = {"source_branch": "proposal", "target_branch": "main", "title": "One more"}
        self.at = f"/projects/{made['id']}/merge_requests"
        self.ask("gitlab", "POST", self.at, body, by="gwd")
        self.at += "/1"
        return {
            "CI_MERGE_REQUEST_PROJECT_URL": f"{self.document['forges']['gitlab']['url']}/estate/config",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
            "CI_MERGE_REQUEST_IID": "1",
            "CI_COMMIT_SHA": sha,
        }

    def on_github(self):
        """Open the proposal as a pull request of gwd; return what GitHub tells its jobs of it."""
        self.ask("github", "POST", "/orgs/CentOS/repos", {"name": "config"})
        for login in ("gwd", "lars_kurth"):
            path = f"/repos/CentOS/config/collaborators/{login}"
            made = self.ask("github", "PUT", path, {"permission": "push"})
            self.ask("github", "PATCH", f"/user/repository_invitations/{made['id']}", by=login)
        self.push("github", "CentOS/config", "main:main")
        base = self.run(["git rev-parse main"]).strip()
        head = self.propose()
        self.push("github", "CentOS/config", "proposal", by="gwd")
        body = {"head": "proposal", "base": "main", "title": "One more"}
        pull = self.ask("github", "POST", "/repos/CentOS/config/pulls", body, by="gwd")
        # as the checkout of refs/pull/1/merge is
        merge = "git -c user.name=x -c user.email=x@localhost merge -q --no-ff -m merged proposal"
        self.run(["git checkout -q --detach main", merge])
        return {"BASE": base, "HEAD": head, "URL": pull["html_url"], "AUTHOR": "github:gwd"}


@pytest.fixture
def runner(tmp_path):
    logins = ("gwd", "kbsingh", "lars_kurth")
    with control.running(tmp_path / "forges", logins=logins) as sandbox:
        yield Runner(tmp_path, sandbox)


def lines_of(jobs, name):
    """Return the lines that a job of GitLab runs: those before, of itself or of what it extends, and its own."""
    job = jobs[name]
    above = jobs[job["extends"]]
    return [*job.get("before_script", above.get("before_script", [])), *job["script"]]


def test_the_jobs_of_gitlab(runner):
    jobs = yaml.safe_load(pipelines("gitlab")["deploy/gitlab-ci/sigctl.gitlab-ci.yml"])
    runner.run(lines_of(jobs, "sigctl-apply"), runner.tokens())
    assert json.loads((runner.checkout / "report.json").read_text())["converged"]
    runner.run(lines_of(jobs, "sigctl-snapshot"), runner.tokens("read_token"))
    runner.publish()
    runner.run(lines_of(jobs, "sigctl-drift"), runner.tokens("read_token"))

    told = runner.on_gitlab()
    env = {"CI_PROJECT_URL": told["CI_MERGE_REQUEST_PROJECT_URL"], "SNAPSHOT_URL": "x", **told}
    runner.run(lines_of(jobs, "sigctl-proposal"), env)
    comment = (runner.checkout / "comment.md").read_text()
    assert "waits for a chair of virt" in comment
    assert "kbsingh joins the team" in comment
    assert "pushes went as the files say" in comment

    runner.run(lines_of(jobs, "sigctl-approval"), env, code=3)
    runner.run(["git checkout -q main"])
    runner.run(lines_of(jobs, "sigctl-verdicts"), {**env, **runner.tokens()})
    (note,) = notes(runner)
    assert "waits for a chair of virt" in note["body"]
    assert "kbsingh joins the team" in note["body"], "the plan"

    runner.ask("gitlab", "POST", f"{runner.at}/approve", {}, by="lars_kurth")
    runner.run(lines_of(jobs, "sigctl-approval"), env)
    runner.run(["git checkout -q main"])
    runner.run(lines_of(jobs, "sigctl-verdicts"), {**env, **runner.tokens()})
    (again,) = notes(runner)
    assert again["id"] == note["id"]
    assert "everyone who must approve has" in again["body"]
    path = f"{runner.at.rpartition('/merge')[0]}/repository/commits/{told['CI_COMMIT_SHA']}/statuses"
    assert [one["status"] for one in runner.ask("gitlab", "GET", path)] == ["success"]


def notes(runner):
    return [one for one in runner.ask("gitlab", "GET", f"{runner.at}/notes") if not one["system"]]


def test_a_proposal_that_began_long_ago_is_measured_against_the_branch_of_today(runner):
    jobs = yaml.safe_load(pipelines("gitlab")["deploy/gitlab-ci/sigctl.gitlab-ci.yml"])
    told = runner.on_gitlab()
    runner.run(["git checkout -q main"])
    text = runner.file("policy.yaml").read_text()
    runner.file("policy.yaml").write_text(text.replace("kbsingh", "lars_kurth"))
    runner.run([runner.commit("another admin")])
    runner.push("gitlab", "estate/config", "main:main")
    runner.ask("gitlab", "POST", f"{runner.at}/approve", {}, by="kbsingh")
    said = runner.run(lines_of(jobs, "sigctl-approval"), told, code=3)
    assert "not asked for: the approval of kbsingh" in said, "who was an admin when it began"


def steps(name, job):
    """Return the lines of a job's own steps, one list for each."""
    found = yaml.safe_load(pipelines("github")[f".github/workflows/{name}.yml"])["jobs"][job]["steps"]
    return [[one["run"]] for one in found if "run" in one]


def test_the_jobs_of_github(runner):
    for lines in steps("sigctl-main", "apply"):
        runner.run(lines, runner.tokens())
    for lines in steps("sigctl-main", "snapshot"):
        runner.run(lines, {**runner.tokens("read_token"), "REPO": "o/r"})
    runner.publish()
    said = (runner.folder / "said").read_text()
    assert "release create sigctl-snapshot" in said
    assert "release upload sigctl-snapshot snapshot.json --repo o/r --clobber" in said
    for lines in steps("sigctl-main", "drift"):
        runner.run(lines, runner.tokens("read_token"))

    told = runner.on_github()
    for lines in steps("sigctl-proposal", "proposal"):
        runner.run(lines, {**told, "SNAPSHOT_URL": "x"})
    assert re.search(
        r"holds on .*pushes went as the files say", (runner.checkout / "rehearsal.md").read_text()
    )

    *_, lines = steps("sigctl-approval", "approval")
    read = runner.tokens("read_token")
    runner.run(lines, {**told, **read}, code=3)
    env = {
        **runner.tokens(),
        "REPO": "CentOS/config",
        "REPO_URL": f"{runner.document['forges']['github']['url']}/CentOS/config",
        "RUN": "5",
        "NAME": "sigctl proposal",
        "HEAD": told["HEAD"],
        "REHEARSAL": str(runner.checkout / "rehearsal.md"),
        "SNAPSHOT_URL": "x",
    }
    runner.run(["git checkout -q main"])
    for lines in steps("sigctl-verdicts", "verdicts"):
        runner.run(lines, env)
    (comment,) = runner.ask("github", "GET", "/repos/CentOS/config/issues/1/comments")
    assert comment["body"].startswith("<!-- sigctl review -->")
    for text in ("waits for a chair of virt", "kbsingh joins the team", "pushes went as the files say"):
        assert text in comment["body"]

    runner.ask(
        "github", "POST", "/repos/CentOS/config/pulls/1/reviews", {"event": "APPROVE"}, by="lars_kurth"
    )
    for lines in steps("sigctl-verdicts", "verdicts"):
        runner.run(lines, {**env, "NAME": "sigctl approval"})
    (again,) = runner.ask("github", "GET", "/repos/CentOS/config/issues/1/comments")
    assert again["id"] == comment["id"]
    assert "everyone who must approve has" in again["body"]
    assert "pushes went as the files say" in again["body"], "it is of the same commit"
    found = runner.ask("github", "GET", f"/repos/CentOS/config/commits/{told['HEAD']}/statuses")
    assert [(one["context"], one["state"]) for one in found] == [
        ("sigctl verdict", "success"),
        ("sigctl verdict", "pending"),
    ]


@pytest.mark.parametrize("kind", ["gitlab", "github"])
def test_the_lists_are_mailed_once_for_each_change_where_a_server_is_named(runner, kind):
    with listening() as box:
        if kind == "gitlab":
            env = {"CI_PROJECT_URL": runner.on_gitlab()["CI_MERGE_REQUEST_PROJECT_URL"]}
            env |= {"SIGCTL_SMTP": box.address, "SIGCTL_SENDER": "sigctl@example.org"}
            jobs = yaml.safe_load(pipelines("gitlab")["deploy/gitlab-ci/sigctl.gitlab-ci.yml"])
            lines = lines_of(jobs, "sigctl-verdicts")
        else:
            env = {"REPO_URL": runner.on_github()["URL"].rpartition("/pull/")[0]}
            env |= {"SMTP": box.address, "SENDER": "sigctl@example.org"}
            (_, lines) = steps("sigctl-verdicts", "verdicts")
        runner.run(["git checkout -q main"])
        for _ in range(2):
            runner.run(lines, {**env, **runner.tokens()})
    assert box.receivers == [["centos-virt@centos.org"]]

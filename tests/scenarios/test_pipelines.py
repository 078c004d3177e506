"""The pipelines: right by the schemas and the linter of those who run them, and each line of theirs does what it says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

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
        assert not proposal or "secrets." not in text, path
        assert "workflow_run" not in triggers or "actions/checkout" not in text


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
    teams: {{maintainers: {{members: [gwd]}}}}
    access: {{maintainers: maintain}}
    repos:
      xen: {{}}
"""
CURL = (
    '#!/bin/sh\nwhile [ $# -gt 0 ]; do [ "$1" = --output ] && out=$2; shift; done\ncp "$PUBLISHED" "$out"\n'
)
GH = """#!/bin/sh
echo "$@" >> "$SAID"
case "$1 $2" in
  "run download") mkdir -p comment && cp "$COMMENT" comment/comment.md ;;
  "pr list") echo 7 ;;
  "api --paginate") case "$3" in */reviews) printf '%b' "$REVIEWS" ;; *) echo "$KNOWN" ;; esac ;;
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
        text = self.file("sigs.yaml").read_text()
        assert "members: [gwd]" in text
        self.run(["git checkout -q -b proposal"])
        self.file("sigs.yaml").write_text(text.replace("members: [gwd]", "members: [gwd, kbsingh]"))
        self.run([self.commit("one more")])


@pytest.fixture
def runner(tmp_path):
    logins = ("gwd", "kbsingh", "lars_kurth")
    with control.running(tmp_path / "forges", logins=logins) as sandbox:
        yield Runner(tmp_path, sandbox)


def test_the_jobs_of_gitlab(runner):
    jobs = yaml.safe_load(pipelines("gitlab")["deploy/gitlab-ci/sigctl.gitlab-ci.yml"])
    runner.run(jobs[".sigctl"]["before_script"])
    runner.run(jobs["sigctl-apply"]["script"], runner.tokens())
    assert json.loads((runner.checkout / "report.json").read_text())["converged"]
    runner.run(jobs["sigctl-snapshot"]["script"], runner.tokens("read_token"))
    runner.publish()
    runner.run(jobs["sigctl-drift"]["script"], runner.tokens("read_token"))
    runner.propose()
    variables = jobs["sigctl-proposal"]["variables"]
    env = {"CI_MERGE_REQUEST_DIFF_BASE_SHA": "main", "GITLAB_USER_LOGIN": "gwd", **variables}
    runner.run(jobs["sigctl-proposal"]["script"], env)
    comment = (runner.checkout / "comment.md").read_text()
    assert "waits for a chair of virt" in comment
    assert "kbsingh joins the team" in comment
    assert "pushes went as the files say" in comment


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
    runner.propose()
    for lines in steps("sigctl-proposal", "proposal"):
        runner.run(lines, {"BASE": "main", "AUTHOR": "github:gwd", "SNAPSHOT_URL": "x"})
    comment = (runner.checkout / "comment.md").read_text()
    assert comment.startswith("<!-- sigctl review -->")
    assert re.search(r"holds on .*pushes went as the files say", comment)


@pytest.mark.parametrize(
    ("known", "method"),
    [("", "POST repos/o/r/issues/7/comments"), ("99", "PATCH repos/o/r/issues/comments/99")],
)
def test_the_comment_is_made_once_and_edited_afterwards(runner, known, method):
    (runner.folder / "comment.md").write_text("text $(touch harm) `touch harm`\n")
    env = {
        "COMMENT": str(runner.folder / "comment.md"),
        "REPO": "o/r",
        "RUN": "5",
        "HEAD": "abc",
        "KNOWN": known,
    }
    (lines,) = steps("sigctl-comment", "comment")
    runner.run(lines, env)
    assert f"api --method {method}" in (runner.folder / "said").read_text()
    assert not (runner.checkout / "harm").exists()


def test_the_approvals_are_the_last_words_about_this_commit(runner):
    runner.propose()
    *_, lines = steps("sigctl-approval", "approval")
    env = {"REPO": "o/r", "NUMBER": "7", "BASE": "main", "HEAD": "new", "AUTHOR": "github:gwd"}
    for reviews, code in (
        ("", 3),
        (r"lars_kurth\tAPPROVED\tnew\n", 0),
        (r"lars_kurth\tAPPROVED\told\n", 3),
        (r"lars_kurth\tAPPROVED\tnew\nlars_kurth\tCHANGES_REQUESTED\tnew\n", 3),
        (r"gwd\tAPPROVED\tnew\n", 3),
        (r"stranger\tAPPROVED\tnew\n", 3),
    ):
        runner.run(lines, {**env, "REVIEWS": reviews}, code=code if code == 0 else 123)

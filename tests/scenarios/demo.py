"""The main job as a story, told on the embedded forges: every step checks itself, and the first that fails ends it loudly."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import requests
import upstreams

ROOT = Path(__file__).resolve().parents[2]
SIGCTL = Path(sys.executable).with_name("sigctl")
XEN_GITLAB, XEN_GITHUB, KERNEL = "project/sig-virt/xen", "CentOS/sig-virt-xen", "CentOS/sig-core-kernel"


class Story:
    """One run of the demo in a folder of its own."""

    def __init__(self, folder: Path, *, quiet: bool = False) -> None:
        self.folder = folder
        self.quiet = quiet
        self.sandbox: dict[str, Any] = {}
        self.begun = time.monotonic()

    # telling

    def say(self, text: str) -> None:
        if not self.quiet:
            print(text, flush=True)

    def step(self, text: str) -> None:
        self.say(f"\n=== {time.monotonic() - self.begun:5.1f} s  {text}")

    def check(self, holds: object, text: str) -> None:
        if not holds:
            raise SystemExit(f"DEMO FAILED: {text}")
        self.say(f"    holds: {text}")

    # doing

    def sigctl(self, *arguments: str, expect: int, show: bool = True) -> str:
        shared = []
        if arguments[0] in ("plan", "apply", "drift", "mirror"):
            shared = [
                "--cache",
                str(self.folder / "cache"),
                "--rewrite",
                f"https://=file://{self.folder}/upstream/",
            ]
            forges = self.sandbox["forges"]
            shared += ["--set", f"forges.github.url={forges['github']['url']}"]
            shared += ["--set", f"forges.git.centos.org.url={forges['gitlab']['url']}"]
        self.say(f"$ sigctl {' '.join(arguments)}")
        done = subprocess.run(
            [SIGCTL, *arguments, *shared],
            cwd=ROOT,
            env=self.env(),
            capture_output=True,
            text=True,
            check=False,
        )
        if show:
            self.say(done.stdout.rstrip())
        if done.returncode != expect:
            print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
            raise SystemExit(
                f"DEMO FAILED: exit {done.returncode}, expected {expect}: sigctl {' '.join(arguments)}"
            )
        return done.stdout

    def env(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("SIGCTL_", "GIT_"))}
        if self.sandbox:
            kept["SIGCTL_GITHUB_TOKEN"] = self.sandbox["forges"]["github"]["token"]
            kept["SIGCTL_GIT_CENTOS_ORG_TOKEN"] = self.sandbox["forges"]["gitlab"]["token"]
        kept["XDG_STATE_HOME"] = str(self.folder / "state")
        return kept

    def github(self, login: str, method: str, path: str, body: object = None) -> Any:
        url = f"{self.sandbox['forges']['github']['url']}/api/v3{path}"
        headers = {"Authorization": f"Bearer {self.token(login)}"}
        answer = requests.request(method, url, json=body, headers=headers, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def token(self, login: str) -> str:
        return str(self.sandbox["users"][login]["token"])

    def push(
        self, login: str, forge: str, repo: str, refspec: str, *, force: bool = False
    ) -> tuple[bool, str]:
        """Push as a person, as a person would: a clone, a commit, git push; return whether it was accepted."""
        clone = self.folder / "clones" / f"{login}-{forge}-{repo.replace('/', '-')}"
        url = f"{self.sandbox['forges'][forge]['url']}/{repo}.git"
        env = {
            **self.env(),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_COUNT": "1",
        }
        env |= {"GIT_CONFIG_KEY_0": "credential.helper", "DEMO_TOKEN": self.token(login)}
        env["GIT_CONFIG_VALUE_0"] = f'!f() {{ echo username={login}; echo "password=$DEMO_TOKEN"; }}; f'
        who = ["-c", f"user.name={login}", "-c", f"user.email={login}@example.org"]
        if not clone.exists():
            subprocess.run(["git", "clone", "-q", url, clone], env=env, check=True, capture_output=True)
        if not force:
            subprocess.run(
                ["git", "-C", clone, *who, "commit", "-q", "--allow-empty", "-m", f"by {login}"],
                env=env,
                check=True,
            )
        options = ["--force"] if force else []
        done = subprocess.run(
            ["git", "-C", clone, "push", *options, "origin", refspec],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode == 0, done.stderr

    # the story

    def run(self) -> None:
        try:
            self.begin()
            self.first_apply()
            self.people_work()
            self.tampering()
        finally:
            self.end()

    def begin(self) -> None:
        self.step("two forges on loopback, and the upstream repositories of Xen4CentOS")
        self.sandbox = json.loads(
            self.sigctl("sandbox", "up", "--dir", str(self.folder / "forges"), expect=0, show=False)
        )
        self.say(
            "    " + ", ".join(f"{name} at {forge['url']}" for name, forge in self.sandbox["forges"].items())
        )
        upstreams.make(self.folder / "upstream")
        self.say(
            f"    {len(upstreams.UPSTREAMS)} upstream repositories, hidden refs and a branch named HEAD among them"
        )
        self.sigctl("validate", expect=0)

    def first_apply(self) -> None:
        self.step("what would be done")
        self.sigctl("plan", "--detailed-exitcode", expect=2)
        self.step("make it so")
        self.sigctl("apply", "--yes", expect=0)
        self.step("a second plan is empty")
        self.sigctl("plan", "--detailed-exitcode", expect=0)
        self.same_refs()

    def same_refs(self) -> None:
        source = self.refs(self.folder / "upstream/github.com/CentOS-virt7/xen.git")
        wanted = {
            ref: sha
            for ref, sha in source.items()
            if not ref.startswith("refs/pull/") and ref != "refs/heads/HEAD"
        }
        for forge, repo in (("gitlab", XEN_GITLAB), ("github", XEN_GITHUB)):
            found = self.refs(f"{self.sandbox['forges'][forge]['url']}/{repo}.git")
            self.check(
                found == wanted,
                f"{forge} {repo} has the {len(wanted)} branches and tags of its upstream, and no hidden ref",
            )

    def refs(self, url: object) -> dict[str, str]:
        lines = upstreams.git("ls-remote", str(url)).splitlines()
        pairs = [line.split("\t") for line in lines]
        return {ref: sha for sha, ref in pairs if ref != "HEAD" and not ref.endswith("^{}")}

    def people_work(self) -> None:
        self.step("people accept their invitations and work; outsiders don't")
        for login in ("kbsingh", "hughesjr", "gwd", "pasik", "jonludlam", "euanh"):
            self.github(login, "PATCH", "/user/memberships/orgs/CentOS", {"state": "active"})
            for invitation in self.github(login, "GET", "/user/repository_invitations"):
                self.github(login, "PATCH", f"/user/repository_invitations/{invitation['id']}")
        self.sigctl("plan", "--detailed-exitcode", expect=0, show=False)
        for forge, repo in (("gitlab", XEN_GITLAB), ("github", XEN_GITHUB)):
            accepted, _ = self.push(
                "gwd",
                forge,
                repo,
                f"HEAD:refs/heads/c7-sig-virt-xen-{forge}",
            )
            self.check(accepted, f"gwd, maintainer of SIG Virt, may push to {repo} on {forge}")
            accepted, said = self.push("outsider", forge, repo, "HEAD:refs/heads/c7-sig-virt-xen-stranger")
            self.check(
                not accepted,
                f"outsider may not: {refusal(said)}",
            )
        kernel = self.refs(f"{self.sandbox['forges']['github']['url']}/{KERNEL}.git")
        self.check(
            kernel["refs/heads/c7-sig-virt-xen-4.9"] == kernel["refs/heads/c7"],
            "the shared kernel has the declared branch c7-sig-virt-xen-4.9, made from c7",
        )
        accepted, _ = self.push("gwd", "github", KERNEL, "HEAD:refs/heads/c7-sig-virt-xen-4.14")
        self.check(accepted, "in the shared kernel on github gwd may push c7-sig-virt-xen-4.14")
        for branch in ("c7", "c7-sig-virtual-x", "master"):
            accepted, said = self.push("gwd", "github", KERNEL, f"HEAD:refs/heads/{branch}")
            self.check(not accepted, f"but not {branch}: {refusal(said)}")
        accepted, said = self.push("gwd", "gitlab", "project/sig-virt/t_xen", "HEAD:refs/heads/new")
        self.check(not accepted, "nobody pushes to an archived repository")
        self.step("what gwd pushed to the primary comes to the replica")
        self.sigctl("apply", "--yes", expect=0, show=False)
        found = self.refs(f"{self.sandbox['forges']['github']['url']}/{XEN_GITHUB}.git")
        self.check("refs/heads/c7-sig-virt-xen-gitlab" in found, "the branch is on github, too")
        self.sigctl("plan", "--detailed-exitcode", expect=0, show=False)

    def tampering(self) -> None:
        self.step("somebody tampers by hand")
        self.github("kbsingh", "PUT", f"/repos/{XEN_GITHUB}/collaborators/outsider", {"permission": "push"})
        for invitation in self.github("outsider", "GET", "/user/repository_invitations"):
            self.github("outsider", "PATCH", f"/user/repository_invitations/{invitation['id']}")
        self.say("    outsider is made a collaborator on github")
        self.github(
            "kbsingh",
            "PUT",
            "/orgs/CentOS/teams/sig-virt-contributors/repos/CentOS/sig-virt-xen-seabios",
            {"permission": "admin"},
        )
        self.say("    the contributors' level on sig-virt-xen-seabios is raised to admin")
        accepted, _ = self.push("gwd", "github", XEN_GITHUB, "HEAD:refs/heads/stray")
        self.check(accepted, "a branch is pushed to the replica")
        accepted, _ = self.push("gwd", "github", XEN_GITHUB, "origin/xen-44~2:refs/heads/xen-44", force=True)
        self.check(accepted, "and another one there is set back by two commits")
        self.step("drift is found")
        drift = self.sigctl("drift", expect=2)
        self.check("outsider loses write" in drift, "the outsider is named")
        self.check("sig-virt-contributors: admin -> write" in drift, "the raised level is named")
        self.check("stray" in drift, "the stray branch is named")
        self.check("xen-44" in drift, "the branch that was set back is named")
        self.step("and healed")
        self.sigctl("apply", "--yes", expect=0)
        plan = json.loads(
            self.sigctl("plan", "--detailed-exitcode", "--format", "json", expect=0, show=False)
        )
        self.check(plan["actions"] == [], "the plan is empty again")
        accepted, _ = self.push("outsider", "github", XEN_GITHUB, "HEAD:refs/heads/again")
        self.check(not accepted, "the outsider's push is refused")
        found = self.refs(f"{self.sandbox['forges']['github']['url']}/{XEN_GITHUB}.git")
        wanted = self.refs(self.folder / "upstream/github.com/CentOS-virt7/xen.git")["refs/heads/xen-44"]
        self.check(found["refs/heads/xen-44"] == wanted, "the branch that was set back is where it was")
        self.check(
            "refs/heads/stray" in found,
            "the stray branch is still there: nothing is ever deleted at a target",
        )

    def end(self) -> None:
        if self.sandbox:
            # Without a word: who reads along may be gone, and to print would fail before the forges are down.
            down = [SIGCTL, "sandbox", "down", "--dir", str(self.folder / "forges")]
            subprocess.run(down, env=self.env(), check=True, capture_output=True)


def refusal(said: str) -> str:
    """Return the line in which git says why, or that it failed."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    why = [line for line in lines if line.startswith(("remote:", "! [remote rejected]", "fatal:"))]
    return (why or lines or ["refused"])[0]


def main() -> None:
    """Run the story in a temporary folder and leave nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="sigctl-demo-"))
    story = Story(folder)
    try:
        story.run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"\nthe demo holds, {time.monotonic() - story.begun:.0f} s")


if __name__ == "__main__":
    main()

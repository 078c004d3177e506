"""What a quiet plan costs for 1,000 repositories on each of two forges: requests, seconds and memory, at 50 ms a request.

    .venv/bin/python bench/plan_1000.py [REPOSITORIES]

Prints the ratio against what a tool needs that reads repository by repository (13 requests each, the least that was counted for one).
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

SIGCTL = Path(sys.executable).with_name("sigctl")
ONE_BY_ONE = 13
SIGS, MEMBERS = 20, 20


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    folder = Path(tempfile.mkdtemp(prefix="sigctl-bench-"))
    try:
        write_config(folder, count)
        people = [word for n in range(SIGS * MEMBERS) for word in ("--user", f"member{n}")]
        up = [SIGCTL, "sandbox", "up", "--dir", folder / "forges", *people]
        started = json.loads(subprocess.run(up, cwd=folder, check=True, capture_output=True).stdout)
        document, users = started["forges"], started["users"]
        env = {**os.environ, "XDG_STATE_HOME": str(folder)}
        env |= {"HUB": document["github"]["token"], "LAB": document["gitlab"]["token"]}
        shared = ["--no-mirror", "--config", folder / "sigs.yaml"]
        for name, forge in (("hub", "github"), ("lab", "gitlab")):
            shared += ["--set", f"forges.{name}.url={document[forge]['url']}"]
        took = run(["apply", "--yes", *shared], env)[0]
        print(f"apply of {count} repositories on each of two forges: {took:.0f} s")
        accept(document["github"]["url"], users)
        subprocess.run(
            [SIGCTL, "sandbox", "down", "--dir", folder / "forges"], check=True, capture_output=True
        )
        slow = [SIGCTL, "sandbox", "up", "--dir", folder / "forges", "--latency", "50"]
        subprocess.run(slow, cwd=folder, check=True, capture_output=True)
        log = folder / "forges" / "requests.jsonl"
        before = log.read_bytes().count(b"\n")
        seconds, out = run(["plan", "--format", "json", *shared], env)
        plan = json.loads(out)
        if plan["actions"]:
            raise SystemExit(f"the plan is not empty: {plan['actions'][0]}")
        reads = plan["cost"]["reads"]
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        print(
            f"plan with nothing to change: {seconds:.1f} s, {reads} requests, at most {memory} MB in a process"
        )
        sent = [json.loads(line) for line in log.read_text().splitlines()[before:]]
        for what, number in Counter((one["forge"], one["operation"]) for one in sent).most_common():
            print(f"  {number:4} {what[0]} {what[1]}")
        print(f"requests: {reads / (2 * count * ONE_BY_ONE):.4f} of {2 * count * ONE_BY_ONE} one by one")
    finally:
        subprocess.run(
            [SIGCTL, "sandbox", "down", "--dir", folder / "forges"], check=False, capture_output=True
        )
        shutil.rmtree(folder, ignore_errors=True)


def write_config(folder: Path, count: int) -> None:
    people = "\n".join(
        f"  member{n}: {{logins: {{hub: member{n}, lab: member{n}}}}}" for n in range(SIGS * MEMBERS)
    )
    text = f"""version: 1
forges:
  lab: {{type: gitlab, url: http://127.0.0.1, token: env:LAB, repo: "project/sig-{{sig}}/{{repo}}", team: "project/sig-{{sig}}/groups/{{team}}"}}
  hub: {{type: github, url: http://127.0.0.1, token: env:HUB, repo: "CentOS/sig-{{sig}}-{{repo}}", team: "sig-{{sig}}-{{team}}", role: replica}}
people:
{people}
"""
    sigs = []
    for number in range(SIGS):
        members = [f"member{number * MEMBERS + m}" for m in range(MEMBERS)]
        grant = f", access: {{'person:{members[0]}': maintain}}"
        repos = "\n".join(
            f"      r{n}: {{description: Package {n}{grant if n < SIGS else ''}}}"
            for n in range(number, count, SIGS)
        )
        sigs.append(f"""  s{number}:
    title: Number {number}
    chairs: [{members[0]}]
    teams:
      maintainers: {{members: [{", ".join(members[:5])}]}}
      contributors: {{members: [{", ".join(members[5:])}]}}
    access: {{maintainers: maintain, contributors: write}}
    repos:
{repos}""")
    (folder / "sigs.yaml").write_text(text + "sigs:\n" + "\n".join(sigs) + "\n", encoding="utf-8")


def accept(url: str, users: dict) -> None:
    """Let everybody accept what he is invited to, so that the estate is a settled one."""
    import requests

    with requests.Session() as session:
        for login, user in users.items():
            headers = {"Authorization": f"Bearer {user['token']}"}
            if login.startswith("member"):
                place = f"{url}/api/v3/user/memberships/orgs/CentOS"
                session.patch(place, json={"state": "active"}, headers=headers, timeout=30).raise_for_status()
                mine = f"{url}/api/v3/user/repository_invitations"
                for invitation in session.get(mine, headers=headers, timeout=30).json():
                    session.patch(f"{mine}/{invitation['id']}", headers=headers, timeout=30)


def run(arguments, env):
    begun = time.perf_counter()
    done = subprocess.run([SIGCTL, *arguments], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout[-3000:] + done.stderr[-3000:])
    return time.perf_counter() - begun, done.stdout


if __name__ == "__main__":
    main()

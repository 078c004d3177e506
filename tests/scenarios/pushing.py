"""Pushes as people make them: a clone, a commit, git push with the person's own token."""

from __future__ import annotations

import os
import subprocess
from typing import Any

import requests


def push(world: Any, login: str, forge: str, repo: str, refspec: str, *, force: bool = False) -> bool:
    """Push a new commit (or what the refspec names) and return whether the forge took it; the words are in `world.said`."""
    document = world.sandbox.document()
    url = f"{document['forges'][forge]['url']}/{repo}.git"
    clone = world.folder / "clones" / f"{login}-{forge}-{repo.replace('/', '-')}"
    env = {"PATH": os.environ["PATH"], "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_GLOBAL": os.devnull}
    token = (
        document["users"][login]["token"]
        if login in document["users"]
        else document["forges"][forge]["token"]
    )
    env |= {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "credential.helper", "PUSH_TOKEN": token}
    env["GIT_CONFIG_VALUE_0"] = f'!f() {{ echo username={login}; echo "password=$PUSH_TOKEN"; }}; f'

    def git(*words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["git", *words], env=env, check=check, capture_output=True, text=True)

    if not clone.exists():
        git("clone", "-q", url, str(clone))
    git("-C", str(clone), "fetch", "-q", "origin")
    if refspec.startswith("HEAD:"):
        who = ("-c", f"user.name={login}", "-c", f"user.email={login}@example.org")
        git("-C", str(clone), *who, "commit", "-q", "--allow-empty", "-m", f"by {login}")
    done = git("-C", str(clone), "push", *(["--force"] if force else []), "origin", refspec, check=False)
    world.said = done.stderr
    return done.returncode == 0


def refs(world: Any, forge: str, repo: str) -> dict[str, str]:
    """Return what a repository holds, read by the account that sigctl runs as."""
    document = world.sandbox.document()["forges"][forge]
    url = f"{document['url']}/{repo}.git".replace("://", f"://sigctl-bot:{document['token']}@")
    done = subprocess.run(["git", "ls-remote", url], check=True, capture_output=True, text=True)
    pairs = [line.split("\t") for line in done.stdout.splitlines()]
    return {ref: sha for sha, ref in pairs if ref != "HEAD" and not ref.endswith("^{}")}


def accept(world: Any, *logins: str) -> None:
    """Let people accept what waits for them on the GitHub-shaped forge."""
    document = world.sandbox.document()
    api = f"{document['forges']['github']['url']}/api/v3"
    for login in logins:
        headers = {"Authorization": f"Bearer {document['users'][login]['token']}"}
        url = f"{api}/user/memberships/orgs/CentOS"
        requests.patch(url, json={"state": "active"}, headers=headers, timeout=30).raise_for_status()

"""Projects: made with all that can be given only then, changed where the API can, deleted with a token of their own."""

from __future__ import annotations

from pydantic import SecretStr

from sigctl.core.kinds import Repo
from sigctl.core.plan import Action
from sigctl.errors import NotThereError, RefusedError
from sigctl.forges import sides
from sigctl.forges.pagure.names import path, split
from sigctl.forges.pagure.readers import projects
from sigctl.forges.pagure.session import Data, Session


def create(session: Session, action: Action) -> None:
    """Have the project, ours, with its description, default branch and options."""
    repo = sides.after(action, Repo)
    namespace, name = split(repo.path)
    form = {"name": name, "description": repo.description or name, "wait": "true"}
    if namespace:
        form["namespace"] = namespace
    if repo.default_branch:
        form["default_branch"] = repo.default_branch

    def ours(found: Data | None) -> Data | None:
        same = found is not None and (found.get("user") or {}).get("name") == session.me()
        return found if same and found and found.get("description") == form["description"] else None

    try:
        session.write(
            "POST", "/new", form, repeatable=False, happened=lambda: ours(session.bare(path(repo.path)))
        )
    except RefusedError as error:
        found = session.look(path(repo.path))
        if found is None:
            if "Not a valid choice" in error.text:
                error.hint = f"the server has no namespace `{namespace}`: its admin adds it to ALLOWED_PREFIX in pagure.cfg"
            raise
        if ours(found) is None:
            hint = "someone made it since it was read: plan again"
            raise session.refused(f"{repo.path} exists, with another owner or description", hint) from error
    missing = NotThereError(
        f"{repo.path}: the server took it, and has not made it", "plan again in some minutes"
    )
    session.wait_for(path(repo.path), lambda found: found.get("fullname") == repo.path, missing)
    _set_options(session, repo, {"issues", "archived"})


def update(session: Session, action: Action) -> None:
    """Make the settings that changed as declared; what can't be changed by API is refused after the rest is done."""
    repo = sides.after(action, Repo)
    changed = set(action.changed())
    _set_options(session, repo, changed)
    if "default_branch" in changed and repo.default_branch:
        _set_default_branch(session, repo.path, repo.default_branch)
    for name in sorted(changed - {"issues", "archived", "default_branch"}):
        text = f"{repo.path}: {name.replace('_', ' ')} can't be changed by API"
        raise session.refused(
            text, f"an admin of the project changes it on {session.url}/{repo.path}/settings"
        )


def move(session: Session, action: Action) -> None:
    """Refuse: there is no way, and a copy would leave the issues and requests behind."""
    old, new = sides.before(action, Repo).path, sides.after(action, Repo).path
    hint = f"take `{split(old)[1]}` out of `previously`: {new} is then made anew, its history is mirrored, and {old} stays as it is"
    raise session.refused(f"{old} can't be renamed or moved: pagure has no way to do it", hint)


def delete(session: Session, action: Action) -> None:
    """Have no such project; the guards have agreed."""
    repo = sides.before(action, Repo).path
    if session.look(path(repo)) is None:
        return
    made = session.write(
        "POST", path(repo, "token", "new"), {"description": "sigctl", "acls": "modify_project"}
    )
    token = SecretStr(str((made.get("token") or {}).get("id") or ""))
    try:
        session.write("POST", path(repo, "delete"), token=token)
    except NotThereError as error:
        if session.look(path(repo)) is None:
            return
        hint = f"the server's admin deletes it: `pagure-admin delete-project {repo} {session.me()}`"
        raise session.refused(f"{repo} can't be deleted: this server has that switched off", hint) from error
    still = session.refused(f"{repo}: the server says that it was deleted, and it is still there")
    session.gone(path(repo), still)


def _set_options(session: Session, repo: Repo, names: set[str]) -> None:
    wanted: dict[str, bool] = {}
    if "issues" in names and repo.issues is not None:
        wanted[projects.TRACKER] = repo.issues
    if "archived" in names and repo.archived is not None:
        wanted |= {projects.NO_PUSH: repo.archived, projects.PULLS: not repo.archived}
    now = projects.options(session, repo.path) if wanted else {}
    form = {name: str(value).lower() for name, value in wanted.items() if bool(now.get(name)) != value}
    if not form:
        return
    session.write("POST", path(repo.path, "options", "update"), form)
    now = projects.options(session, repo.path)
    left = sorted(name for name, value in wanted.items() if bool(now.get(name)) != value)
    if left:
        text = f"{repo.path}: the server says that it set {', '.join(left)}, and it did not"
        raise session.refused(text, "it may have this switched off for the namespace: its admin knows")


def _set_default_branch(session: Session, repo: str, branch: str) -> None:
    try:
        session.write("POST", path(repo, "git", "branches"), {"branch_name": branch})
    except RefusedError as error:
        error.hint = f"the default branch must exist: is `{branch}` pushed?"
        raise
    other = session.refused(f"{repo}: the server says that `{branch}` is the default branch, and it is not")
    session.wait_for(path(repo, "git", "branches"), lambda found: found.get("default") == branch, other)

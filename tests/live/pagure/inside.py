"""Runs inside the chroot, with Pagure's own library: what only the admin of a server can do. One command a line on stdin.

tables                                     make the database
user NAME [PASSWORD]                       make a person, or set the password
token NAME all|user|ACL,ACL [PROJECT]      answer with `token NAME VALUE`
key NAME TYPE BASE64                       let a person in by ssh
group NAME OWNER [MEMBER,MEMBER]           make a group, or add members to it
patterns PROJECT user|group NAME ACTOR P,P let somebody push to these branches only
write-lock PROJECT on|off                  mark the project as being worked on, or not
describe PROJECT WORD                      change the description
drop-group NAME                            delete a group
webhook PROJECT URL                        have events sent there, and answer with `webhook PROJECT KEY` that signs them
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Callable

import bcrypt
import pagure.config
from pagure.lib import model, model_base, query

SETTINGS = pagure.config.config
DAYS = 600
PATIENCE = 30.0
"""Seconds a worker may take."""


def project(session, path):
    namespace, _, name = path.rpartition("/")
    return query._get_project(session, name, namespace=namespace or None)


def tables(_session):
    model.create_tables(SETTINGS["DB_URL"], None, acls=SETTINGS["ACLS"])


def user(session, name, password=""):
    person = query.set_up_user(session, name, name, f"{name}@example.test")
    # the cheapest hash there is: every git request over HTTP tries the password before the token
    digest = bcrypt.hashpw((password or f"{name}-password").encode(), bcrypt.gensalt(4))
    person.password = f"$2${digest.decode()}"
    person.token = None


def token(session, name, rights, path=""):
    known = {"all": SETTINGS["ACLS"], "user": SETTINGS["CROSS_PROJECT_ACLS"]}
    rights = list(known[rights]) if rights in known else rights.split(",")
    until = dt.datetime.now(tz=dt.UTC).date() + dt.timedelta(days=DAYS)
    made = query.add_token_to_user(
        session, project(session, path) if path else None, rights, name, until, description="tests"
    )
    return f"token {name} {made.id}"


def key(session, name, kind, base64):
    person = query.get_user(session, name)
    query.add_sshkey_to_project_or_user(
        session, f"{kind} {base64}", user=person, pushaccess=True, creator=person
    )


def group(session, name, owner, members=""):
    if not query.search_groups(session, group_name=name):
        known = SETTINGS["BLACKLISTED_GROUPS"]
        query.add_group(session, name, name, name, "user", owner, is_admin=True, blacklist=known)
        session.commit()
    found = query.search_groups(session, group_name=name)
    inside = {one.username for one in found.users}
    for member in filter(None, members.split(",")):
        if member not in inside:
            query.add_user_to_group(session, member, found, owner, is_admin=True)


def patterns(session, path, kind, *who_and_where):
    name, actor, branches = who_and_where
    where = project(session, path)
    if kind == "group":
        query.add_group_to_project(
            session, where, name, actor, access="collaborator", branches=branches, is_admin=True
        )
    else:
        query.add_user_to_project(session, where, name, actor, access="collaborator", branches=branches)
    query.update_read_only_mode(session, where, read_only=False)


def write_lock(session, path, state):
    end = time.monotonic() + PATIENCE
    while state == "on" and project(session, path).read_only and time.monotonic() < end:
        session.rollback()  # a worker that is still at it would take the mark away again: see what it wrote
        time.sleep(0.1)
    project(session, path).read_only = (
        state == "on"
    )  # the library's own way leaves it off with this way of deciding on pushes


def describe(session, path, word):
    project(session, path).description = word


def drop_group(session, name):
    found = query.search_groups(session, group_name=name)
    for where in list(found.projects):
        where.groups.remove(found)
    session.delete(found)


def webhook(session, path, url):
    where = project(session, path)
    where.settings = {**where.settings, "Web-hooks": url}
    return f"webhook {path} {where.hook_token}"


COMMANDS: dict[str, Callable[..., str | None]] = {
    "tables": tables,
    "user": user,
    "token": token,
    "key": key,
    "group": group,
    "patterns": patterns,
    "write-lock": write_lock,
    "describe": describe,
    "drop-group": drop_group,
    "webhook": webhook,
}


def main() -> None:
    session = None
    for line in sys.stdin:
        name, *words = line.split()
        if name != "tables" and session is None:
            session = model_base.create_session(SETTINGS["DB_URL"])
        said = COMMANDS[name](session, *words)
        if session is not None:
            session.commit()
        print(said or f"{name} {words[0] if words else ''}", flush=True)


if __name__ == "__main__":
    main()

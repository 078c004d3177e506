"""GitLab's numbers for what someone may do, and the words it has for them."""

from __future__ import annotations

NO_ACCESS = 0
MINIMAL = 5
GUEST = 10
PLANNER = 15
REPORTER = 20
DEVELOPER = 30
MAINTAINER = 40
OWNER = 50
ADMIN = 60

NAMES = {
    NO_ACCESS: "None",
    MINIMAL: "Minimal Access",
    GUEST: "Guest",
    PLANNER: "Planner",
    REPORTER: "Reporter",
    25: "Security Manager",
    DEVELOPER: "Developer",
    MAINTAINER: "Maintainer",
    OWNER: "Owner",
    ADMIN: "Admin",
}
MEMBER = (GUEST, PLANNER, REPORTER, 25, DEVELOPER, MAINTAINER, OWNER)
"""Levels a member or a share can have (groups of a paid tier also take MINIMAL)."""
PROTECTION = (NO_ACCESS, DEVELOPER, MAINTAINER, ADMIN)
"""Levels a rule on branches can name."""
TAG_PROTECTION = (NO_ACCESS, DEVELOPER, MAINTAINER)
PROTECTION_NAMES = {
    NO_ACCESS: "No one",
    DEVELOPER: "Developers + Maintainers",
    MAINTAINER: "Maintainers",
    ADMIN: "Instance admins",
}
ENUM = {
    NO_ACCESS: "NO_ACCESS",
    MINIMAL: "MINIMAL_ACCESS",
    GUEST: "GUEST",
    PLANNER: "PLANNER",
    REPORTER: "REPORTER",
    25: "SECURITY_MANAGER",
    DEVELOPER: "DEVELOPER",
    MAINTAINER: "MAINTAINER",
    OWNER: "OWNER",
    ADMIN: "ADMIN",
}

VISIBILITY = {"private": 0, "internal": 10, "public": 20}


def open_wider(visibility: str, above: str) -> bool:
    """Whether a visibility shows more than another one."""
    return VISIBILITY[visibility] > VISIBILITY[above]

"""What `doctor` wants to know of a server and the token for it."""

from __future__ import annotations

from sigctl.errors import DeniedError, ForgeError
from sigctl.forges.base import Health
from sigctl.forges.pagure.session import Session


def health(session: Session) -> Health:
    """Return the findings; what goes wrong on the way is one of them. ACLs and end of a token are not told to anyone."""
    version = ""
    try:
        version = str(session.get("/version").get("version") or "")
        me = session.me()
    except DeniedError as error:
        return Health(reachable=True, version=version, problems=(_line(error),))
    except ForgeError as error:
        return Health(reachable=bool(version), version=version, problems=(_line(error),))
    return Health(reachable=True, me=me, version=version)


def _line(error: ForgeError) -> str:
    return f"{error.text}: {error.hint}" if error.hint else error.text

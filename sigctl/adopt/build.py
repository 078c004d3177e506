"""Making the data of the files from what the forges hold."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sigctl.adopt.accounts import Accounts, known_of
from sigctl.adopt.checked import checked
from sigctl.adopt.groups import elsewhere, has_group, on_group_of
from sigctl.adopt.hanging import hanging, with_shared
from sigctl.adopt.model import Data, Draft, Leave, Said, Source, Unsaid
from sigctl.adopt.names import Names, Templates, majority
from sigctl.adopt.rights import access_of, lifted
from sigctl.adopt.settings import org_settings, repo_settings, rules_of, team_texts
from sigctl.core.kinds import BranchRule, Grant, Key, Membership, Repo, Resource, Team, TeamMember
from sigctl.core.kinds.org import OWNER
from sigctl.core.kinds.team import LEAD

NOWHERE = "{repo}/{repo}"
"""Template for a SIG that has nothing on a forge: with it no group is made for the SIG."""
RepoKey = tuple[str, str]
"""SIG, and name in the files."""


class Builder:
    """Collects what the forges hold, by the names that the files have for it."""

    def __init__(self, sources: Sequence[Source], mapping: Said, leave: Leave) -> None:
        self.sources = sources
        self.mapping = mapping
        self.leave = leave
        known = known_of((account, logins) for account, logins in mapping.people.items())
        self.accounts = Accounts(known, mapping.link_equal_logins, set(mapping.people))
        self.unsaid: set[Unsaid] = set()
        self.names = {one.name: self._names(one) for one in sources}
        self.repos: dict[RepoKey, dict[str, Repo]] = defaultdict(dict)
        """SIG and name -> forge -> repository."""
        self.teams: dict[RepoKey, dict[str, Team]] = defaultdict(dict)
        self.team_of: dict[tuple[str, str], RepoKey] = {}
        """(forge, path) -> SIG and name."""
        self.layouts: dict[str, dict[str, Templates]] = defaultdict(dict)
        """Forge -> SIG -> templates other than the forge's."""
        self._sig_of: dict[tuple[str, str], str] = {}
        self._given: dict[tuple[str, str], set[str]] = defaultdict(set)
        """(forge, subject) -> repositories on which it is given something."""
        self._inner: dict[tuple[str, Key], list[Resource]] = defaultdict(list)
        for one in sources:
            for resource in one.observation.state.values():
                if "@" in resource.who():
                    self.say(
                        one.name,
                        resource.key.name,
                        "somebody is invited by an address: he is not in the files",
                    )
                elif resource.inside is not None:
                    self._inner[one.name, resource.inside].append(resource)
        self.skipped = {
            (one.name, login)
            for one in sources
            for login, account in one.observation.accounts.items()
            if account.kind == "bot" or account.status != "active"
        } | {(one.name, one.observation.me) for one in sources}

    def _names(self, source: Source) -> Names:
        templates = Templates(str(source.settings["repo"]), str(source.settings["team"]))
        own = {
            sig: Templates(str(one.get("repo") or templates.repo), str(one.get("team") or templates.team))
            for sig, one in (source.settings.get("layouts") or {}).items()
        }
        return Names(source.name, templates, source.traits, self.mapping.sigs, layouts=own)

    def draft(self) -> Draft:
        """Return the files as data."""
        for source in self.sources:
            self._place(source)
        self._index()
        data: Data = {"version": 1, "forges": {}, "people": {}, "sigs": {}}
        for sig in sorted({sig for sig, _ in (*self.repos, *self.teams)}):
            data["sigs"][sig] = self._sig(sig)
        for source in self.sources:
            data["forges"][source.name] = self._forge(source)
        people = {
            account: {"logins": {forge: login for forge, login in logins.items() if forge in self.names}}
            for account, logins in self.mapping.people.items()
        }
        for account, logins in self.accounts.made.items():
            people.setdefault(account, {"logins": {}})["logins"].update(logins)
        data["people"] = dict(sorted(people.items()))
        for login, one, other in sorted(self.accounts.alike):
            self.say(
                "",
                login,
                f"{one} and {other} may be one person: link them under `people` if you know that they are",
            )
        places = {(forge, one.key): key for key, found in self.repos.items() for forge, one in found.items()}
        places |= {(forge, one.key): key for key, teams in self.teams.items() for forge, one in teams.items()}
        return Draft(data, self.unsaid, places)

    def say(self, forge: str, subject: str, text: str) -> None:
        """Tell of something that is left out."""
        self.unsaid.add(Unsaid(forge, subject, text))

    # -- whose is what ---------------------------------------------------------------------------------------

    def _place(self, source: Source) -> None:
        names = self.names[source.name]
        found: list[tuple[str, str, Templates, Repo | Team]] = []
        for one in source.observation.state.values():
            if not isinstance(one, Repo | Team) or one.path.partition("/")[0] not in self._tops(source):
                continue
            if (source.name, one.path) in (self.leave.repos if isinstance(one, Repo) else self.leave.teams):
                continue
            place = names.repo(one.path) if isinstance(one, Repo) else names.team(one.path)
            if place is None:
                self.say(
                    source.name,
                    one.path,
                    f"no name in the files can mean the {one.KIND}: it stays undeclared",
                )
                continue
            found.append((*place, one))
        self._settle(source, names, found)

    def _tops(self, source: Source) -> frozenset[str]:
        if source.traits.server_teams:
            return source.orgs | {
                one.path for one in source.observation.state.values() if isinstance(one, Team)
            }
        return source.orgs

    def _settle(
        self, source: Source, names: Names, found: Sequence[tuple[str, str, Templates, Repo | Team]]
    ) -> None:
        """Give each SIG the templates that most of its repositories and teams fit; the others are not declared."""
        by_sig: dict[str, list[tuple[str, Templates, Repo | Team]]] = defaultdict(list)
        for sig, name, templates, one in found:
            by_sig[sig].append((name, templates, one))
        for sig, mine in by_sig.items():
            usual = names.layouts.get(sig, names.templates)
            repo = majority((t for _, t, one in mine if isinstance(one, Repo)), usual).repo
            team = majority((t for _, t, one in mine if isinstance(one, Team)), usual).team
            chosen = Templates(repo, team)
            if chosen != names.templates:
                self.layouts[source.name][sig] = chosen
            for name, templates, one in mine:
                self._keep(source, (sig, name), chosen, templates, one)

    def _keep(
        self, source: Source, key: RepoKey, chosen: Templates, templates: Templates, one: Repo | Team
    ) -> None:
        there: dict[str, Any] = self.repos[key] if isinstance(one, Repo) else self.teams[key]
        fits = templates.repo == chosen.repo if isinstance(one, Repo) else templates.team == chosen.team
        if not fits or source.name in there:
            where = chosen.repo if isinstance(one, Repo) else chosen.team
            self.say(source.name, one.path, f"SIG {key[0]} has its own at {where}: it stays undeclared")
            return
        there[source.name] = one
        if isinstance(one, Team):
            self.team_of[source.name, one.path] = key

    # -- what they are ---------------------------------------------------------------------------------------

    def _sig(self, sig: str) -> Data:
        out: Data = {}
        teams = {
            name: self._team((s, name)) for s, name in sorted(self.teams) if s == sig and self.teams[s, name]
        }
        if teams:
            out["teams"] = teams
        mine = {name: found for (s, name), found in sorted(self.repos.items()) if s == sig and found}
        on_group = on_group_of(self, sig)
        rights = {name: access_of(self, sig, found, on_group) for name, found in mine.items()}
        shared = on_group if has_group(self, sig) else lifted(rights)
        if shared:
            out["access"] = dict(sorted(shared.items()))
        rules = {name: rules_of(self, found) for name, found in mine.items()}
        common = _common(rules.values())
        for kind in ("branches", "tags"):
            if common.get(kind):
                out[kind] = common[kind]
        out["repos"] = {}
        for name, found in mine.items():
            repo = repo_settings(self, found) | hanging(self, found) | checked(self, found)
            if len(found) < len(self.sources):
                repo["forges"] = sorted(found)
            own = self._own(sig, rights[name], shared)
            if own:
                repo["access"] = own
            for kind in ("branches", "tags"):
                if rules[name].get(kind) and rules[name][kind] != common.get(kind):
                    repo[kind] = rules[name][kind]
            out["repos"][name] = repo
        return out | with_shared(out["repos"])

    def _own(self, sig: str, rights: Data, shared: Data) -> Data:
        """Return the rights on a repository that are not the SIG's."""
        own = {subject: level for subject, level in rights.items() if shared.get(subject) != level}
        if not has_group(self, sig):
            own |= {subject: "none" for subject in shared if subject not in rights}
        return dict(sorted(own.items()))

    def _team(self, key: RepoKey) -> Data:
        out = team_texts(self, self.teams[key])
        members: set[str] = set()
        leads: set[str] = set()
        for source in self.sources:
            team = self.teams[key].get(source.name)
            if team is None:
                continue
            for one in self.inner(source, team.key):
                if isinstance(one, TeamMember) and self.has(source, one.login):
                    account = self.account(source, one.login)
                    owner = self._owns(source, team.path, one.login)
                    (leads if one.role == LEAD and not owner else members).add(account)
        if members - leads:
            out["members"] = sorted(members - leads)
        if leads:
            out["leads"] = sorted(leads)
        users = self._users(key)
        if users:
            out["usable_by"] = users
        return out

    def _users(self, key: RepoKey) -> list[str]:
        """Return the other SIGs whose repositories give the team something."""
        found: set[str] = set()
        for forge, team in self.teams[key].items():
            for repo in self._given[forge, f"team:{team.path}"]:
                sig = self._sig_of.get((forge, repo))
                found |= {sig} if sig and sig != key[0] else set()
        return sorted(found)

    def _index(self) -> None:
        self._sig_of = {
            (forge, repo.path): key[0] for key, found in self.repos.items() for forge, repo in found.items()
        }
        for source in self.sources:
            for one in source.observation.state.values():
                subjects: set[str] = set()
                if isinstance(one, Grant) and one.on == Repo.KIND:
                    subjects = {one.subject}
                elif isinstance(one, BranchRule):
                    subjects = {*(one.push or ()), *(one.merge or ()), *(one.create or ())}
                if one.inside is not None:
                    for subject in subjects:
                        self._given[source.name, subject].add(one.inside.name)

    def inner(self, source: Source, key: Key) -> list[Resource]:
        """Return what hangs on a thing."""
        return self._inner[source.name, key]

    def _owns(self, source: Source, team: str, login: str) -> bool:
        found = source.observation.state.get(Key(Membership.KIND, f"{team.partition('/')[0]}:{login}"))
        return isinstance(found, Membership) and found.role == OWNER

    def has(self, source: Source, login: str) -> bool:
        """Whether the login is that of a person, who can be in the files."""
        return (source.name, login) not in self.skipped and bool(login)

    def account(self, source: Source, login: str) -> str:
        """Return the account of a login."""
        return self.accounts.of(source.name, login, source.observation.accounts.get(login))

    def subject(self, source: Source, sig: str, subject: str) -> str | None:
        """Return a subject as a SIG's file names it; None for one that it can't name."""
        kind, _, name = subject.partition(":")
        if kind == "person":
            return f"person:{self.account(source, name)}" if self.has(source, name) else None
        if kind != "team":
            return None
        found = self.team_of.get((source.name, name))
        if found is None:
            return None
        return found[1] if found[0] == sig else f"{found[0]}/{found[1]}"

    # -- groups and forges -----------------------------------------------------------------------------------

    def _forge(self, source: Source) -> Data:
        out: Data = dict(source.settings)
        own = {sig: {"repo": t.repo, "team": t.team} for sig, t in sorted(self.layouts[source.name].items())}
        own |= {sig: {"repo": NOWHERE} for sig in elsewhere(self, source) if sig not in own}
        if own:
            out["layouts"] = dict(sorted(own.items()))
        orgs, usual = org_settings(self, source)
        if usual:
            out["visibility"] = usual
        if orgs:
            out["orgs"] = {**(source.settings.get("orgs") or {}), **orgs}
        return out


def _common(rules: Iterable[Data]) -> Data:
    """Return the rules that every repository has, where there are several."""
    every = list(rules)
    out = {}
    for kind in ("branches", "tags"):
        counts = Counter(repr(one.get(kind)) for one in every)
        if len(every) > 1 and len(counts) == 1 and every[0].get(kind):
            out[kind] = every[0][kind]
    return out

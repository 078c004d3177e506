"""What one forge should hold: everything the files say, as flat resources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sigctl.core import levels
from sigctl.core.kinds import Features, Grant, Key, Membership, Org, Repo, Resource, Team, TeamMember
from sigctl.core.kinds.org import MEMBER, OWNER
from sigctl.core.kinds.team import LEAD
from sigctl.core.state import Desired, Note
from sigctl.spec.entries import OWN, SHARED, Entry, entries, on_forge, settings
from sigctl.spec.layout import Layout, above, parent, project_of
from sigctl.spec.model import SigConfig, Spec
from sigctl.spec.resolve.parts import key_in_rules, of_org, of_repo
from sigctl.spec.resolve.rights import Given, Rights, Who, shown
from sigctl.spec.resolve.roster import Logins, Roster, TeamKey
from sigctl.spec.resolve.rules import branch_rules, kernel_writers

ORG, REPO = Org.KIND, Repo.KIND


@dataclass
class ForgeBuilder:
    """Collects the resources of one forge."""

    spec: Spec
    layout: Layout
    roster: Roster
    logins: Logins
    notes: set[Note] = field(default_factory=set)
    state: dict[Key, Resource] = field(default_factory=dict)
    sigs: dict[Key, str] = field(default_factory=dict)
    managed: set[Key] = field(default_factory=set)
    teams: dict[tuple[TeamKey, str], str] = field(default_factory=dict)
    """(team, org) -> path; one org "" where a team has a path of its own."""
    parts: set[Key] = field(default_factory=set)
    """(kind, path) of the lists of parts that the files say."""

    @property
    def name(self) -> str:
        """The forge's name."""
        return self.layout.forge.name

    def add(self, resource: Resource, sig: str = "", *, managed: bool = False) -> None:
        """Put a resource in; the first of two with one key stays."""
        key = resource.key  # made anew at each look
        if key not in self.state:
            self.state[key] = resource
            if sig:
                self.sigs[key] = sig
        if managed:
            self.managed.add(key)

    def note(self, topic: str, subject: str, text: str, sig: str = "") -> None:
        """Say something to the reader of the plan."""
        self.notes.add(Note(topic, subject, text, self.name, sig))

    def team_path(self, team: TeamKey, org: str) -> str:
        """Return the team's path in an org, where it then will be."""
        place = (team, "" if self.layout.traits.team_is_group else org)
        if place not in self.teams:
            sig, name = team
            self.teams[place] = self.layout.team(sig, name, org, project_of(self.spec.sigs[sig], name))
        return self.teams[place]

    def subject(self, one: Who, target: str, org: str, sig: str) -> str | None:
        """Return the subject as a grant names it; None for a person without a login here."""
        if one[0] == "team":
            return f"team:{self.team_path((one[1], one[2]), org)}"
        login = self.logins.of(one[2], f"rights on {target}", sig)
        return None if login is None else f"person:{login}"

    def grant(self, target: Key, org: str, one: Who, given: Given, sig: str) -> None:
        """Give a level to a subject, if it can be named here."""
        subject = self.subject(one, target.name, org, sig)
        if subject is not None:
            ends = "until" in self.layout.traits.fields.get(Grant.KIND, frozenset())
            until = (given.until.isoformat() if given.until else "") if ends else None
            self.add(Grant(target.kind, target.name, subject, given.level, until), sig)


def build(spec: Spec, layout: Layout, roster: Roster) -> tuple[Desired, set[Note]]:
    """Return what the forge should hold, and what to tell about it."""
    builder = ForgeBuilder(spec, layout, roster, Logins(layout.forge.name, spec.people))
    rights = Rights(roster)
    _declared_orgs(builder)
    for sig in spec.sigs.values():
        _sig(builder, rights, sig)
    for entry in entries(spec):
        if on_forge(entry, builder.name):
            _repo(builder, rights, entry)
        else:
            text = "is left alone here" if builder.name in entry.config.left_alone else "is not on this forge"
            builder.note("left_alone", entry.name, text, entry.sig.name)
    _teams(builder)
    _namespaces(builder)
    return _desired(builder), builder.notes | builder.logins.notes


def _desired(builder: ForgeBuilder) -> Desired:
    forge = builder.layout.forge
    tops = {r.path.partition("/")[0] for r in builder.state.values() if isinstance(r, Org | Repo | Team)}
    return Desired(
        forge=builder.name,
        state=dict(sorted(builder.state.items())),
        sigs=builder.sigs,
        managed=frozenset(builder.managed),
        orgs=frozenset(tops),
        pins=dict(sorted(builder.logins.used.items())),
        undeclared=forge.undeclared.model_dump(),
        parts=frozenset(builder.parts),
        classic=builder.spec.policy.classic_protection,
        left_alone=frozenset(builder.spec.policy.left_alone.get(builder.name, ())),
        closest_rules=forge.branch_rules == "closest",
    )


def _declared_orgs(builder: ForgeBuilder) -> None:
    traits = builder.layout.traits
    for path, org in sorted(builder.layout.forge.orgs.items()):
        two_factor = None if org.two_factor is None else org.two_factor == "required"
        visibility = org.visibility or (builder.layout.forge.visibility if traits.nested_orgs else None)
        resource = Org(
            path,
            org.title,
            visibility,
            org.base_level,
            org.members_create_repos,
            two_factor,
            None if org.members_create is None else tuple(sorted(org.members_create)),
            org.fork_private,
            org.create_repos,
            org.create_groups,
            org.share_outside,
            org.deploy_keys,
            org.protect_default,
        )
        builder.add(resource, managed=org.owners is not None)
        of_org(builder, path, org)
        for account in org.owners or ():
            login = builder.logins.of(account, f"owner of {path}")
            if login is not None and Membership.KIND in traits.kinds:
                builder.add(Membership(path, login, OWNER))
            elif login is not None:
                builder.add(Grant(ORG, path, f"person:{login}", levels.ADMIN))


def _sig(builder: ForgeBuilder, rights: Rights, sig: SigConfig) -> None:
    group = builder.layout.own_group(sig.name)
    if group:
        builder.add(Org(group, sig.title, builder.layout.forge.visibility), sig.name, managed=True)
        for one, given in rights.of_sig(sig).items():
            if given.level != levels.NONE:
                builder.grant(Key(ORG, group), group, one, given, sig.name)
    home = builder.layout.home(sig.name)
    for name in sig.all_teams():
        builder.team_path((sig.name, name), home)


def _repo(builder: ForgeBuilder, rights: Rights, entry: Entry) -> None:
    sig = entry.sig.name
    path = builder.layout.repo(sig, entry.name, entry.project)
    given_settings = {name: value for name, (value, _) in settings(builder.spec, entry).items()}
    builder.add(_repo_resource(builder, entry, path, given_settings), sig, managed=True)
    org = parent(path)
    group = builder.layout.own_group(sig)
    inherited = rights.of_sig(entry.sig) if group and path.startswith(f"{group}/") else {}
    for one, given in rights.effective(entry).items():
        above_ = inherited.get(one)
        if above_ is None or _more(given, above_):
            builder.grant(Key(REPO, path), org, one, given, sig)
    for one, given in rights.of_repo(entry).items():
        if one in inherited and not _more(given, inherited[one]) and given.level != inherited[one].level:
            text = f"{inherited[one].level} for {shown(one)} is inherited from {group}; {given.level} here changes nothing"
            builder.note("inherited", path, text, sig)
    _kernel_rights(builder, rights, entry, path)

    def named(one: Who) -> str | None:
        return builder.subject(one, path, org, sig)

    for rule in branch_rules(builder.spec, entry, path, named, partial(key_in_rules, builder, entry, path)):
        builder.add(rule, sig)
    of_repo(builder, entry, path, given_settings)


def _more(given: Given, than: Given) -> bool:
    longer = than.until is not None and (given.until is None or given.until > than.until)
    return levels.widens(than.level, given.level) or (given.level == than.level and longer)


def _repo_resource(builder: ForgeBuilder, entry: Entry, path: str, found: Mapping[str, Any]) -> Repo:
    topics = found.get("topics")
    apart = {
        name for name in ("issues", "wiki") if f"features.{name}" in found and _finer(builder)
    }  # the finer word says both
    primary = builder.layout.forge.role == "primary"
    return Repo(
        path,
        description=entry.config.description,
        visibility=found.get("visibility"),
        default_branch=found.get("default_branch"),
        archived=found.get("archived"),
        homepage=found.get("homepage"),
        topics=None if topics is None else tuple(sorted(topics)),
        issues=None if "issues" in apart else found.get("issues"),
        wiki=None if "wiki" in apart else found.get("wiki"),
        merge_commit=found.get("merge.commit"),
        squash_merge=found.get("merge.squash"),
        rebase_merge=found.get("merge.rebase"),
        delete_branch_on_merge=found.get("merge.delete_branch"),
        filled=entry.config.upstream is not None
        and entry.sig.status == "active"
        and (primary or _replicated(builder, entry)),
        previously=builder.layout.older_repos(
            entry.sig.name, entry.name, entry.config.previously, entry.project
        )
        or None,
    )


def _finer(builder: ForgeBuilder) -> bool:
    return Features.KIND in builder.layout.traits.kinds


def _replicated(builder: ForgeBuilder, entry: Entry) -> bool:
    return any(f.role == "primary" and on_forge(entry, f.name) for f in builder.spec.forges.values())


def _kernel_rights(builder: ForgeBuilder, rights: Rights, entry: Entry, path: str) -> None:
    """Let each SIG write to the shared kernel, only where the forge can keep it to its own branches."""
    kernel = builder.spec.kernel
    if kernel is None or entry.sig.status == "retired":
        return
    if entry.kernel == OWN:  # those who may write in all of the SIG's repositories have their right already
        have = rights.effective(entry)
        _may_write(
            builder,
            entry,
            path,
            [one for one in kernel_writers(builder.spec, entry.sig.name) if one not in have],
        )
    if entry.kernel != SHARED or kernel.layout != "shared":
        return
    traits, tier = builder.layout.traits, builder.layout.forge.tier.lower()
    enforced = "branch_rule" in traits.kinds and "subjects" not in traits.tier_lacks.get(tier, ())
    for name in sorted(kernel.sigs):
        sig = builder.spec.sigs.get(name)
        if sig is None or sig.status == "retired":
            continue
        if not enforced:
            text = (
                f"sig {name} gets no right to push here: this forge can't keep it to {kernel.sigs[name].namespace}, and the upstream "
                "branches would be open to it; `kernel.layout: carried` gives it a kernel of its own, whose branches come here"
            )
            builder.note("unsupported", path, text, name)
            continue
        _may_write(builder, entry, path, kernel_writers(builder.spec, name))


def _may_write(builder: ForgeBuilder, entry: Entry, path: str, subjects: Iterable[Who]) -> None:
    given = Given(levels.WRITE, None, entry.path)
    for one in subjects:
        builder.grant(Key(REPO, path), parent(path), one, given, entry.sig.name)


def _teams(builder: ForgeBuilder) -> None:
    for (team, org), path in sorted(builder.teams.items()):
        sig = builder.spec.sigs[team[0]]
        config = sig.all_teams()[team[1]]
        titled = builder.layout.traits.team_is_group
        older = builder.layout.older_teams(team[0], team[1], config.previously, org, project_of(sig, team[1]))
        resource = Team(
            path,
            title=config.title if titled else None,
            description=config.description if titled else config.description or config.title,
            secret=config.secret,
            previously=older or None,
        )
        builder.add(resource, team[0], managed=True)
        leads = builder.roster.leads(team)
        for account in sorted(builder.roster.members(team)):
            login = builder.logins.of(account, f"member of {team[0]}/{team[1]}", team[0])
            if login is not None:
                builder.add(TeamMember(path, login, LEAD if account in leads else MEMBER), team[0])
                _membership(builder, parent(path), login)


def _membership(builder: ForgeBuilder, org: str, login: str) -> None:
    if Membership.KIND in builder.layout.traits.kinds:
        declared = builder.layout.forge.orgs.get(org)
        owners_known = declared is not None and declared.owners is not None
        builder.add(Membership(org, login, MEMBER if owners_known else None))


def _namespaces(builder: ForgeBuilder) -> None:
    """Put in every group on the way to a repository, a team or a group."""
    paths = [r.path for r in builder.state.values() if isinstance(r, Org | Repo | Team)]
    visibility = builder.layout.forge.visibility if builder.layout.traits.nested_orgs else None
    for path in sorted(_namespaces_of(paths)):
        builder.add(Org(path, visibility=visibility), _owner(builder, path))


def _namespaces_of(paths: Iterable[str]) -> set[str]:
    return {namespace for path in paths for namespace in above(path)}


def _owner(builder: ForgeBuilder, path: str) -> str:
    """Return the SIG whose own group a namespace is in, "" for what several share."""
    for name in builder.spec.sigs:
        group = builder.layout.own_group(name)
        if group and (path == group or path.startswith(f"{group}/")):
            return name
    return ""

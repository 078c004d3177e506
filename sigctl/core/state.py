"""The two sides that are compared: what should be, and what a forge reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from sigctl.core.kinds import Key, Resource
from sigctl.core.levels import NONE

State = dict[Key, Resource]
WHOLE_KEYS = "deploy_keys:whole"
"""Capability of a forge whose deploy keys are read in all repositories, declared there or not."""
LACKS = "lacks:"
"""Begins the capability that says that a server lacks a kind which others of its sort have: `lacks:KIND:why`."""
COMPUTED_RULES = "branch_rules:computed"
"""Capability of a server that works out who may push where from something that is not ours to change."""
OWN_WAY = "branch_rules:own:"
"""Begins the capability that says by which subject of a rule the account that sigctl runs as is let in: `person:LOGIN`, `level:WORD`."""


def state(resources: Iterable[Resource]) -> State:
    """Return the resources by key; ValueError where two share one, since one of them would be lost."""
    out: State = {}
    for resource in resources:
        key = resource.key  # made anew at each look
        if key in out:
            raise ValueError(f"two resources with the key {key}")
        out[key] = resource
    return out


@dataclass(frozen=True, slots=True)
class Note:
    """Something a reader of the plan should know that is no action: rounded, left alone, undeclared, pending."""

    topic: str
    """One word: rounded, undeclared, ourselves, bot, pending, empty, unlinked, renamed, held, expires, unsupported, unknown, unread."""
    subject: str
    text: str
    forge: str = ""
    sig: str = ""


@dataclass(frozen=True, slots=True)
class SetAside:
    """A person, repository or forge that is left out of this run, with the reason; the rest goes on, exit is not 0."""

    subject: str
    reason: str
    forge: str = ""
    sig: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """A login as a forge knows it; `id` is what stays when the login is renamed."""

    login: str
    id: int | str | None = None
    kind: str = "user"
    """One of user, bot."""
    status: str = "active"
    """One of active, blocked, missing, declined (an invitation failed today: another one has to wait)."""
    reason: str = ""
    """What there is to say about the status, where the status alone does not say it."""


@dataclass(frozen=True, slots=True)
class Desired:
    """What one forge should hold, and who in the files stands behind each of it."""

    forge: str
    state: State
    sigs: Mapping[Key, str] = field(default_factory=dict)
    """The SIG that each resource belongs to; absent for what belongs to no SIG."""
    managed: frozenset[Key] = frozenset()
    """The declared things inside of which the files are the whole truth."""
    orgs: frozenset[str] = frozenset()
    """Top namespaces whose repositories and teams are compared, so that undeclared ones can be reported."""
    pins: Mapping[str, int | str] = field(default_factory=dict)
    """Login -> the id that the files pin for it."""
    undeclared: Mapping[str, str] = field(default_factory=dict)
    """What (repos, teams, members) -> report, remove or ignore."""
    left_alone: frozenset[str] = frozenset()
    """Logins that are named in the policy as not ours to manage (apps, bots, security teams)."""
    parts: frozenset[Key] = frozenset()
    """(kind, path of a repository or an org) for each list of parts that the files say whole: labels, webhooks, deploy keys."""
    closest_rules: bool = False
    """A rule of branches that the server can't keep as it is declared is kept as closely as it can be, and told of; else set aside."""
    classic: str = "report"
    """What to do with branch protection of the forge's older kind: report it, or replace it where our rules cover it."""
    rewritten: frozenset[Key] = frozenset()
    """The repositories whose history may be overwritten, or lose refs, in this run."""

    def logins(self) -> frozenset[str]:
        """Return every login that the desired state speaks of."""
        found = set(self.pins)
        for resource in self.state.values():
            for name in resource.LOGINS:
                prefix, _, login = getattr(resource, name).rpartition(":")
                if prefix in ("", "person"):
                    found.add(login)
        return frozenset(found)

    def only(self, keys: Iterable[Key]) -> Desired:
        """Return the same with these resources and what they need, near and far, alone."""
        keep: set[Key] = set()
        left = list(keys)
        while left:
            key = left.pop()
            if key not in keep and key in self.state:
                keep.add(key)
                left += self.state[key].needs()
        return replace(
            self,
            state={key: one for key, one in self.state.items() if key in keep},
            sigs={key: sig for key, sig in self.sigs.items() if key in keep},
        )


@dataclass(frozen=True, slots=True)
class Unread:
    """What could not be read of one repository, while the rest of its forge was: what is not seen of it is not absent."""

    reason: str
    hint: str = ""
    kinds: frozenset[str] = frozenset()
    """Kinds of which something there is unknown; of the repository itself for `repo`, what single people have for `grant`."""
    teams: bool = False
    """Whether it is unknown what teams have there, too."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What a forge reported, whole within its scope but for what it names; a read that failed otherwise raises, and is none of these."""

    forge: str
    state: State
    accounts: Mapping[str, Account] = field(default_factory=dict)
    """By login as the forge spells it; every login asked for is here, `missing` where nobody has it."""
    me: str = ""
    """The login behind the token, "" for an app."""
    capabilities: frozenset[str] = frozenset()
    """What this server can do beyond the traits of its kind, found out by asking (tier, edition, plan of the org)."""
    notes: tuple[Note, ...] = ()
    reads: int = 0
    unread: Mapping[Key, Unread] = field(default_factory=dict)
    """Repositories of which some part could not be read, whether or not they are in the state."""

    @property
    def computed_rules(self) -> bool:
        """Whether the server itself works out who may push where, so that there is nothing to compare or write."""
        return COMPUTED_RULES in self.capabilities

    @property
    def own_way(self) -> str:
        """Return the subject by which a rule lets in the account that sigctl runs as, "" where there is none."""
        found = (word.removeprefix(OWN_WAY) for word in self.capabilities if word.startswith(OWN_WAY))
        return min(found, default="")


@dataclass(frozen=True, slots=True)
class Traits:
    """What a kind of forge can do, as data; nothing outside its folder asks which vendor it is."""

    kinds: frozenset[str]
    """Kinds it has; resources of other kinds are not its business."""
    fields: Mapping[str, frozenset[str]]
    """Kind -> the optional fields it can hold; others are dropped with a note."""
    team_levels: tuple[str, ...]
    person_levels: tuple[str, ...]
    visibilities: tuple[str, ...]
    fold_logins: bool = True
    fold_paths: bool = True
    group_grants: bool = False
    """A level can be given once on the group, for everything below it."""
    nested_orgs: bool = False
    """Groups can be created, at any depth; else an org is made by hand and must exist."""
    team_is_group: bool = False
    """A team is itself a group with a path, and lives in the same namespace as groups."""
    owners_lead_teams: bool = False
    """An owner of the org reads back as lead of each team he is in, whatever role was given."""
    repo_name: str = r"[A-Za-z0-9._-]+"
    """Regular expression that the last part of a repository's path matches in full."""
    plus_in_names: bool = False
    """A `+` can stand in a repository's name; else it is written `plus`."""
    login: str = r"[A-Za-z0-9][A-Za-z0-9._-]*"
    """Regular expression that a login matches in full."""
    reserved: frozenset[str] = frozenset()
    """Names that no repository or group may have, lower case."""
    archived_locked: bool = False
    """An archived repository refuses changes of its grants and settings, too."""
    tier_lacks: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Tier, as the files name it -> what servers of it can't enforce in branch rules: subjects (named teams and people),
    reviews, checks."""
    pushers_merge: bool = False
    """Whoever may push to a branch may merge into it; and nobody is kept from merging where anybody may push."""
    share_gap: bool = False
    """Changing the level of a team's grant takes the team out for a moment."""
    server_teams: bool = False
    """A team belongs to the whole server: its path is a bare name, whatever org its repositories are in."""
    push_by_pattern: bool = False
    """There are no rules of branches as such: who may write may push to every branch, or to those that his grant names."""
    everyone: str = NONE
    """Level that everybody has on what is public, without a grant."""
    only: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Kind -> field -> the one value it has here: declaring that value asks for nothing."""
    by_hand: Mapping[str, str] = field(default_factory=dict)
    """`VERB KIND`, or `branches` for a grant on some branches -> what the server's admin does, since the API can't; with {name},
    {me}, {target}, {subject}, {branches}."""
    needs: Mapping[str, str] = field(default_factory=dict)
    """Kind, `KIND:on` or `KIND.field` -> capability that the server must have for it; without it, it is told of and left out."""
    told_only: Mapping[str, str] = field(default_factory=dict)
    """`KIND.field` that the forge tells and that can't be set by API -> who does it, and where."""
    key_gap: bool = False
    """A deploy key can't be changed: it is taken out and put back, and has no access in between."""
    one_repo_keys: bool = False
    """A deploy key can be on one repository only."""
    fold_labels: bool = False
    """Names of labels are the same in upper and lower case."""
    branch_at_birth: bool = False
    """The default branch of an empty repository can be given only when the repository is made."""
    rules_open: bool = False
    """Of several rules that match a branch, one that lets somebody in is enough; else the narrowest ones decide, all of them."""
    one_review_count: bool = False
    """All rules of a repository that ask for reviews ask for the same number of them."""
    rule_keys: bool = False
    """A rule of branches can name a deploy key of its repository."""
    owners_pass: bool = False
    """Owners of an org may push past the rules of its branches."""
    features: Mapping[str, str] = field(default_factory=dict)
    """Feature of a repository that can be given to some and not to others -> who has it in a new one."""
    team_roles: Mapping[str, str] = field(default_factory=dict)
    """Role in a team, as observed -> the most that a member with it gets through the team; absent: all that the team has."""

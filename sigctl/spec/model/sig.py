"""SIGs: who is in them, what they have, who may do what."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from pydantic import Field, model_validator

from sigctl.spec.model.base import (
    Account,
    Bool,
    Day,
    Model,
    RepoName,
    Short,
    SigName,
    TeamName,
    TeamRef,
    Text,
    wrong,
)
from sigctl.spec.model.repo import Access, BranchEntry, RepoConfig, RepoSettings


class Member(Short):
    """A person in a team."""

    SHORT = "person"

    person: Account = Field(description="Account name, as under `people`.")
    until: Day | None = Field(default=None, description="Last day in the team.")


class Subteam(Short):
    """A team whose people are in this team too."""

    SHORT = "team"

    team: TeamRef = Field(description="TEAM of the same SIG, or SIG/TEAM of a SIG that allows it.")
    until: Day | None = Field(default=None, description="Last day on which it is contained.")


class TeamConfig(Model):
    """A team of a SIG or of a project within it."""

    title: Text | None = Field(default=None, description="Name shown to people.")
    description: Text | None = Field(default=None, description="What the team is for.")
    members: tuple[Member, ...] = Field(
        default=(), description="People: an account name, or {person, until}."
    )
    leads: tuple[Account, ...] = Field(
        default=(),
        description="People who are in the team and may manage it on forges where a team has leads.",
    )
    teams: tuple[Subteam, ...] = Field(default=(), description="Teams whose people are in this one too.")
    usable_by: tuple[Text, ...] = Field(
        default=(), description='Other SIGs that may contain this team or give it rights; "*" is every SIG.'
    )
    secret: Bool | None = Field(default=None, description="Seen by its members only, on forges that can.")
    previously: tuple[TeamName, ...] = Field(
        default=(), description="Older names: a team found there is renamed."
    )


class Chair(Short):
    """A chair of a SIG."""

    SHORT = "person"

    person: Account = Field(description="Account name.")
    acting: Bool = Field(default=False, description="Chair for the time being.")
    until: Day | None = Field(default=None, description="Last day in the chair.")


class Group(Model):
    """What SIGs and the projects within them have in common."""

    title: Text | None = Field(default=None, description="Full name.")
    teams: dict[TeamName, TeamConfig] = Field(default={}, description="Teams by name.")
    access: Access = Field(
        default={}, description="Rights on all repositories of it: team or person:ACCOUNT -> level."
    )
    branches: tuple[BranchEntry, ...] = Field(
        default=(), description="Rules for the branches of all its repositories."
    )
    tags: tuple[BranchEntry, ...] = Field(
        default=(), description="Rules for the tags of all its repositories."
    )
    defaults: RepoSettings = Field(default=RepoSettings(), description="Settings for all its repositories.")
    repos: dict[RepoName, RepoConfig | None] = Field(default={}, description="Repositories by name.")


class Project(Group):
    """A project within a SIG, with repositories, teams and branches of its own."""


class SigConfig(Group):
    """One SIG."""

    FIRST = (
        "title", "status", "empty_teams", "chairs", "sponsors", "list", "docs", "bugs", "meetings",
        "teams", "access", "branches", "tags", "defaults", "projects",
    )  # fmt: skip

    status: Literal["active", "retired"] = Field(
        default="active", description="retired: everything stays readable, nothing is writable."
    )
    empty_teams: Bool = Field(default=False, description="Whether the teams of a retired SIG are emptied.")
    chairs: tuple[Chair, ...] = Field(
        default=(), description="Chairs: account names, or {person, acting, until}."
    )
    sponsors: tuple[Account, ...] = Field(
        default=(), description="Accounts that sponsor the SIG with the board."
    )
    list: Text | None = Field(default=None, description="Mailing list.")
    docs: Text | None = Field(default=None, description="Where its documentation is.")
    bugs: Text | None = Field(default=None, description="Where its bugs are.")
    meetings: Text | None = Field(default=None, description="When and where it meets.")
    projects: dict[SigName, Project] = Field(default={}, description="Projects within the SIG.")

    @cached_property
    def name(self) -> str:
        """The SIG's name in the files."""
        return ""  # `Spec` knows it, and puts it in this place

    @model_validator(mode="after")
    def _emptied_when_retired(self) -> SigConfig:
        if self.empty_teams and self.status == "active":
            raise wrong("`empty_teams` is for a retired SIG", "set `status: retired`, or take it out")
        return self

    def all_teams(self) -> dict[str, TeamConfig]:
        """Return the teams of the SIG and of its projects by name; a check refuses equal names."""
        teams = dict(self.teams)
        for project in self.projects.values():
            teams.update(project.teams)
        return teams

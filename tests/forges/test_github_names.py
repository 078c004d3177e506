"""GitHub's words and ours, both ways."""

from __future__ import annotations

import pytest

from sigctl.core.levels import LADDER
from sigctl.forges.github.client import api_of
from sigctl.forges.github.names import (
    invited_permission_of,
    level_of,
    org_role_of,
    permission_of,
    slug_of,
    team_role_of,
)
from sigctl.forges.github.session import path


@pytest.mark.parametrize("level", LADDER)
def test_every_level_survives_being_written_and_read(level: str) -> None:
    assert level_of(permission_of(level)) == level
    assert level_of(invited_permission_of(level)) == level
    assert level_of(level.upper()) == level


def test_a_custom_role_survives_and_is_written_as_it_is_called() -> None:
    assert level_of("Security Lead") == "native:Security Lead"
    assert permission_of("native:Security Lead") == "Security Lead"


def test_roles_that_are_not_known_survive() -> None:
    assert org_role_of("billing_manager") == "native:billing_manager"
    assert org_role_of("ADMIN") == "owner"
    assert org_role_of("direct_member") == org_role_of("MEMBER") == "member"
    assert team_role_of("MAINTAINER") == "lead"
    assert team_role_of("member") == "member"


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("My TEam Näme", "my-team-name"),
        ("sig-virt", "sig-virt"),
        ("a  b", "a-b"),
        ("a.b", "a-b"),
        ("c++", "c"),
        ("a_b", "a_b"),
    ],
)
def test_slugs_are_made_as_github_makes_them(name: str, slug: str) -> None:
    assert slug_of(name) == slug


def test_the_api_of_another_server_is_below_its_url() -> None:
    assert api_of("https://github.com") == "https://api.github.com"
    assert api_of("https://ghe.example.org") == "https://ghe.example.org/api/v3"


def test_parts_of_a_path_can_not_break_out_of_it() -> None:
    assert path("repos", "o", "a/../b?c") == "/repos/o/a%2F..%2Fb%3Fc"

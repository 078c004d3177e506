"""One bad person, repository or forge never changes the outcome for the others, in generated worlds."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from worlds import GROUPED, PEOPLE, REPOS, RULED, TRAITS, applied, desired_of, grouped, observation_of, worlds

from sigctl.core.compare import compare
from sigctl.core.kinds import Key
from sigctl.core.plan import Action
from sigctl.core.policy import Limit, Policy
from sigctl.core.state import Account
from sigctl.errors import RefusedError
from sigctl.executor import Executor

OPEN = Policy(max_removals={"default": Limit(percent=100)}, keep_self=False)
ILLS = ("missing", "blocked", "taken over")


def plan_for(wanted, seen, **told):
    desired = desired_of(wanted, **({"pins": told.pop("pins")} if "pins" in told else {}))
    return compare(desired, observation_of(seen, **told), TRAITS, OPEN).plan


def changes(plan):
    """Return what a plan does, whenever it does it."""
    return {action.id: (str(action.key), action.subject.who()) for action in plan.actions}


def opened_only_for(login, plan):
    """Return what takes a repository out of the archive and puts it back, where nobody else has a change inside it."""
    inside = defaultdict(list)
    for action in plan.actions:
        path = action.key.name if action.kind == "repo" else getattr(action.subject, "target", "")
        inside[path].append(action)
    found = set()
    for actions in inside.values():
        doors = [
            a for a in actions if a.kind == "repo" and a.before and a.before.archived != a.after.archived
        ]
        if len(doors) == 2 and all(a in doors or a.subject.who() == login for a in actions):
            found |= {a.id for a in doors}
    return found


def accounts(login, ill):
    found = {p: Account(p, n) for n, p in enumerate(PEOPLE, start=1)}
    found[login] = {
        "missing": Account(login, None, status="missing"),
        "blocked": Account(login, 77, status="blocked"),
        "taken over": Account(login, 4242),
    }[ill]
    return found


@given(worlds(), worlds(), st.sampled_from(PEOPLE), st.sampled_from(ILLS))
def test_a_bad_person_changes_nothing_of_what_is_done_about_others(wanted, seen, login, ill):
    pins = {login: 77}
    sound = {**accounts(login, "taken over"), login: Account(login, 77)}
    before, after = (
        plan_for(wanted, seen, pins=pins, accounts=found) for found in (sound, accounts(login, ill))
    )
    assert {one.subject for one in after.quarantined} == {login}
    others = {one for one, (_, who) in changes(before).items() if who != login} - opened_only_for(
        login, before
    )
    # an owner has everything anyway: where he is set aside, a right of his own is neither needless nor given
    assert {one for one, (_, who) in changes(after).items() if who != login} == others
    assert not any(who == login for _, who in changes(after).values())


@given(worlds(whole=True), worlds(whole=True), st.randoms(use_true_random=False))
def test_what_fails_skips_only_what_depends_on_it(wanted, seen, rng):
    plan = plan_for(wanted, seen)
    if not plan.actions:
        return
    bad = rng.choice(plan.actions)

    def perform(action: Action) -> str:
        if action.id == bad.id:
            raise RefusedError("no")
        return ""

    outcomes = Executor({"f": perform}, jobs={"f": 2}).run(plan.actions)
    lost = {bad.id}
    for action in plan.actions:
        lost |= {action.id} if lost & set(action.depends) else set()
    assert {o.action.id for o in outcomes if o.status == "done"} == {a.id for a in plan.actions} - lost


@given(worlds(whole=True), worlds(whole=True))
def test_a_bad_forge_changes_nothing_of_what_is_done_on_another(wanted, seen):
    plan = plan_for(wanted, seen)
    other = tuple(replace(action, forge="g", depends=()) for action in plan.actions)

    def fail(_: Action) -> str:
        raise RefusedError("away")

    outcomes = Executor({"f": lambda _: "", "g": fail}, jobs={"f": 1, "g": 1}).run([*other, *plan.actions])
    done = [o.action for o in outcomes if o.status == "done"]
    assert {a.id for a in done} == {a.id for a in plan.actions}
    assert plan_for(wanted, applied(seen, plan.actions)).actions == ()


def lost_with(plan, is_bad):
    """Return the ids of what is not done where everything about some things is refused; the law above holds the executor to that."""
    lost = set()
    for action in plan.actions:
        if is_bad(action) or lost & set(action.depends):
            lost.add(action.id)
    return lost


def about(path):
    """Return whether an action is about a repository or something in it."""

    def is_about(action):
        where = action.subject.inside or action.key
        return action.key == Key("repo", path) or where == Key("repo", path)

    return is_about


def holds_apart(plan, path):
    """Hold it that a broken repository takes nothing but itself with it, and whatever would let somebody in to it."""
    bad = about(path)
    lost = lost_with(plan, bad)
    for action in plan.actions:
        if action.id in lost and not bad(action):
            assert action.effect == "widens", action
            assert action.subject.inside is None or action.subject.inside.kind != "repo", action


@given(worlds(), worlds(), st.sampled_from(REPOS))
def test_a_broken_repository_takes_with_it_only_who_would_come_in_to_it(wanted, seen, path):
    holds_apart(plan_for(wanted, seen), path)


@given(worlds(ruled=True), worlds(ruled=True), st.sampled_from(REPOS))
def test_a_broken_repository_with_rules_keeps_only_those_out_who_would_come_in_to_it(wanted, seen, path):
    holds_apart(compare(desired_of(wanted), observation_of(seen), RULED, OPEN).plan, path)


@given(grouped(), grouped(), st.sampled_from(("O/r1", "O/a/r2", "O/b/r1")))
def test_a_broken_repository_in_a_group_keeps_only_those_out_who_would_come_in_to_it(wanted, seen, path):
    holds_apart(compare(desired_of(wanted), observation_of(seen), GROUPED, OPEN).plan, path)


@given(worlds(whole=True), worlds(whole=True), worlds(whole=True))
def test_what_another_sig_asks_for_changes_nothing_of_what_is_done_inside_this_one(wanted, other, seen):
    """The first SIG has O/r1 and O/t1; whatever the files of the others say, the same is done inside of those."""
    mine = {Key("repo", "O/r1"), Key("team", "O/t1")}

    def inside(state):
        return {key: one for key, one in state.items() if (key in mine or one.inside in mine) and _own(one)}

    def _own(one):
        return one.KIND != "grant" or one.subject in ("team:O/t1", *(f"person:{p}" for p in PEOPLE))

    def done(state):
        plan = plan_for(state, seen)
        kept = [a for a in plan.actions if (a.key in mine or a.subject.inside in mine) and _own(a.subject)]
        return {a.id for a in kept if a.kind != "repo" or not _door(a)}

    mixed = {key: one for key, one in other.items() if key not in inside(other)}
    org = Key("org", "O")
    members = {key: one for key, one in wanted.items() if key.kind == "membership" or key == org}
    assert done({**wanted}) == done({**mixed, **members, **inside(wanted)})


def _door(action):
    """Whether it takes a repository out of the archive or back: that depends on whether others have a change inside."""
    return set(action.changed()) == {"archived"}

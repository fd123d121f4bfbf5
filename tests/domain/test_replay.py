"""What is replayed: what may be asked for, what is chosen, what is owed."""

from typing import Any

import pytest

from ensue.domain.errors import EnsueError
from ensue.domain.event import Card, Event
from ensue.domain.replay import (
    Found,
    Replay,
    ReplayDraft,
    Wanted,
    check_replay,
    chosen,
    ended,
    fresh_lane,
    missing,
    owed_again,
    pattern_of,
    replay_document,
    replay_lane,
    replay_of,
    stepped,
)
from ensue.domain.trigger import Endpoint, Match, Trigger
from tests.contract.builders import NOW, PROJECT, event


def trigger(name: str, *types: str, **match: Any) -> Trigger:
    """A trigger by that id."""
    fires = Match(types or ("**",), **match)
    return Trigger(id=name, project=PROJECT, name=name, match=fires, endpoint=Endpoint("x"), created_at=0, updated_at=0)


TRIGGERS = {one.id: one for one in (trigger("a", "order.*"), trigger("b", "none"), trigger("t", test=True))}
PAID, NEW = event(type="order.paid"), event(type="user.new")
TEST = event(type="order.paid", card=Card(test=True))


def taken(wanted: Wanted, *found: tuple[Event, str | None]) -> list[tuple[Event, str]]:
    """What is chosen, with the id of the trigger to which; the filter lets orders through."""
    asked = chosen(
        [Found(*one) for one in found],
        wanted,
        lambda one: TRIGGERS.get(one or ""),
        lambda _text, one: one.type == "order.paid",
    )
    return [(one, receiver.id) for one, receiver in asked]


REPLAY = Replay(id="rpl_1", project=PROJECT, wanted=Wanted(to="b"), created_at=NOW, end="9")


@pytest.mark.parametrize(
    ("wanted", "found", "expected"),
    [
        (Wanted(state="dead"), [(PAID, "a"), (NEW, "b"), (NEW, "gone")], [(PAID, "a"), (NEW, "b")]),
        (Wanted(state="dead", trigger="a"), [(PAID, "a")], [(PAID, "a")]),
        (Wanted(state="dead", trigger="a", to="b"), [(PAID, "a"), (NEW, "a")], [(PAID, "b"), (NEW, "b")]),
        (Wanted(trigger="a"), [(PAID, None), (NEW, None)], [(PAID, "a")]),
        (Wanted(trigger="a", to="b"), [(PAID, None), (NEW, None)], [(PAID, "b")]),
        (Wanted(to="b"), [(PAID, None), (NEW, None)], [(PAID, "b"), (NEW, "b")]),
        (Wanted(to="b", filter="orders"), [(PAID, None), (NEW, None)], [(PAID, "b")]),
        (Wanted(to="gone"), [(PAID, None)], []),
        (Wanted(to="b"), [(TEST, None)], []),
        (Wanted(to="t"), [(TEST, None)], [(TEST, "t")]),
        (Wanted(trigger="a", to="t"), [(TEST, None)], []),
        (Wanted(state="dead"), [(TEST, "a"), (TEST, "t")], [(TEST, "t")]),
    ],
)
def test_what_is_chosen(wanted: Wanted, found: list[Any], expected: list[Any]) -> None:
    """Events that fit, each with the trigger that it is owed to; test events where they are wanted."""
    assert taken(wanted, *found) == expected


@pytest.mark.parametrize(
    ("wanted", "pattern"),
    [
        (Wanted(to="b"), "**"),
        (Wanted(to="b", type="order.*"), "order.*"),
        (Wanted(trigger="a"), "order.*"),
        (Wanted(trigger="a", type="x"), "x"),
        (Wanted(state="dead"), None),
    ],
)
def test_what_is_looked_for(wanted: Wanted, pattern: str | None) -> None:
    """The log is looked through by the narrowest pattern that is known."""
    assert pattern_of(wanted, lambda one: TRIGGERS.get(one or "")) == pattern


@pytest.mark.parametrize(
    ("wanted", "gone"),
    [
        (Wanted(state="dead"), None),
        (Wanted(trigger="x", state="dead"), "x"),
        (Wanted(trigger="x", state="dead", to="b"), None),
        (Wanted(trigger="x", to="b"), "x"),
        (Wanted(trigger="a", to="x"), "x"),
    ],
)
def test_what_a_replay_cannot_do_without(wanted: Wanted, gone: str | None) -> None:
    """The trigger that it sends to, and the one whose match chooses; not the one whose old deliveries are meant."""
    assert missing(wanted, lambda one: TRIGGERS.get(one or "")) == gone


def test_what_is_asked_for_is_checked() -> None:
    """Times become milliseconds, patterns are trimmed; a replay of everything to nobody is refused."""
    draft = ReplayDraft(to="b", type=" order.* ", since="2026-01-02T03:04:05Z", filter="true")
    assert check_replay(draft) == Wanted(None, "order.*", None, 1_767_323_045_000, None, "true", "b")
    assert check_replay(ReplayDraft(to="b", q="")) == Wanted(to="b")
    signs = ReplayDraft(to="b", q="!?")
    for refused, field in ((ReplayDraft(), "trigger"), (ReplayDraft(to="b", filter="1 +"), "filter"), (signs, "q")):
        with pytest.raises(EnsueError) as error:
            check_replay(refused)
        assert (error.value.code, error.value.field) == ("invalid", field)


def test_a_replay_is_kept_as_it_is() -> None:
    """Through its document and back, at every step."""
    further = stepped(REPLAY, "5", 3, "odd", NOW + 1)
    over = stepped(further, None, 2, None, NOW + 2)
    assert [(one.state, one.after, one.made, one.ended_at) for one in (REPLAY, further, over)] == [
        ("running", None, 0, None),
        ("running", "5", 3, None),
        ("done", "5", 5, NOW + 2),
    ]
    assert over.filter_error == "odd"
    for one in (REPLAY, further, over, ended(further, "failed", NOW, "why")):
        assert replay_of(replay_document(one)) == one


def test_what_is_owed_stands_in_a_lane_of_its_own() -> None:
    """The delivery is marked with the replay; its lane shares the room of the trigger's fresh deliveries."""
    owed = owed_again(REPLAY, PAID, TRIGGERS["b"], NOW)
    assert (owed.replay, owed.event_id, owed.trigger, owed.due_at) == ("rpl_1", PAID.id, "b", NOW)
    assert owed.lane == replay_lane("b") != "b"
    assert fresh_lane(owed.lane) == fresh_lane("b") == "b"

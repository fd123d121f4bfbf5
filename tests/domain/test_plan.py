"""Which deliveries an event owes (design section 10): the index finds what looking at every trigger would find."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from ensue.domain.delivery import SCHEDULED, Once
from ensue.domain.event import Card, Event, decode_event
from ensue.domain.intake import Intake
from ensue.domain.pattern import matches
from ensue.domain.plan import Index, plan, scheduled_lane, targeted
from ensue.domain.rule import Rule
from ensue.domain.trigger import Endpoint, Match, Trigger

NOW = 1_800_000_000_000

KINDS = st.sampled_from(["a", "a.b", "a.c", "a.b.c", "b", "ensue.x", "ensue.x.y"])
PATTERNS = st.sampled_from(["a", "a.b", "a.*", "a.**", "*", "**", "b", "*.b", "ensue.*", "ensue.x", "**.c"])
NAMES = st.none() | st.sampled_from(["u", "v"])
MATCHES = st.builds(
    Match,
    st.lists(PATTERNS, min_size=1, max_size=3, unique=True).map(tuple),
    NAMES,
    NAMES,
    NAMES,
    st.booleans(),
    st.none() | st.sampled_from(["yes", "no"]),
)
EVENTS = st.builds(
    lambda kind, tenant, subject, category, test: Event(
        id="0190",
        project="prj_1",
        type=kind,
        time=NOW,
        received_at=NOW,
        tenant=tenant,
        subject=subject,
        card=Card(category=category, test=test),
    ),
    KINDS,
    NAMES,
    NAMES,
    NAMES,
    st.booleans(),
)


def trigger(number: int, match: Match, *, enabled: bool = True) -> Trigger:
    """A trigger with that match."""
    return Trigger(
        id=f"trg_{number}",
        project="prj_1",
        name="t",
        match=match,
        endpoint=Endpoint(url="http://a.example/"),
        created_at=NOW,
        updated_at=NOW,
        enabled=enabled,
    )


def judge(one: Trigger, event: Event) -> bool:
    """A filter in one word."""
    assert event is not None
    return one.match.filter == "yes"


def naive(one: Trigger, event: Event) -> bool:
    """What a match means, read off the design."""
    match = one.match
    return (
        any(matches(pattern, event.type) for pattern in match.type)
        and match.tenant in (None, event.tenant)
        and match.subject in (None, event.subject)
        and match.category in (None, event.category)
        and (match.test or not event.is_test)
        and match.filter in (None, "yes")
    )


@given(st.lists(MATCHES, max_size=12), st.lists(EVENTS, min_size=1, max_size=5))
def test_the_index_finds_what_looking_at_all_would_find(matched: list[Match], events: list[Event]) -> None:
    """Each trigger that fits, once, and no other; however often it is asked."""
    triggers = [trigger(number, match) for number, match in enumerate(matched)]
    index = Index(triggers)
    for event in [*events, *events]:
        found = [one.id for one in index.matching(event, judge)]
        assert sorted(found) == sorted(one.id for one in triggers if naive(one, event))


def test_the_filter_is_the_last_resort() -> None:
    """Where anything else does not fit, it is not run."""
    asked: list[str] = []

    def noting(one: Trigger, _event: Event) -> bool:
        asked.append(one.id)
        return True

    event = Event(id="e", project="prj_1", type="a", time=NOW, received_at=NOW, tenant="u")
    cases = [Match(("b",)), Match(("**",), tenant="v"), Match(("**",), subject="u"), Match(("**",), category="u")]
    index = Index([trigger(n, msgspec.structs.replace(match, filter="x")) for n, match in enumerate(cases)])
    assert (index.matching(event, noting), asked) == ([], [])


ATTRIBUTES: dict[str, str | int | bool] = {"db": "postgres", "n": 5, "yes": True, "empty": "", " a": "b "}


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        ({"db": "postgres"}, True),
        ({"db": "mysql,postgres"}, True),
        ({"db": "mysql, postgres"}, False),
        ({"db": "post"}, False),
        ({"db": "Postgres"}, False),
        ({"n": "4,5", "yes": "true"}, True),
        ({"n": "5.0"}, False),
        ({"empty": ""}, True),
        ({"empty": "a,"}, True),
        ({"none": ""}, False),
        ({" a": "b "}, True),
        ({"a": "b "}, False),
        ({"db": "postgres", "col": "users"}, False),
    ],
)
def test_attributes_fit_one_of_a_comma_list(wanted: dict[str, str], fits: bool) -> None:  # noqa: FBT001
    """The event has each name, its value as text among those listed, nothing trimmed."""
    event = Event(id="e", project="prj_1", type="a", time=NOW, received_at=NOW, attributes=ATTRIBUTES)
    assert bool(Index([trigger(1, Match(attributes=wanted))]).matching(event, judge)) is fits


IS_OPEN = Rule("match", "string", "==", "args.data.doc.status", "open")


@pytest.mark.parametrize(
    ("data", "fits"),
    [
        (b'{"doc": {"status": "open"}}', True),
        (b'{"doc": {"status": "shut"}}', False),
        (b'{"doc": {"status": 5}}', False),
        (b'{"doc": []}', False),
        (b"[1]", False),
        (b'"open"', False),
        (b"0", False),
        (b"null", True),
        (b"", True),
    ],
)
def test_a_rule_lets_through_what_it_holds_for(data: bytes, fits: bool) -> None:  # noqa: FBT001
    """An error in it is a mismatch; what has no data, or null, is not asked (Space Cloud's filters)."""
    event = Event(id="e", project="prj_1", type="a", time=NOW, received_at=NOW, data=Raw(data))
    index = Index([trigger(1, Match(rule=IS_OPEN)), trigger(2, Match(rule=IS_OPEN, filter="no")), trigger(3, Match())])
    assert [one.id for one in index.matching(event, judge)] == (["trg_1", "trg_3"] if fits else ["trg_3"])


def test_ten_thousand_exact_triggers_are_not_looked_at() -> None:
    """Nor fifty patterns more than once for each type."""
    exact = [trigger(n, Match((f"kind.{n}",), filter="yes")) for n in range(10_000)]
    patterns = [trigger(20_000 + n, Match((f"other.{n}.*",))) for n in range(50)]
    index = Index([*exact, *patterns])
    looked: list[str] = []

    def noting(one: Trigger, _event: Event) -> bool:
        looked.append(one.id)
        return True

    event = Event(id="e", project="prj_1", type="kind.77", time=NOW, received_at=NOW)
    for _ in range(3):
        assert [one.id for one in index.matching(event, noting)] == ["trg_77"]
    assert looked == ["trg_77"] * 3
    assert index._remembered == {"kind.77": ()}


def test_what_is_remembered_is_bounded() -> None:
    """A sender who invents types costs no memory."""
    index = Index([trigger(1, Match(("a.*",)))])
    for number in range(10_000):
        event = Event(id="e", project="prj_1", type=f"a.{number}", time=NOW, received_at=NOW)
        assert len(index.matching(event, judge)) == 1
    assert len(index._remembered) <= 4_096


def test_a_plan_owes_one_delivery_for_each_trigger() -> None:
    """Disabled ones too: their deliveries wait. Each in its trigger's lane, due now, with an id of its own."""
    event = Event(id="e", project="prj_1", type="a", time=NOW, received_at=NOW)
    index = Index([trigger(1, Match()), trigger(2, Match(), enabled=False), trigger(3, Match(("b",)))])
    once = (Once(b"k"),)
    entry = plan(Intake(event, None, once), index, NOW, judge)
    assert [(one.trigger, one.lane, one.due_at, one.state) for one in entry.deliveries] == [
        ("trg_1", "trg_1", NOW, "pending"),
        ("trg_2", "trg_2", NOW, "pending"),
    ]
    assert (entry.event, entry.once, entry.staged) == (event, once, False)
    assert len({one.id for one in entry.deliveries}) == 2
    assert plan(Intake(event), None, NOW, judge).deliveries == ()


def test_an_event_for_later_owes_itself() -> None:
    """One staged delivery with the event in it; no trigger is asked before its time."""
    event = Event(id="e", project="prj_1", type="a", time=NOW, received_at=NOW)
    entry = plan(Intake(event, NOW + 5), Index([trigger(1, Match())]), NOW, judge)
    (debt,) = entry.deliveries
    assert (entry.staged, debt.kind, debt.due_at, debt.lane) == (True, SCHEDULED, NOW + 5, scheduled_lane("prj_1"))
    assert decode_event(bytes(debt.payload)) == event


@pytest.mark.parametrize("match", [Match(("never",)), Match(tenant="other")])
def test_a_target_is_tried_once_whatever_it_matches(match: Match) -> None:
    """A test send, a pressed button."""
    event = Event(id="e", project="prj_1", type="a", time=NOW, received_at=NOW)
    (debt,) = targeted(Intake(event), trigger(1, match), NOW).deliveries
    assert (debt.trigger, debt.allowed) == ("trg_1", 1)

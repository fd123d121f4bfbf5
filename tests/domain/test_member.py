"""Roles and seats: who reaches what, who may change whom, and that a project is never without an owner it had."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensue.domain.errors import EnsueError
from ensue.domain.key import SCOPES
from ensue.domain.member import (
    MAX_MEMBERS,
    ROLES,
    Caller,
    Role,
    Seat,
    Seats,
    check_role,
    members_document,
    members_of,
    reaches,
    require_reach,
)

roles = st.sampled_from(ROLES)
names = st.sampled_from(["a", "b", "c", "d"])


@given(one=roles, other=roles)
def test_roles_are_in_one_line(one: Role, other: Role) -> None:
    """Of two roles at least one reaches the other, both only where they are the same; nobody reaches nothing."""
    assert reaches(one, other) or reaches(other, one)
    assert (reaches(one, other) and reaches(other, one)) == (one == other)
    assert not reaches(None, one)


@given(changes=st.lists(st.tuples(names, st.none() | roles), max_size=20))
def test_the_last_owner_stays_whatever_happens(changes: list[tuple[str, Role | None]]) -> None:
    """A project that has an owner keeps one, whoever is seated or taken out in whatever order."""
    seats = Seats({"founder": Seat("owner", 0)})
    for at, (name, role) in enumerate([*changes, ("founder", None)]):
        with contextlib.suppress(EnsueError):
            seats = seats.without(name) if role is None else seats.seated(name, role, at)
        assert any(seat.role == "owner" for seat in seats.taken.values())
        assert members_of(members_document("prj_1", seats)) == seats


@given(actor=roles, touched=st.lists(st.none() | roles, max_size=3))
def test_nobody_touches_what_is_above_them(actor: Role, touched: list[Role | None]) -> None:
    """Refused exactly where one of the roles is out of reach."""
    above = [role for role in touched if role is not None and not reaches(actor, role)]
    if not above:
        require_reach(actor, *touched)
        return
    with pytest.raises(EnsueError) as refused:
        require_reach(actor, *touched)
    assert refused.value.code == "forbidden"


def test_a_role_changes_and_its_beginning_stays() -> None:
    """Since when somebody is there does not change with what they are."""
    seats = Seats().seated("a", "owner", 1).seated("b", "viewer", 2).seated("b", "admin", 3)
    assert seats.taken["b"] == Seat("admin", 2)
    assert seats.role("c") is None


def test_there_is_no_end_of_room() -> None:
    """A thousand have room; one more is refused, and one who is there still changes."""
    full = Seats({str(number): Seat("owner", 0) for number in range(MAX_MEMBERS)})
    with pytest.raises(EnsueError) as refused:
        full.seated("more", "viewer", 1)
    assert refused.value.code == "conflict"
    assert full.seated("1", "viewer", 1).role("1") == "viewer"


@pytest.mark.parametrize("text", ["", "Owner", "root", "owner "])
def test_what_is_no_role(text: str) -> None:
    """Refused by its field."""
    with pytest.raises(EnsueError) as refused:
        check_role(text)
    assert (refused.value.code, refused.value.field) == ("invalid", "role")


@pytest.mark.parametrize("role", [*ROLES, None])
def test_a_caller_has_the_face_of_a_key(role: Role | None) -> None:
    """What a key's scope changes, a caller may by the role; one of no project may nothing."""
    caller = Caller(
        id="acc_1", project="p", scopes=(), created_at=0, token_hash="h", email="a@b.example", session="s", role=role
    )
    allowed = {scope for scope in SCOPES if caller.may(scope)}
    expected = {
        "owner": set(SCOPES),
        "admin": set(SCOPES),
        "member": {"events:read", "events:write", "actions:run", "deliveries"},
    }
    assert allowed == expected.get(role or "", set())
    assert not caller.public

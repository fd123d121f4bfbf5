"""Members, invitations and projects over the native API: who may change whom, and how access begins and ends."""

import pytest

from ensue.domain.schedule import DAY
from tests.dialects.edge import EVENTS, Edge
from tests.dialects.people import INVITATIONS, MEMBERS, PASSWORD, PROJECTS, Browser, after_hash, first, joined, seated

ACCEPT = f"{INVITATIONS}/accept"


async def test_an_invitation_makes_a_member(api: Edge) -> None:
    """It says what it is to; it makes an account with that role; it works once; the list has who came."""
    ada = await first(api)
    made = (await ada("POST", INVITATIONS, {"email": "grace@example.com", "role": "member"})).json
    assert [one["email"] for one in (await ada("GET", INVITATIONS)).json["items"]] == ["grace@example.com"]
    assert "link" not in (await ada("GET", INVITATIONS)).json["items"][0]
    link, grace = after_hash(made["link"]), Browser(api, "default")
    offer = (await grace("POST", f"{INVITATIONS}/read", {"link": link})).json
    assert (offer["email"], offer["role"], offer["project"], offer["account"]) == (
        "grace@example.com",
        "member",
        "default",
        False,
    )
    accepted = await grace("POST", ACCEPT, {"link": link, "name": "Grace", "password": PASSWORD})
    assert (accepted.status, accepted.json["projects"][0]["role"]) == (200, "member")
    assert (await grace("POST", EVENTS, {"type": "t"})).status == 202
    for again in ("read", "accept"):
        extra = {"name": "Eve", "password": PASSWORD} if again == "accept" else {}
        got = await Browser(api)("POST", f"{INVITATIONS}/{again}", {"link": link} | extra)
        assert got.error == (404, "not_found", "link")
    assert (await ada("GET", INVITATIONS)).json["items"] == []
    listed = [(one["name"], one["role"]) for one in (await ada("GET", MEMBERS)).json["items"]]
    assert listed == [("Ada", "owner"), ("Grace", "member")]


@pytest.mark.parametrize("by", ["session", "password"])
async def test_an_account_accepts_by_signing_in(api: Edge, by: str) -> None:
    """Signed in, or by its password; not without either, and no second account is made."""
    ada = await seated(api, "ada@example.com", "owner")
    grace = await joined(ada, "grace@example.com", "viewer")
    assert (await ada("POST", PROJECTS, {"name": "Other shop"})).json["slug"] == "other-shop"
    assert (await grace("GET", EVENTS, ensue_project="other-shop")).error[:2] == (404, "not_found")
    invitation = {"email": "Grace@Example.com", "role": "admin"}
    made = await ada("POST", INVITATIONS, invitation, ensue_project="other-shop")
    body = {"link": after_hash(made.json["link"])}
    assert (await Browser(api)("POST", f"{INVITATIONS}/read", body)).json["account"] is True
    assert (await Browser(api)("POST", ACCEPT, body)).error[:2] == (401, "unauthorized")
    wrong = await Browser(api)("POST", ACCEPT, body | {"password": "wrong horse battery"})
    assert wrong.error[:2] == (401, "unauthorized")
    browser = grace if by == "session" else Browser(api)
    got = await browser("POST", ACCEPT, body | ({} if by == "session" else {"password": PASSWORD}))
    assert {one["slug"]: one["role"] for one in got.json["projects"]} == {"default": "viewer", "other-shop": "admin"}
    assert (await browser("POST", EVENTS, {"type": "t"}, ensue_project="other-shop")).status == 202
    again = await ada("POST", INVITATIONS, invitation, ensue_project="other-shop")
    assert again.error == (409, "conflict", "email")
    assert len((await ada("GET", MEMBERS)).json["items"]) == 2


async def test_whom_an_invitation_is_for(api: Edge) -> None:
    """Another address that is signed in is refused, and the invitation stays; after seven days it is over."""
    ada = await seated(api, "ada@example.com", "owner")
    eve = await seated(api, "eve@example.com", None)
    made = (await ada("POST", INVITATIONS, {"email": "grace@example.com", "role": "owner"})).json
    body = {"link": after_hash(made["link"])}
    assert (await eve("POST", ACCEPT, body)).error[:2] == (403, "forbidden")
    assert (await eve("GET", EVENTS)).error[:2] == (404, "not_found")
    api.clock.turn(7 * DAY - 1)
    assert (await Browser(api)("POST", f"{INVITATIONS}/read", body)).status == 200
    api.clock.turn(1)
    got = await Browser(api)("POST", ACCEPT, body | {"name": "Grace", "password": PASSWORD})
    assert got.error == (404, "not_found", "link")


async def test_invitations_end(api: Edge) -> None:
    """A newer one to the same address ends the older; a withdrawn one is over; a second withdrawal is a 404."""
    ada = await seated(api, "ada@example.com", "owner")
    one, two = [
        (await ada("POST", INVITATIONS, {"email": email, "role": "viewer"})).json
        for email in ("grace@example.com", "GRACE@example.com")
    ]
    assert [kept["id"] for kept in (await ada("GET", INVITATIONS)).json["items"]] == [two["id"]]
    read = f"{INVITATIONS}/read"
    assert (await Browser(api)("POST", read, {"link": after_hash(one["link"])})).status == 404
    assert (await ada("DELETE", f"{INVITATIONS}/{two['id']}")).status == 204
    assert (await Browser(api)("POST", read, {"link": after_hash(two["link"])})).status == 404
    assert (await ada("DELETE", f"{INVITATIONS}/{two['id']}")).error[:2] == (404, "not_found")


async def test_nobody_touches_what_is_above_them(api: Edge) -> None:
    """An admin makes no owners, changes none, removes none, and withdraws no owner's invitation."""
    ada = await seated(api, "ada@example.com", "owner")
    bob = await seated(api, "bob@example.com", "admin")
    carl = await seated(api, "carl@example.com", "member")
    waiting = (await ada("POST", INVITATIONS, {"email": "dora@example.com", "role": "owner"})).json["id"]
    refused = [
        ("PATCH", f"{MEMBERS}/{await carl.id()}", {"role": "owner"}),
        ("PATCH", f"{MEMBERS}/{await bob.id()}", {"role": "owner"}),
        ("PATCH", f"{MEMBERS}/{await ada.id()}", {"role": "viewer"}),
        ("DELETE", f"{MEMBERS}/{await ada.id()}", None),
        ("POST", INVITATIONS, {"email": "eve@example.com", "role": "owner"}),
        ("POST", INVITATIONS, {"email": "dora@example.com", "role": "viewer"}),
        ("DELETE", f"{INVITATIONS}/{waiting}", None),
    ]
    for method, url, body in refused:
        assert (await bob(method, url, body)).error[:2] == (403, "forbidden"), (method, url)
    assert (await bob("PATCH", f"{MEMBERS}/{await carl.id()}", {"role": "admin"})).json["role"] == "admin"
    roles = {one["email"]: one["role"] for one in (await ada("GET", MEMBERS)).json["items"]}
    assert roles == {"ada@example.com": "owner", "bob@example.com": "admin", "carl@example.com": "admin"}


async def test_the_last_owner_stays(api: Edge) -> None:
    """Neither removed nor made less, by themselves or another; once there is a second one, they may go."""
    ada = await seated(api, "ada@example.com", "owner")
    bob = await seated(api, "bob@example.com", "admin")
    me = f"{MEMBERS}/{await ada.id()}"
    assert (await ada("DELETE", me)).error[:2] == (409, "conflict")
    assert (await ada("PATCH", me, {"role": "admin"})).error[:2] == (409, "conflict")
    assert (await ada("PATCH", f"{MEMBERS}/{await bob.id()}", {"role": "owner"})).status == 200
    assert (await bob("DELETE", me)).status == 204
    assert (await ada("GET", EVENTS)).error[:2] == (404, "not_found")


async def test_a_role_holds_at_once(api: Edge) -> None:
    """Who was made less, or more, is so with their next call, in the session that they have."""
    ada = await seated(api, "ada@example.com", "owner")
    bob = await seated(api, "bob@example.com", "member")
    him = f"{MEMBERS}/{await bob.id()}"
    for role, status in (("viewer", 403), ("admin", 202), ("member", 202)):
        assert (await ada("PATCH", him, {"role": role})).status == 200
        assert (await bob("POST", EVENTS, {"type": "t"})).status == status


async def test_a_member_of_one_project_sees_nothing_of_another(api: Edge) -> None:
    """By header, by path, by id or slug: the other project is a 404, as one that there is not."""
    ada = await seated(api, "ada@example.com", "owner")
    other = (await ada("POST", PROJECTS, {"name": "Other", "slug": "other"})).json
    bob = await seated(api, "bob@example.com", "owner")
    for name in ("other", other["id"], "none", "prj_none", "x" * 500):
        got = await bob("GET", EVENTS, ensue_project=name)
        assert got.error[:2] == (404, "not_found")
        renamed = await bob("PATCH", f"{PROJECTS}/{name}", {"name": "Mine"})
        assert renamed.error[:2] == (404, "not_found")
        assert (await bob("DELETE", f"{PROJECTS}/{name}", {"confirm": "other"})).error[:2] == (404, "not_found")
    stranger = f"{MEMBERS}/{await ada.id()}"
    assert (await ada("DELETE", f"{MEMBERS}/{await bob.id()}", ensue_project="other")).error[:2] == (404, "not_found")
    assert (await bob("PATCH", stranger, {"role": "viewer"}, ensue_project="other")).error[:2] == (404, "not_found")
    assert [one["slug"] for one in (await bob("GET", PROJECTS)).json["items"]] == ["default"]


async def test_which_project_is_meant(api: Edge) -> None:
    """With one project none need be named; with two it is a 400 that names the header."""
    ada = await seated(api, "ada@example.com", "owner")
    ada.project = None
    assert (await ada("GET", EVENTS)).status == 200
    made = await ada("POST", PROJECTS, {"name": "Zwölf Äpfel!"})
    assert (made.status, made.json["slug"], made.json["role"]) == (201, "zw-lf-pfel", "owner")
    assert (await ada("GET", EVENTS)).error == (400, "invalid", "Ensue-Project")
    assert (await ada("GET", EVENTS, ensue_project=made.json["id"])).status == 200


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"name": ""}, (400, "invalid", "name")),
        ({"name": "a\u0000b"}, (400, "invalid", None)),
        ({"name": "n" * 101}, (400, "invalid", "name")),
        ({"name": "n", "slug": "Not a slug"}, (400, "invalid", "slug")),
        ({"name": "n", "slug": "default"}, (409, "conflict", "slug")),
        ({"name": "n", "owner": "me"}, (400, "invalid", None)),
    ],
)
async def test_what_makes_no_project(api: Edge, body: dict[str, str], error: tuple[int, str, str | None]) -> None:
    """Named field by field."""
    ada = await seated(api, "ada@example.com", "owner")
    assert (await ada("POST", PROJECTS, body)).error == error
    assert len((await ada("GET", PROJECTS)).json["items"]) == 1


async def test_who_makes_projects(api: Edge) -> None:
    """Owners and admins of some project; members and strangers do not. Slugs made of names never clash."""
    for role, status in (("admin", 201), ("member", 403), ("viewer", 403), (None, 403)):
        browser = await seated(api, f"{role}@example.com", role)
        got = await browser("POST", PROJECTS, {"name": "Shop"})
        assert got.status == status, role
    owner = await seated(api, "owner@example.com", "owner")
    assert [(await owner("POST", PROJECTS, {"name": "Shop"})).json["slug"] for _ in range(2)] == ["shop-2", "shop-3"]
    renamed = await owner("PATCH", f"{PROJECTS}/shop-2", {"name": "Boutique"})
    assert (renamed.json["slug"], renamed.json["name"]) == ("shop-2", "Boutique")

"""Passwords over the native API: what may be chosen, how often may be guessed, and how one gets back in."""

import asyncio
from typing import Any

import pytest

from ensue.domain.account import MAX_PASSWORD
from ensue.domain.errors import EnsueError
from ensue.domain.letter import Letter
from ensue.domain.session import NOTED_EVERY, Session
from ensue.engine.accounts import Where
from tests.dialects.edge import EVENTS, Edge
from tests.dialects.people import PASSWORD, SESSION, Browser, after_hash, first

OTHER = "another long enough one"
SETUP = "/api/v1/setup"
RESET = "/api/v1/password/reset"


async def test_set_up_is_closed_for_good(api: Edge) -> None:
    """A wrong link, an older one, and any once there was an account make none; two at once make one."""
    accounts = api.house.engine.people.accounts
    body: dict[str, Any] = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}
    older, link = await accounts.open_setup(), await accounts.open_setup()
    for wrong in ("", "x", older):
        assert (await Browser(api)("POST", SETUP, body | {"link": wrong})).error == (404, "not_found", "link")
    others = [body | {"link": link, "email": f"ada{number}@example.com"} for number in range(3)]
    got = await asyncio.gather(*(Browser(api)("POST", SETUP, one) for one in others))
    assert sorted(one.status for one in got) == [201, 409, 409]
    for closed in (link, older, ""):
        assert (await Browser(api)("POST", SETUP, body | {"link": closed})).error[:2] == (409, "conflict")
    assert await accounts.open_setup() is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"password": "short"}, "password"),
        ({"password": "ada@example.com"}, "password"),
        ({"password": "a" * 20}, "password"),
        ({"password": "ab" * MAX_PASSWORD}, "password"),
        ({"email": "ada"}, "email"),
        ({"email": "a b@example.com"}, "email"),
        ({"email": "ada@example.com\r\nBcc: eve@example.com"}, "email"),
        ({"name": ""}, "name"),
        ({"name": "\u202e"}, "name"),
        ({"name": 1}, "name"),
        ({"password": None}, "password"),
        ({"role": "owner"}, None),
    ],
)
async def test_what_makes_no_account(api: Edge, change: dict[str, Any], field: str | None) -> None:
    """Named field by field; set-up stays open."""
    link = await api.house.engine.people.accounts.open_setup()
    body = {"link": link, "name": "Ada", "email": "ada@example.com", "password": PASSWORD} | change
    assert (await Browser(api)("POST", SETUP, body)).error == (400, "invalid", field)
    assert (await Browser(api)("GET", "/api/v1/console")).json["setup_needed"] is True


async def test_nobody_learns_who_has_an_account(api: Edge) -> None:
    """A wrong password and an address that nobody has get the same answer, and as much is computed for both."""
    await first(api)
    passwords = api.house.engine.people.accounts._passwords
    compared: list[str] = []
    real = passwords._compare

    def counted(password: str, kept: str) -> bool:
        compared.append(kept)
        return real(password, kept)

    passwords._compare = counted  # type: ignore[method-assign]
    known = await Browser(api).sign_in("ada@example.com", OTHER)
    unknown = await Browser(api).sign_in("eve@example.com", OTHER)
    assert (known.status, known.body, known.headers) == (unknown.status, unknown.body, unknown.headers)
    assert known.error[:2] == (401, "unauthorized")
    assert [kept.split("$")[:4] for kept in compared] == [compared[0].split("$")[:4]] * 2
    forgot = [
        await Browser(api)("POST", "/api/v1/password/forgotten", {"email": f"{name}@example.com"})
        for name in ("ada", "eve")
    ]
    assert [(one.status, one.body) for one in forgot] == [(202, b"")] * 2


async def test_guessing_is_slowed_down(api: Edge) -> None:
    """After ten tries with an address a further one waits, the right password too; others are not held up."""
    await first(api)
    browser = Browser(api)
    assert [(await browser.sign_in("Ada@example.com", OTHER)).status for _ in range(10)] == [401] * 10
    slow = await browser.sign_in("ada@example.com")
    assert slow.error[:2] == (429, "rate_limited")
    assert slow.headers["retry-after"] == "30"
    assert (await browser.sign_in("eve@example.com")).status == 401
    api.clock.turn(30_000)
    assert (await browser.sign_in("ada@example.com")).status == 200
    assert (await browser.sign_in("ada@example.com", OTHER)).status == 401


async def test_whoever_guesses_locks_nobody_else_out(api: Edge) -> None:
    """Ten tries from one place hold up that place, not the owner of the account; nor do a hundred from many places,
    where the owner is signed in: they hold up strangers, the right password too."""
    accounts = api.house.engine.people.accounts
    await first(api)
    owner, familiar = Where("", "10.0.0.1"), Where("", "127.0.0.1")  # the second is where the account was made

    async def outcome(password: str, where: Where) -> str:
        try:
            await accounts.sign_in("ada@example.com", password, where)
        except EnsueError as error:
            return error.code
        return "in"

    one_place = [await outcome(OTHER, Where("", "10.9.9.9")) for _ in range(11)]
    assert one_place == ["unauthorized"] * 10 + ["rate_limited"]
    assert await outcome(PASSWORD, Where("", "10.9.9.9")) == "rate_limited"
    assert await outcome(PASSWORD, owner) == "in"
    accounts._passwords._compare = lambda password, kept: password == PASSWORD and kept != ""  # type: ignore[method-assign]
    guesses = [await outcome(OTHER, Where("", f"10.8.{number}.1")) for number in range(100)]
    assert "rate_limited" in guesses
    assert await outcome(PASSWORD, Where("", "10.7.7.7")) == "rate_limited"
    assert [await outcome(PASSWORD, where) for where in (owner, familiar)] == ["in", "in"]


async def test_guessing_at_many_addresses_is_slowed_down(api: Edge) -> None:
    """Thirty tries from one place, whatever the address; nothing is hashed beyond."""
    browser = Browser(api)
    tried = [(await browser.sign_in(f"a{number}@example.com")).status for number in range(31)]
    assert tried == [401] * 30 + [429]
    api.clock.turn(5_000)
    assert (await browser.sign_in("b@example.com")).status == 401


async def test_another_password(api: Edge) -> None:
    """The old one is asked for; every other session ends; the new one signs in."""
    ada = await first(api)
    phone = Browser(api)
    await phone.sign_in("ada@example.com")
    path = "/api/v1/password"
    assert (await ada("POST", path, {"old": OTHER, "new": OTHER})).error == (400, "invalid", "old")
    assert (await ada("POST", path, {"old": PASSWORD, "new": "short"})).error == (400, "invalid", "new")
    assert (await ada("POST", path, {"old": PASSWORD, "new": OTHER})).status == 204
    assert (await ada("GET", SESSION)).status == 200
    assert (await phone("GET", SESSION)).status == 401
    assert (await phone.sign_in("ada@example.com")).status == 401
    assert (await phone.sign_in("ada@example.com", OTHER)).status == 200


async def test_a_reset(api: Edge) -> None:
    """The newest link works once, within an hour; it ends all sessions and signs in."""
    accounts = api.house.engine.people.accounts
    ada = await first(api)
    older = after_hash(await accounts.reset_link("ADA@example.com"))
    link = after_hash(await accounts.reset_link("ada@example.com"))
    back = Browser(api)
    assert (await back("POST", RESET, {"link": older, "password": OTHER})).error == (404, "not_found", "link")
    assert (await back("POST", RESET, {"link": link, "password": "short"})).error == (400, "invalid", "password")
    got = await back("POST", RESET, {"link": link, "password": OTHER})
    assert (got.status, got.json["member"]["name"]) == (200, "Ada")
    assert (await back("GET", EVENTS)).status == 200
    assert (await ada("GET", EVENTS)).error[:2] == (401, "unauthorized")
    assert (await back("POST", RESET, {"link": link, "password": PASSWORD})).error == (404, "not_found", "link")
    late = after_hash(await accounts.reset_link("ada@example.com"))
    api.clock.turn(3_600_000)
    assert (await back("POST", RESET, {"link": late, "password": PASSWORD})).error == (404, "not_found", "link")
    assert (await back.sign_in("ada@example.com", OTHER)).status == 200


async def test_one_reset_of_many_at_once_wins(api: Edge) -> None:
    """The same link used twice at the same moment sets one password."""
    await first(api)
    link = after_hash(await api.house.engine.people.accounts.reset_link("ada@example.com"))
    bodies = [{"link": link, "password": f"{OTHER} {number}"} for number in range(3)]
    got = await asyncio.gather(*(Browser(api)("POST", RESET, body) for body in bodies))
    assert sorted(one.status for one in got) == [200, 404, 404]
    won = next(body["password"] for body, one in zip(bodies, got, strict=True) if one.status == 200)
    assert (await Browser(api).sign_in("ada@example.com", won)).status == 200


@pytest.mark.parametrize("when", ["before", "meanwhile"])
async def test_a_reset_ends_with_the_password_that_it_was_for(
    api: Edge, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """A link that lies in some mailbox is worth nothing once its owner has chosen a new password without it."""
    accounts = api.house.engine.people.accounts
    ada = await first(api)
    body = {"link": after_hash(await accounts.reset_link("ada@example.com")), "password": "the one that eve likes"}
    real = accounts._passwords.hash

    async def choose(password: str) -> str:
        monkeypatch.setattr(accounts._passwords, "hash", real)
        assert (await ada("POST", "/api/v1/password", {"old": PASSWORD, "new": OTHER})).status == 204
        return await real(password)

    if when == "before":
        await choose("")
    else:
        monkeypatch.setattr(accounts._passwords, "hash", choose)
    assert (await Browser(api)("POST", RESET, body)).error == (404, "not_found", "link")
    assert (await ada("GET", SESSION)).status == 200
    assert (await Browser(api).sign_in("ada@example.com", OTHER)).status == 200


class Mailbox:
    """A mailer that keeps what it is given."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []

    async def send(self, letter: Letter) -> None:
        """Keep it."""
        self.letters.append(letter)


async def test_links_by_mail(api: Edge) -> None:
    """With a mail server an invitation's link goes to its address alone; a forgotten password's goes to the account's
    address, three times at once at most; nobody else gets any."""
    people, mailbox = api.house.engine.people, Mailbox()
    ada = await first(api)
    people.post._mailer = mailbox
    invited = await ada("POST", "/api/v1/invitations", {"email": "grace@example.com", "role": "viewer"})
    assert "link" not in invited.json
    assert [letter.to for letter in mailbox.letters] == ["grace@example.com"]
    link = mailbox.letters[0].text.split("#")[1].split()[0]
    assert (await Browser(api)("POST", "/api/v1/invitations/read", {"link": link})).status == 200
    for address in ("eve@example.com", *["ADA@example.com"] * 5):
        assert (await Browser(api)("POST", "/api/v1/password/forgotten", {"email": address})).status == 202
    while people.accounts._mailing:
        await asyncio.wait(people.accounts._mailing)
    assert [letter.to for letter in mailbox.letters[1:]] == ["ada@example.com"] * 3
    last = mailbox.letters[-1].text.split("#")[1].split()[0]
    assert (await Browser(api)("POST", RESET, {"link": last, "password": OTHER})).status == 200


async def test_nobodys_box_is_filled(api: Edge) -> None:
    """Whoever invites one address again and again is held up after five mails, whatever its letters' case; without a
    mail server nobody is, as the link is in the answer."""
    people, mailbox = api.house.engine.people, Mailbox()
    ada = await first(api)
    people.post._mailer = mailbox
    asked = [
        await ada("POST", "/api/v1/invitations", {"email": email, "role": "viewer"})
        for email in ["grace@example.com"] * 3 + ["GRACE@example.com"] * 3 + ["leo@example.com"]
    ]
    assert [one.status for one in asked] == [201] * 5 + [429, 201]
    assert asked[5].headers["retry-after"] == "600"
    assert len(mailbox.letters) == 6
    people.post._mailer = None
    assert "link" in (await ada("POST", "/api/v1/invitations", {"email": "grace@example.com", "role": "viewer"})).json


@pytest.mark.parametrize("weak", [False, True])
async def test_an_old_password_that_is_being_compared_lets_nobody_in(
    api: Edge, monkeypatch: pytest.MonkeyPatch, *, weak: bool
) -> None:
    """It fitted, and was changed before the session began: who knows it is out, and it does not come back."""
    ada, late = await first(api), Browser(api)
    passwords = api.house.engine.people.accounts._passwords
    compared, go_on, real = asyncio.Event(), asyncio.Event(), passwords.fits

    async def held(password: str, kept: str | None) -> bool:
        fits = await real(password, kept)
        monkeypatch.setattr(passwords, "fits", real)
        compared.set()
        await go_on.wait()
        return fits

    monkeypatch.setattr(passwords, "fits", held)
    monkeypatch.setattr(passwords, "is_weak", lambda _kept: weak)
    login = asyncio.create_task(late.sign_in("ada@example.com"))
    await compared.wait()
    assert (await ada("POST", "/api/v1/password", {"old": PASSWORD, "new": OTHER})).status == 204
    go_on.set()
    await login
    assert (await late("GET", SESSION)).status == 401
    assert len((await ada("GET", "/api/v1/sessions")).json["items"]) == 1
    monkeypatch.undo()
    assert (await Browser(api).sign_in("ada@example.com", PASSWORD)).status == 401
    assert (await Browser(api).sign_in("ada@example.com", OTHER)).status == 200


async def test_a_session_that_begins_while_the_password_is_changed_ends(
    api: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever came in by the old one in the moment when the new one was hashed is out as well; who changed it stays."""
    ada, late = await first(api), Browser(api)
    passwords = api.house.engine.people.accounts._passwords
    real = passwords.hash

    async def meanwhile(password: str) -> str:
        assert (await late.sign_in("ada@example.com")).status == 200
        return await real(password)

    monkeypatch.setattr(passwords, "hash", meanwhile)
    assert (await ada("POST", "/api/v1/password", {"old": PASSWORD, "new": OTHER})).status == 204
    assert (await late("GET", SESSION)).status == 401
    assert (await ada("GET", SESSION)).status == 200
    assert len((await ada("GET", "/api/v1/sessions")).json["items"]) == 1


@pytest.mark.parametrize("way", ["reset", "end"])
async def test_a_session_that_is_thrown_out_chooses_no_password(
    api: Edge, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Whoever is in by a stolen password cannot choose the next one while the owner chooses it, or ends the session."""
    ada, eve = await first(api), Browser(api)
    assert (await eve.sign_in("ada@example.com")).status == 200
    accounts = api.house.engine.people.accounts
    token = after_hash(await accounts.reset_link("ada@example.com"))
    (stolen,) = (one["id"] for one in (await ada("GET", "/api/v1/sessions")).json["items"] if not one.get("current"))
    real = accounts._passwords.hash

    async def meanwhile(password: str) -> str:
        monkeypatch.setattr(accounts._passwords, "hash", real)
        if way == "reset":
            assert (await ada("POST", RESET, {"link": token, "password": OTHER})).status == 200
        else:
            assert (await ada("DELETE", f"/api/v1/sessions/{stolen}")).status == 204
        return await real(password)

    monkeypatch.setattr(accounts._passwords, "hash", meanwhile)
    body = {"old": PASSWORD, "new": "the one that eve likes"}
    assert (await eve("POST", "/api/v1/password", body)).error[:2] == (401, "unauthorized")
    assert (await eve("GET", SESSION)).status == 401
    assert (await ada("GET", SESSION)).status == 200
    present = OTHER if way == "reset" else PASSWORD
    assert (await Browser(api).sign_in("ada@example.com", present)).status == 200


async def test_two_logins_strengthen_a_password_once(api: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hash of before is made anew by whoever comes first; who comes beside them gets in as well."""
    await first(api)
    passwords = api.house.engine.people.accounts._passwords
    monkeypatch.setattr(passwords, "is_weak", lambda _kept: True)
    both, arrived, real = asyncio.Event(), list[str](), passwords.hash

    async def together(password: str) -> str:
        arrived.append(password)
        if len(arrived) > 1:
            both.set()
        await both.wait()
        return await real(password)

    monkeypatch.setattr(passwords, "hash", together)
    logins = await asyncio.gather(*(Browser(api).sign_in("ada@example.com") for _ in range(2)))
    assert [one.status for one in logins] == [200, 200]


async def test_what_is_remembered_of_a_session_is_not_of_before(api: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it was written down that somebody is there, they chose another password: that one counts from then on."""
    ada = await first(api)
    api.clock.turn(NOTED_EVERY)
    sessions = api.house.engine.people.sessions
    real = sessions._rewrite

    async def meanwhile(session: Session, seen_at: int) -> None:
        monkeypatch.setattr(sessions, "_rewrite", real)
        assert (await ada("POST", "/api/v1/password", {"old": PASSWORD, "new": OTHER})).status == 204
        assert (await ada("GET", SESSION)).status == 200
        await real(session, seen_at)

    monkeypatch.setattr(sessions, "_rewrite", meanwhile)
    assert (await ada("GET", SESSION)).status == 200
    assert (await ada("POST", "/api/v1/password", {"old": OTHER, "new": PASSWORD})).status == 204

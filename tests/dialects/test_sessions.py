"""Sessions against whoever wants one that is not theirs: other sites, planted cookies, old tokens, guesses."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ensue.domain.schedule import DAY
from tests.dialects.edge import EVENTS, Edge, edge
from tests.dialects.people import MEMBERS, PASSWORD, SESSION, Browser, first, seated

EVENT = {"type": "order.paid"}


@pytest.fixture
async def secure(tmp_path: Path) -> AsyncIterator[Edge]:
    """A house that users reach by https."""
    async with edge(tmp_path, public_url="https://ensue.example/") as opened:
        yield opened


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://ensue.test.evil.example"},
        {"origin": "http://ensue.test:8080"},
        {"origin": "null"},
        {"origin": "ensue.test"},
        {"origin": "http://ensue.test", "sec_fetch_site": "cross-site"},
        {"origin": "", "sec_fetch_site": "cross-site"},
        {"origin": "", "sec_fetch_site": "same-site"},
        {"origin": "", "sec_fetch_site": "none"},
        {"origin": "", "sec_fetch_site": ""},
    ],
)
async def test_other_sites_change_nothing(api: Edge, headers: dict[str, str]) -> None:
    """A change with the cookie that does not come from our own page is a 403; a key needs no origin."""
    ada = await seated(api, "ada@example.com", "owner")
    for method, url, body in (("POST", EVENTS, EVENT), ("DELETE", SESSION, None), ("DELETE", f"{MEMBERS}/x", None)):
        assert (await ada(method, url, body, **headers)).error[:2] == (403, "forbidden"), url
    assert (await api("GET", EVENTS)).json["items"] == []
    assert (await ada("GET", SESSION)).status == 200
    assert (await api("POST", EVENTS, EVENT, **{name: value for name, value in headers.items() if value})).status == 202


@pytest.mark.parametrize("headers", [{"origin": ""}, {"sec_fetch_site": ""}, {"origin": "http://ENSUE.test:80"}])
async def test_our_own_page_does(api: Edge, headers: dict[str, str]) -> None:
    """One of the two headers is enough, and a default port is none."""
    ada = await seated(api, "ada@example.com", "owner")
    assert (await ada("POST", EVENTS, EVENT, **headers)).status == 202


@pytest.mark.parametrize(
    "media", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json"]
)
async def test_what_a_plain_form_can_send_is_refused(api: Edge, media: str) -> None:
    """With a cookie, a body that is not JSON is a 415, and so it is where one signs in."""
    ada = await seated(api, "ada@example.com", "owner")
    assert (await ada("POST", EVENTS, EVENT, content_type=media)).error[:2] == (415, "unsupported")
    login = {"email": "ada@example.com", "password": PASSWORD}
    assert (await Browser(api)("POST", SESSION, login, content_type=media)).error[:2] == (415, "unsupported")
    assert (await api("GET", EVENTS)).json["items"] == []


async def test_nobody_is_signed_in_from_elsewhere(api: Edge) -> None:
    """A login that another site sends is refused; one of a program, which names no site, is taken."""
    await first(api)
    login = {"email": "ada@example.com", "password": PASSWORD}
    for headers in ({"origin": "https://evil.example"}, {"origin": "", "sec_fetch_site": "cross-site"}):
        assert (await Browser(api)("POST", SESSION, login, **headers)).error[:2] == (403, "forbidden")
    assert (await Browser(api)("POST", SESSION, login, origin="", sec_fetch_site="")).status == 200


async def test_the_public_address_alone_counts(secure: Edge) -> None:
    """Where it is set, what a request calls the host makes no origin ours."""
    ada = await seated(secure, "ada@example.com", "owner")
    assert (await ada("POST", EVENTS, EVENT)).error[:2] == (403, "forbidden")
    forged = await ada("POST", EVENTS, EVENT, host="evil.example", origin="https://evil.example")
    assert forged.error[:2] == (403, "forbidden")
    assert (await ada("POST", EVENTS, EVENT, host="10.0.0.7:4122", origin="https://ensue.example")).status == 202


async def test_links_are_of_the_public_address(secure: Edge) -> None:
    """Neither Host nor what a proxy forwards gets into a link."""
    ada = await seated(secure, "ada@example.com", "owner")
    got = await ada(
        "POST",
        "/api/v1/invitations",
        {"email": "grace@example.com", "role": "viewer"},
        origin="https://ensue.example",
        host="evil.example",
        x_forwarded_host="evil.example",
        forwarded="host=evil.example",
    )
    assert got.json["link"].startswith("https://ensue.example/invitation#")
    assert b"evil" not in got.body


async def test_the_cookie(api: Edge, secure: Edge) -> None:
    """No script reads it, no other site sends it; behind https it never goes in clear. Logout removes it."""
    for house, origin, security in ((api, "http://ensue.test", ""), (secure, "https://ensue.example", "; Secure")):
        ada = await first(house) if not security else None
        browser = ada or await seated(house, "ada@example.com", "owner")
        if ada is not None:
            got = await ada.sign_in("ada@example.com")
            given = got.headers["set-cookie"]
            assert given == f"ensue_session={ada.cookie}; Path=/; Max-Age=15552000; HttpOnly; SameSite=Lax{security}"
            assert len(ada.cookie) == 43
            assert ada.cookie.encode() not in got.body
        out = await browser("DELETE", SESSION, origin=origin)
        assert out.headers["set-cookie"] == f"ensue_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{security}"


async def test_a_login_is_a_new_session(api: Edge) -> None:
    """Neither a planted cookie nor the one of before is taken on; the one of before ends."""
    ada = await first(api)
    before = ada.cookie
    assert (await ada.sign_in("ada@example.com")).status == 200
    assert ada.cookie != before
    fresh, ada.cookie = ada.cookie, before
    assert (await ada("GET", SESSION)).error[:2] == (401, "unauthorized")
    planted = Browser(api)
    planted.cookie = "planted" * 6 + "x"
    assert (await planted.sign_in("ada@example.com")).status == 200
    assert planted.cookie not in {"planted" * 6 + "x", fresh}
    two = await planted("GET", SESSION, cookie=f"ensue_session={planted.cookie}; ensue_session={fresh}")
    assert two.error[:2] == (401, "unauthorized")


async def test_what_is_no_session(api: Edge) -> None:
    """Cookies that are none of ours, empty, long or odd, are nobody's."""
    browser = await seated(api, "ada@example.com", "owner")
    for cookie in ("ensue_session=", "other=1", f"ensue_session={'x' * 5000}", "ensue_session", "ensue_session=\u00e9"):
        assert (await browser("GET", SESSION, cookie=cookie)).error[:2] == (401, "unauthorized"), cookie
    token = api.token or ""
    assert (await browser("GET", SESSION, cookie=f"ensue_session={token}")).error[:2] == (401, "unauthorized")
    assert (await api.with_token(browser.cookie)("GET", EVENTS)).error[:2] == (401, "unauthorized")
    padded = f'a=b; ensue_session="{browser.cookie}"; c=d'
    assert (await browser("GET", SESSION, cookie=padded)).status == 200


async def test_sessions_are_listed_and_ended(api: Edge) -> None:
    """Each account sees its own, without tokens, and ends any; another's is a 404."""
    ada = await first(api)
    phone = Browser(api)
    assert (
        await phone("POST", SESSION, {"email": "ada@example.com", "password": PASSWORD}, user_agent="Phone/1")
    ).status
    eve = await seated(api, "eve@example.com", "owner")
    listed = (await ada("GET", "/api/v1/sessions")).json["items"]
    assert [(one["agent"], one["current"]) for one in listed] in (
        [("Phone/1", False), ("", True)],
        [("", True), ("Phone/1", False)],
    )
    other = next(one["id"] for one in listed if not one["current"])
    assert phone.cookie not in str(listed)
    assert (await eve("DELETE", f"/api/v1/sessions/{other}")).error[:2] == (404, "not_found")
    assert (await phone("GET", EVENTS)).status == 200
    assert (await ada("DELETE", f"/api/v1/sessions/{other}")).status == 204
    assert (await phone("GET", EVENTS)).error[:2] == (401, "unauthorized")
    assert (await ada("GET", EVENTS)).status == 200


async def test_sessions_end_by_themselves(api: Edge) -> None:
    """30 days without a visit, or 180 days after the login, whatever is visited meanwhile; visits count by the hour."""
    ada, bob = await seated(api, "ada@example.com", "owner"), await seated(api, "bob@example.com", "owner")
    for _ in range(6):
        api.clock.turn(29 * DAY)
        assert (await ada("GET", SESSION)).status == 200
    assert (await bob("GET", SESSION)).error[:2] == (401, "unauthorized")
    seen = {one["id"]: one["last_seen_at"] for one in (await ada("GET", MEMBERS)).json["items"]}
    assert seen["acc_ada"] > seen["acc_bob"]
    api.clock.turn(6 * DAY)
    assert (await ada("GET", SESSION)).error[:2] == (401, "unauthorized")
    carl = await seated(api, "carl@example.com", "owner")
    api.clock.turn(30 * DAY)
    assert (await carl("GET", SESSION)).error[:2] == (401, "unauthorized")


async def test_nobody_keeps_more_than_fifty_sessions(api: Edge) -> None:
    """A further login ends the oldest."""
    people, oldest = api.house.engine.people, await seated(api, "ada@example.com", "owner")
    account = (await people.sessions.find(oldest.cookie)).account
    for _ in range(49):
        api.clock.turn(1)
        newest = await people.sessions.begin(account)
    assert (await oldest("GET", SESSION)).status == 200
    api.clock.turn(1)
    await people.sessions.begin(account)
    people.forget()
    assert (await oldest("GET", SESSION)).error[:2] == (401, "unauthorized")
    assert len(await people.sessions.list(account.id)) == 50
    assert (await people.sessions.find(newest.token)).account == account

"""Logging in without script on the way to a button: by a form with a token, and back to that button, nowhere else."""

import pytest

from tests.dialects.edge import Edge
from tests.dialects.pages.reader import Reader
from tests.dialects.pages.test_press import shown
from tests.dialects.people import PASSWORD, first

EMAIL = "ada@example.com"


async def test_a_stranger_logs_in_and_is_back_at_the_button(api: Edge) -> None:
    """The page tells a stranger nothing of the event; with the password they are where they wanted."""
    await first(api)
    address = await shown(api, label="Ban for good")
    reader = Reader(api)
    page = await reader("GET", address)
    assert (page.status, "Log in" in page.text) == (401, True)
    assert not [word for word in ("Spam", "Ban for good", "shop.example") if word in page.text]
    assert (set(reader.jar), set(page.fields)) == ({"ensue_form"}, {"email", "password", "token"})
    back = await reader.send(page, email=EMAIL, password=PASSWORD)
    assert (back.status, back.headers["location"]) == (303, address)
    assert "HttpOnly" in back.headers["set-cookie"]
    assert "SameSite=Lax" in back.headers["set-cookie"]
    assert "Ban for good?" in (await reader("GET", address)).text


async def test_a_wrong_password_says_so_and_keeps_the_address(api: Edge) -> None:
    """With the same words whether there is such an account; what was typed comes back as text."""
    await first(api)
    reader = Reader(api)
    page = await reader("GET", await shown(api))
    for email in (EMAIL, "nobody@example.com", '"><script>x</script>'):
        again = await reader.send(page, email=email, password="wrong")
        assert (again.status, "do not belong together" in again.text) == (401, True)
        assert (again.fields["email"], again.all("script")) == (email, [])
    assert "ensue_session" not in reader.jar


async def test_a_login_form_is_of_this_browser(api: Edge) -> None:
    """A token without its cookie, or with another's, logs nobody in: nobody is logged in by another site."""
    await first(api)
    address = await shown(api)
    one, other = Reader(api), Reader(api)
    page = await one("GET", address)
    await other("GET", address)
    for reader in (other, Reader(api)):
        refused = await reader.send(page, email=EMAIL, password=PASSWORD)
        assert (refused.status, "Log in once more" in refused.text, refused.fields["email"]) == (403, True, EMAIL)
        assert "ensue_session" not in reader.jar
    again = await reader.send(refused, email=EMAIL, password=PASSWORD)  # the new page has a token that holds
    assert again.status == 303


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "", "sec_fetch_site": ""}, 403),
        ({"content_type": "application/json"}, 415),
    ],
)
async def test_only_our_own_form_logs_in(api: Edge, headers: dict[str, str], status: int) -> None:
    """Never for another origin, nor for what is no form."""
    await first(api)
    reader = Reader(api)
    page = await reader("GET", await shown(api))
    fields = page.fields | {"email": EMAIL, "password": PASSWORD}
    refused = await reader("POST", str(page.all("form")[0]["action"]), fields, **headers)
    assert refused.status == status
    assert "ensue_session" not in reader.jar


@pytest.mark.parametrize("named", ["//evil.example", "https://evil.example", "x%0d%0alocation:%20https://evil.example"])
async def test_nothing_leads_elsewhere(api: Edge, named: str) -> None:
    """Whatever the address says of a project, or of where to go, it is back to the button of this server."""
    await first(api)
    address = (await shown(api)).replace("project=default", f"project={named}&to=https://evil.example")
    reader = Reader(api)
    page = await reader("GET", address)
    back = await reader.send(page, email=EMAIL, password=PASSWORD)
    assert back.status == 303
    assert back.headers["location"].startswith("/events/")
    assert "evil.example" not in back.headers["location"].partition("?")[0]
    assert "to=" not in back.headers["location"]


async def test_a_login_ends_the_session_before_and_takes_no_planted_one(api: Edge) -> None:
    """The session that a browser came with is not the one that it has afterwards, and does not hold any more."""
    owner = await first(api)
    address = await shown(api)
    reader = Reader(api, ensue_session=owner.cookie)
    reader.jar["ensue_form"] = "known"
    before = owner.cookie
    page = await Reader(api, ensue_form="known")("GET", address)
    await reader.send(page, email=EMAIL, password=PASSWORD)
    assert reader.jar["ensue_session"] != before
    assert (await Reader(api, ensue_session=before)("GET", address)).status == 401


async def test_logins_are_throttled(api: Edge) -> None:
    """As in the console; the page says how long to wait."""
    await first(api)
    reader = Reader(api)
    page = await reader("GET", await shown(api))
    answers = [await reader.send(page, email=EMAIL, password="wrong") for _ in range(40)]
    (last, *_) = [one for one in answers if one.status == 429]
    assert int(last.headers["retry-after"]) > 0
    assert last.all("form")


async def test_a_session_that_ended_leads_to_the_login(api: Edge) -> None:
    """Pressing with it is a 401 that leads back to the button's page, which asks to log in."""
    address = await shown(api)
    reader = Reader(api, ensue_session="gone")
    refused = await reader("POST", address, {"token": "x"})
    assert (refused.status, refused.all("a")[0]["href"]) == (401, address)
    assert (await reader("GET", address)).all("form")[0]["action"] == address.replace("?", "/login?")

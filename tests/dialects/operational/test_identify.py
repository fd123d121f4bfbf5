"""`POST /api/v1/identify`: what theirs throws away is kept, for those whom messages will reach."""

from typing import Any

import pytest

from tests.dialects.edge import Edge, Got

IDENTIFY = "/api/v1/identify"


async def identify(api: Edge, body: Any, content_type: str = "application/json", **headers: str) -> Got:
    """One call."""
    return await api("POST", IDENTIFY, body, content_type=content_type, **headers)


async def known(api: Edge, user: str) -> Any:
    """The subscriber of that id."""
    key = await api.house.engine.keys.authenticate(str(api.token))
    return await api.house.engine.subscribers.get(key.project, user)


async def test_every_field_is_a_property(api: Edge) -> None:
    """Beside the id; the answer is theirs."""
    got = await identify(api, {"userId": "u1", "name": "Ada", "plan": {"seats": 3}, "vip": True, "id": "other"})
    assert (got.status, got.json) == (200, {})
    assert (await known(api, "u1")).properties == {"name": "Ada", "plan": {"seats": 3}, "vip": True, "id": "other"}


async def test_a_later_call_adds(api: Edge) -> None:
    """What is not said stays."""
    await identify(api, {"userId": "u1", "name": "Ada", "plan": "free"})
    await identify(api, {"id": "u1", "plan": "pro"})
    assert (await known(api, "u1")).properties == {"name": "Ada", "plan": "pro"}


@pytest.mark.parametrize("body", [{"userId": 42}, {"id": 42}, {"id": 42, "userId": None}, {"userId": " 42 "}])
async def test_ids_are_text(api: Edge, body: Any) -> None:
    """Numbers too; `id` is as good as `userId`."""
    assert (await identify(api, body)).status == 200
    assert (await known(api, "42")).properties == {}


async def test_addresses_are_ways_to_reach(api: Edge) -> None:
    """An e-mail address and a number in E.164 are channels besides."""
    await identify(api, {"userId": "u1", "email": "ada@shop.example", "phone": "+4915112345678"})
    user = await known(api, "u1")
    assert [one.value for one in user.reachable("email")] == ["ada@shop.example"]
    assert [one.value for one in user.reachable("sms")] == ["+4915112345678"]
    assert user.properties == {"email": "ada@shop.example", "phone": "+4915112345678"}


@pytest.mark.parametrize("fields", [{"email": "nobody"}, {"email": 7}, {"phone": "0151 1234"}, {"phone": None}])
async def test_what_is_no_address_stays_a_property(api: Edge, fields: dict[str, Any]) -> None:
    """Nobody is refused for it."""
    assert (await identify(api, {"userId": "u1"} | fields)).status == 200
    user = await known(api, "u1")
    assert (user.reachable("email"), user.reachable("sms"), user.properties) == ((), (), fields)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "userId field is required"),
        (b"{}", "userId field is required"),
        (b"[]", "userId field is required"),
        (b'{"userId": ""}', "userId field is required"),
        (b'{"userId": null, "id": null}', "userId field is required"),
        (b'{"userId": true}', "userId field must be a string"),
        (b'{"id": {"a": 1}}', "id field must be a string"),
        (b'{"userId": "u", "$nonsense": 1}', "$nonsense"),
        (b'{"userId": "u", "ss_id": 1}', "ss_id"),
        (b'{"userId": "a\\nb"}', "'userId' must be 1 to 255 printable characters"),
        (b'{"userId": "' + b"u" * 256 + b'"}', "'userId' must be 1 to 255 printable characters"),
        (b'{"userId": "u", "a": "\\ud800"}', "The body"),
        (b'{"userId": "u"', "The body is not valid JSON"),
    ],
)
async def test_what_is_wrong_is_refused(api: Edge, body: bytes, message: str) -> None:
    """In text, with the field as the sender calls it."""
    got = await identify(api, body)
    assert got.status == 400
    assert message in got.body.decode()


@pytest.mark.parametrize("content_type", ["text/plain", "text/html"])
async def test_it_is_json(api: Edge, content_type: str) -> None:
    """Plain text says nothing of a user."""
    got = await identify(api, b"u1", content_type)
    assert (got.status, got.body) == (400, f"Missing or unacceptible content-type sent {content_type}".encode())


async def test_what_is_too_much_is_refused(api: Edge) -> None:
    """A body beyond 100 KiB, and a user who would become larger than users are."""
    for size in (100 * 1024, 90 * 1024):
        got = await identify(api, {"userId": "u1", "note": "x" * size})
        assert (got.status, got.body) == (413, b"request entity too large")


async def test_a_key_is_needed(api: Edge) -> None:
    """Theirs asks for none; here nobody writes into a project without its key."""
    got = await identify(api.with_token(None), {"userId": "u1"})
    assert (got.status, got.body) == (401, b"bearer token missing")
    assert (await identify(await api.with_key("default", "events:read"), {"userId": "u1"})).status == 403


async def test_projects_are_apart(api: Edge) -> None:
    """The same id is another user there."""
    other = await api.with_key("other")
    await identify(api, {"userId": "u1", "name": "Ada"})
    await identify(other, {"userId": "u1", "name": "Bob"})
    assert [(await known(one, "u1")).properties["name"] for one in (api, other)] == ["Ada", "Bob"]

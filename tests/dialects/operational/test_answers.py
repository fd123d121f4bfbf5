"""What is answered: text in their words, JSON where only that is asked for, the event's id in a header."""

import pytest

from ensue.http.exchange import JSON
from tests.dialects.edge import EVENTS, Edge
from tests.dialects.operational.sender import LOG, TEXT, Sender

EVENT = {"name": "an event"}


@pytest.mark.parametrize(
    ("accept", "json"),
    [
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        ("application/json, */*;q=0.5", True),
        ("application/*", True),
        ("text/html, application/json;q=0.9", True),
        ("application/json;q=0.9, text/plain;q=0.8", True),
        ("*/*", False),
        ("", False),
        ("text/plain", False),
        ("application/json, text/plain, */*", False),
        ("application/json;q=0.5, */*", False),
        ("application/json;q=0, text/plain;q=0", False),
        ("application/json;q=much", False),
        ("application/jsonp", False),
    ],
)
async def test_json_is_said_where_it_is_preferred(log: Sender, accept: str, json: bool) -> None:  # noqa: FBT001
    """The default of axios and of fetch prefers nothing: these clients get the text that they always got."""
    good = await log(EVENT, Accept=accept)
    bad = await log({}, Accept=accept)
    unknown = await Sender(log.api.with_token("nobody"))(EVENT, Accept=accept)
    assert [got.status for got in (good, bad, unknown)] == [201, 400, 401]
    if json:
        assert good.json == {"id": good.headers["x-event-id"]}
        assert bad.json == {"message": "content field is required"}
        assert unknown.json == {"message": "Apikey is invalid or disabled"}
        assert {got.headers["content-type"] for got in (good, bad, unknown)} == {"application/json"}
    else:
        assert [got.body for got in (good, bad, unknown)] == [
            b"success",
            b"content field is required",
            b"Apikey is invalid or disabled",
        ]
        assert {got.headers["content-type"] for got in (good, bad, unknown)} == {"text/plain; charset=utf-8"}


async def test_without_accept_the_answer_is_text(log: Sender) -> None:
    """And the header `X-Event-Id` names the event."""
    got = await log(EVENT)
    assert (got.status, got.body, got.headers["content-type"]) == (201, b"success", "text/plain; charset=utf-8")
    assert [one["id"] for one in await log.api.items(EVENTS)] == [got.headers["x-event-id"]]


@pytest.mark.parametrize(
    ("content_type", "accepted"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ('Application/JSON;charset="UTF-8"', True),
        ("application/json; charset=us-ascii", True),
        ("application/json; charset=latin1", False),
        ("application/x-www-form-urlencoded", False),
        ("application/vnd.api+json", False),
        ("text/html", False),
        ("text/plain; charset=klingon", False),
        ("json", False),
        ("", False),
        ("x" * 200, False),
    ],
)
async def test_media_types(log: Sender, content_type: str, accepted: bool) -> None:  # noqa: FBT001
    """JSON with or without its charset, and text; others are named."""
    if accepted:
        assert (await log.event(EVENT, content_type))["type"] == "an event"
    else:
        told = await log.refusal(EVENT, content_type)
        assert told == f"Missing or unacceptible content-type sent {content_type[:80]}"


async def test_no_media_type(api: Edge) -> None:
    """JavaScript's word for it is theirs."""
    got = await api("POST", LOG, EVENT)
    assert (got.status, got.body) == (400, b"Missing or unacceptible content-type sent undefined")


@pytest.mark.parametrize(
    ("authorization", "message"),
    [
        (None, b"bearer token missing"),
        ("", b"bearer token invalid"),
        ("Bearer", b"bearer token invalid"),
        ("Bearer ", b"bearer token invalid"),
        ("{token}", b"bearer token invalid"),
        ("Bearer nobody", b"Apikey is invalid or disabled"),
        ("Bearer {token}x", b"Apikey is invalid or disabled"),
        ("Bearer ops_0123456789abcdefghijklmn", b"Apikey is invalid or disabled"),
        ("Bearer \u00fcnknown", b"bearer token invalid"),
        ("Bearer " + "x" * 2_000, b"bearer token invalid"),
    ],
)
@pytest.mark.parametrize("body", [b'{"name": "x"}', b"{", b""], ids=["good", "malformed", "empty"])
async def test_keys_are_asked_for_first(api: Edge, authorization: str | None, message: bytes, body: bytes) -> None:
    """401 with their texts, whatever the body; nothing is stored."""
    headers = {} if authorization is None else {"authorization": authorization.replace("{token}", str(api.token))}
    got = await api.with_token(None)("POST", LOG, body, content_type=JSON, **headers)
    assert (got.status, got.body) == (401, message)
    assert got.headers["www-authenticate"].startswith("Bearer")
    assert await api.items(EVENTS) == []


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Basic", "Token", "Bearer  "])
async def test_the_second_word_is_the_key(api: Edge, scheme: str) -> None:
    """Their server does not look at the first; so old clients go on."""
    got = await api.with_token(None)("POST", LOG, EVENT, content_type=JSON, authorization=f"{scheme} {api.token}")
    assert got.status == 201


async def test_a_revoked_key_is_disabled(api: Edge) -> None:
    """At once."""
    other = await api.with_key("default", "events:write")
    assert (await Sender(other)(EVENT)).status == 201
    revoked = next(key for key in await api.items("/api/v1/keys") if key["scopes"] == ["events:write"])
    assert (await api("DELETE", f"/api/v1/keys/{revoked['id']}")).status == 200
    got = await Sender(other)(EVENT)
    assert (got.status, got.body) == (401, b"Apikey is invalid or disabled")


async def test_a_key_needs_its_right(api: Edge) -> None:
    """One that may only read cannot send."""
    got = await Sender(await api.with_key("default", "events:read"))(EVENT)
    assert got.status == 403
    assert b"events:write" in got.body


async def test_projects_are_apart(api: Edge) -> None:
    """An event belongs to the key's project."""
    other = await api.with_key("other")
    await Sender(other)(EVENT)
    assert await api.items(EVENTS) == []
    assert len(await other.items(EVENTS)) == 1


async def test_a_repeat_is_answered_with_the_first(log: Sender) -> None:
    """Their API knows no idempotency; ours takes the same header as the native one."""
    first = await log(EVENT, idempotency_key="once")
    again = await log(b'{ "name":"an event" }', idempotency_key="once", Accept=JSON)
    assert (first.status, again.status) == (201, 201)
    assert again.json == {"id": first.headers["x-event-id"]}
    assert len(await log.api.items(f"{EVENTS}?idempotency_key=once")) == 1


async def test_a_key_stands_for_one_body(log: Sender) -> None:
    """Another event under it is a 422; so is the same name sent as text."""
    await log(EVENT, idempotency_key="once")
    assert (await log({"name": "another"}, idempotency_key="once")).status == 422
    await log(b"deployed", TEXT, idempotency_key="text")
    assert (await log(b"deployed", TEXT, idempotency_key="text")).status == 201
    assert (await log(b"deployed again", TEXT, idempotency_key="text")).status == 422


@pytest.mark.parametrize("key", ["", " ", "k" * 256])
async def test_idempotency_keys_have_255_characters(log: Sender, key: str) -> None:
    """Blank or longer is refused, by the name of the header."""
    got = await log(EVENT, idempotency_key=key)
    assert (got.status, got.body.startswith(b"'Idempotency-Key' ")) == (400, True)


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", LOG, 405), ("PUT", "/api/v1/ingest", 405), ("POST", f"{LOG}/x", 404)]
)
async def test_wrong_paths_are_answered_in_their_form(api: Edge, method: str, path: str, status: int) -> None:
    """In text, under the dialect's own paths."""
    got = await api(method, path, EVENT, content_type=JSON)
    assert (got.status, got.headers["content-type"]) == (status, "text/plain; charset=utf-8")
    assert got.body


async def test_browsers_may_ask(api: Edge) -> None:
    """A page of another origin may send with a public key, as in the native API."""
    asked = {"origin": "https://shop.example", "access_control_request_method": "POST"}
    got = await api.with_token(None)("OPTIONS", LOG, **asked)
    assert (got.status, got.headers["access-control-allow-origin"]) == (204, "*")
    sent = await Sender(api)(EVENT, origin="https://shop.example")
    assert (sent.status, sent.headers["access-control-allow-origin"]) == (201, "*")
    assert sent.headers["access-control-expose-headers"] == "*", "the event's id is a header"


async def test_a_public_key_only_tells(api: Edge) -> None:
    """From its own pages, without buttons and without waking anybody; and it identifies nobody."""
    made = await api.house.engine.keys.create("default", (), public=True, origins=("https://shop.example",))
    log = Sender(api.with_token(made.token))
    home = {"origin": "https://shop.example"}
    assert (await log(EVENT, **home)).status == 201
    assert (await log(b"clicked", TEXT, **home)).status == 201
    ban = {"url": "https://shop.example/ban", "buttonText": "Ban", "key": "ban"}
    for wrong, field in (({"actions": [ban]}, "actions"), ({"notify": True}, "notify")):
        got = await log(EVENT | wrong, **home)
        assert (got.status, f"it may not send '{field}'" in got.body.decode()) == (403, True)
    assert (await log(EVENT, origin="https://elsewhere.example")).status == 403
    assert (await log({"userId": "u1"}, path="/api/v1/identify", **home)).status == 403
    assert (await log(EVENT | {"note": "x" * 16_384}, **home)).status == 413
    assert len(await api.items(EVENTS)) == 2

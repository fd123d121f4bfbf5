"""Triggers over the native API: made, read, changed, tried, switched, rotated; what is refused with which field."""

import asyncio
from typing import Any

import pytest

from ensue.testing import PATIENCE, Reply, Sink
from tests.dialects.edge import HOOK, TRIGGERS, Edge

MINE = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo="
FULL: dict[str, Any] = {
    "name": "To the shop",
    "match": {
        "type": ["order.*", "refund.made"],
        "tenant": "acme",
        "subject": "s",
        "category": "sales",
        "test": True,
        "filter": "event.data.amount > 100",
        "attributes": {"db": "a,b", "col": ""},
        "rule": {
            "rule": "and",
            "clauses": [{"rule": "match", "type": "string", "eval": "==", "f1": "args.data.a", "f2": "b"}],
        },
    },
    "endpoint": {"url": HOOK, "headers": {"X-A": "a"}, "secret_headers": {"X-B": "hidden"}, "secret": MINE},
    "format": "plain",
    "retry": {"attempts": 3, "schedule": [1, 2.5], "jitter": 0},
    "timeout_ms": 5000,
    "concurrency": 4,
    "enabled": False,
}


async def test_every_field_comes_out_as_it_went_in(api: Edge) -> None:
    """A trigger is read back as it was made; its secret only in the answer that made it, secret headers never."""
    made = await api.trigger(**{name: value for name, value in FULL.items() if name != "endpoint"})
    assert made["endpoint"]["secret"].startswith("whsec_")
    got = await api("POST", TRIGGERS, FULL)
    assert got.json["endpoint"] == {
        "url": HOOK,
        "headers": {"X-A": "a"},
        "secret_headers": {"X-B": "***"},
        "secret": MINE,
    }
    read = await api("GET", f"{TRIGGERS}/{got.json['id']}")
    assert MINE not in read.body.decode()
    for field in ("name", "format", "retry", "timeout_ms", "concurrency", "enabled", "match"):
        assert read.json[field] == FULL[field], field
    for url in (TRIGGERS, f"{TRIGGERS}/{got.json['id']}"):
        assert b"hidden" not in (await api("GET", url)).body
    shown = await api("GET", f"{TRIGGERS}/{got.json['id']}/secret")
    assert shown.json == {"secret": MINE}


async def test_what_is_left_out_is_the_default(api: Edge) -> None:
    """A name and a URL suffice."""
    made = await api.trigger()
    assert (made["match"], made["format"], made["timeout_ms"], made["enabled"]) == (
        {"type": ["**"]},
        "cloudevents",
        15_000,
        True,
    )
    assert made["retry"]["attempts"] == 10
    assert len(made["retry"]["schedule"]) == 9


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": 1}, "name"),
    ({"name": " "}, "name"),
    ({"name": "x" * 256}, "name"),
    ({"match": []}, "match"),
    ({"match": {"type": 1}}, "match.type"),
    ({"match": {"type": []}}, "match.type"),
    ({"match": {"type": [1]}}, "match.type[0]"),
    ({"match": {"type": "a*"}}, "match.type"),
    ({"match": {"type": "x" * 256}}, "match.type"),
    ({"match": {"type": ["a"] * 101}}, "match.type"),
    ({"match": {"tenant": ""}}, "match.tenant"),
    ({"match": {"subject": 1}}, "match.subject"),
    ({"match": {"category": "x" * 256}}, "match.category"),
    ({"match": {"test": "no"}}, "match.test"),
    ({"match": {"filter": 1}}, "match.filter"),
    ({"match": {"filter": "event.data.("}}, "match.filter"),
    ({"match": {"filter": "1 + 1"}}, "match.filter"),
    ({"match": {"filter": "true ||" + " " * 2_000 + "true"}}, "match.filter"),
    ({"endpoint": HOOK}, "endpoint"),
    ({"endpoint": {}}, "endpoint.url"),
    ({"endpoint": {"url": 1}}, "endpoint.url"),
    ({"endpoint": {"url": "ftp://x.example"}}, "endpoint.url"),
    ({"endpoint": {"url": "http://10.0.0.1/"}}, "endpoint.url"),
    ({"endpoint": {"url": "http://169.254.169.254/latest"}}, "endpoint.url"),
    ({"endpoint": {"url": HOOK, "headers": []}}, "endpoint.headers"),
    ({"endpoint": {"url": HOOK, "headers": {"host": "x"}}}, "endpoint.headers.host"),
    ({"endpoint": {"url": HOOK, "headers": {"x": "a\r\nb"}}}, "endpoint.headers.x"),
    ({"endpoint": {"url": HOOK, "secret_headers": {"webhook-id": "x"}}}, "endpoint.secret_headers.webhook-id"),
    ({"endpoint": {"url": HOOK, "secret": "short"}}, "endpoint.secret"),
    ({"format": "xml"}, "format"),
    ({"format": 1}, "format"),
    ({"retry": 3}, "retry"),
    ({"retry": {"attempts": 0}}, "retry.attempts"),
    ({"retry": {"attempts": 101}}, "retry.attempts"),
    ({"retry": {"attempts": "3"}}, "retry.attempts"),
    ({"retry": {"schedule": []}}, "retry.schedule"),
    ({"retry": {"schedule": [-1]}}, "retry.schedule"),
    ({"retry": {"schedule": [604_801]}}, "retry.schedule"),
    ({"retry": {"schedule": [1] * 51}}, "retry.schedule"),
    ({"timeout_ms": 99}, "timeout_ms"),
    ({"timeout_ms": 60_001}, "timeout_ms"),
    ({"timeout_ms": 1.5}, "timeout_ms"),
    ({"concurrency": 0}, "concurrency"),
    ({"concurrency": 1_001}, "concurrency"),
    ({"enabled": 1}, "enabled"),
]


@pytest.mark.parametrize(("fields", "field"), WRONG, ids=[f"{field}-{at}" for at, (_, field) in enumerate(WRONG)])
async def test_a_wrong_field_is_named(api: Edge, fields: dict[str, Any], field: str) -> None:
    """Each wrong field is a 400 that names it, when making and when changing, and nothing changes."""
    got = await api("POST", TRIGGERS, {"name": "n", "endpoint": {"url": HOOK}} | fields)
    assert got.error == (400, "invalid", field)
    assert await api.items(TRIGGERS) == []
    if field not in ("endpoint.url", "endpoint.secret") or fields["endpoint"]:
        made = await api.trigger()
        changed = await api("PATCH", f"{TRIGGERS}/{made['id']}", fields)
        assert changed.error[:2] == (400, "invalid")
        assert (await api("GET", f"{TRIGGERS}/{made['id']}")).json["updated_at"] == made["updated_at"]


@pytest.mark.parametrize(
    "extra",
    [
        {"colour": 1},
        {"match": {"typ": "x"}},
        {"endpoint": {"url": HOOK, "method": "PUT"}},
        {"retry": {"tries": 1}},
        {"id": "trg_x"},
    ],
)
async def test_unknown_fields_are_refused_by_name(api: Edge, extra: dict[str, Any]) -> None:
    """A rule that is half understood is worse than none: an unknown field is a 400 that names it."""
    made = await api.trigger()
    for got in (
        await api("POST", TRIGGERS, {"name": "n", "endpoint": {"url": HOOK}} | extra),
        await api("PATCH", f"{TRIGGERS}/{made['id']}", extra),
    ):
        assert got.error[:2] == (400, "invalid")
        assert "unknown field" in got.json["error"]["message"]


async def test_a_change_keeps_the_rest(api: Edge) -> None:
    """PATCH replaces what it names; null takes a concurrency away; an empty change is one."""
    made = (await api("POST", TRIGGERS, FULL)).json
    url = f"{TRIGGERS}/{made['id']}"
    changed = (await api("PATCH", url, {"name": "Other", "concurrency": None})).json
    assert (changed["name"], "concurrency" in changed, changed["format"]) == ("Other", False, "plain")
    changed = (await api("PATCH", url, {"endpoint": {"headers": {}}})).json
    assert changed["endpoint"] == {"url": HOOK, "secret_headers": {"X-B": "***"}}
    assert (await api("PATCH", url, {})).status == 200


async def test_switching_and_deleting(api: Edge) -> None:
    """Off and on again; a deleted trigger is a 404."""
    made = await api.trigger()
    url = f"{TRIGGERS}/{made['id']}"
    assert (await api("POST", f"{url}/disable")).json["enabled"] is False
    assert (await api("POST", f"{url}/enable")).json["enabled"] is True
    got = await api("DELETE", url)
    assert (got.status, got.body) == (204, b"")
    assert (await api("GET", url)).error[:2] == (404, "not_found")
    assert (await api("DELETE", url)).error[:2] == (404, "not_found")


async def test_pages(api: Edge) -> None:
    """Triggers are listed newest first, each once."""
    made = [(await api.trigger(name=str(at)))["id"] for at in range(3)]
    page = (await api("GET", f"{TRIGGERS}?limit=2")).json
    rest = (await api("GET", f"{TRIGGERS}?limit=2&next={page['next']}")).json
    assert [one["id"] for one in page["items"] + rest["items"]] == sorted(made, reverse=True)
    assert rest["next"] is None


async def test_rotation_gives_a_new_secret_and_keeps_the_old_a_day(api: Edge) -> None:
    """The new secret is in the answer; until tomorrow the old one signs beside it, and that is told."""
    made = await api.trigger()
    url = f"{TRIGGERS}/{made['id']}"
    rotated = (await api("POST", f"{url}/rotate-secret")).json["endpoint"]
    assert rotated["secret"] != made["endpoint"]["secret"]
    assert rotated["old_secret_until"] == "2027-01-16T08:00:00.000Z"
    given = (await api("POST", f"{url}/rotate-secret", {"secret": MINE})).json["endpoint"]
    assert given["secret"] == MINE
    assert (await api("GET", f"{url}/secret")).json == {"secret": MINE}
    api.clock.turn(24 * 3_600_000)
    assert "old_secret_until" not in (await api("GET", url)).json["endpoint"]
    wrong: list[Any] = [{"secret": ""}, {"secret": "whsec_x"}, {"secret": 1}, {"key": MINE}, []]
    for body in wrong:
        assert (await api("POST", f"{url}/rotate-secret", body)).error[:2] == (400, "invalid")


async def test_a_test_is_sent_at_once_and_told(api: Edge) -> None:
    """The receiver gets one signed request, whatever the trigger matches; the answer tells what it said."""
    async with Sink(lambda _: Reply(200, b"fine")) as sink:
        made = await api.trigger(sink.url, match={"type": ["a.*", "order.paid"]}, format="plain")
        got = await api("POST", f"{TRIGGERS}/{made['id']}/test", {"data": {"a": 1}})
        assert got.status == 200
        assert (got.json["state"], got.json["attempt"]["response"]["body"]) == ("delivered", "fine")
        (received,) = await sink.wait_for(1)
        assert (received.headers["webhook-id"], received.body) == (got.json["delivery"], b'{"a":1}')
        event = (await api("GET", f"/api/v1/events/{got.json['event']}")).json
        assert (event["type"], event["card"]) == ("order.paid", {"test": True})


async def test_a_test_that_fails_is_told(api: Edge) -> None:
    """One try, not more: a receiver that refuses ends the test as dead, with what it answered."""
    async with Sink(lambda _: Reply(500)) as sink:
        made = await api.trigger(sink.url)
        got = (await api("POST", f"{TRIGGERS}/{made['id']}/test", {"type": "my.test"})).json
        assert (got["state"], got["attempt"]["response"]["status"]) == ("dead", 500)
        assert (await api("GET", f"/api/v1/events/{got['event']}")).json["type"] == "my.test"


async def test_a_test_for_later_waits(api: Edge) -> None:
    """Its event is in the log at once, its one delivery waits until it is due, and goes to this trigger alone."""
    async with Sink(lambda _: Reply(500)) as sink:
        made = await api.trigger(sink.url, match={"type": "other"})
        await api.trigger(sink.url, name="Another")
        got = await api("POST", f"{TRIGGERS}/{made['id']}/test", {"type": "my.test", "delay": 60})
        assert (got.status, got.json["state"], got.json["attempt"]) == (202, "pending", None)
        event = (await api("GET", f"/api/v1/events/{got.json['event']}")).json
        assert (event["state"], event["time"], event["card"]) == ("recorded", event["received_at"], {"test": True})
        (waits,) = await api.items("/api/v1/deliveries")
        assert (waits["id"], waits["due_at"]) == (got.json["delivery"], got.json["due_at"])
        api.clock.turn(59_000)
        assert sink.received == []
        api.clock.turn(1_000)
        await sink.wait_for(1)
        async with asyncio.timeout(PATIENCE):
            while True:
                ended = (await api("GET", f"/api/v1/deliveries/{waits['id']}")).json
                if ended["state"] != "pending":
                    break
                await asyncio.sleep(0)
        assert (ended["state"], ended["tries"], len(sink.received)) == ("dead", 1, 1)


async def test_what_cannot_be_tested(api: Edge) -> None:
    """A disabled trigger is a 409; a reserved type, an unknown field and wrong JSON are 400s."""
    made = await api.trigger()
    url = f"{TRIGGERS}/{made['id']}/test"
    wrong: list[Any] = [{"type": "ensue.x"}, {"typ": "x"}, {"type": 1}, [], b"nonsense"]
    wrong += [{"delay": -1}, {"delay": 1, "send_at": "2027-01-15T08:00:01Z"}, {"send_at": "soon"}, {"delay": 1e12}]
    for body in wrong:
        assert (await api("POST", url, body)).error[:2] == (400, "invalid")
    await api("POST", f"{TRIGGERS}/{made['id']}/disable")
    assert (await api("POST", url)).error[:2] == (409, "conflict")
    assert await api.items("/api/v1/events") == []


async def test_a_secret_header_that_comes_back_masked_is_kept(api: Edge) -> None:
    """A form sends back what it was shown: what is masked stays as it is, what is new is new, what is gone is gone."""
    async with Sink() as sink:
        secrets = {"X-Kept": "kept", "X-Gone": "gone"}
        made = await api.trigger(sink.url, endpoint={"url": sink.url, "secret_headers": secrets})
        fresh = {"X-Kept": "***", "X-New": "new", "X-Never": "***"}
        got = await api("PATCH", f"{TRIGGERS}/{made['id']}", {"endpoint": {"secret_headers": fresh}})
        assert got.status == 200
        await api("POST", f"{TRIGGERS}/{made['id']}/test")
        (request,) = await sink.wait_for(1)
    sent = {name: request.headers.get(name) for name in ("x-kept", "x-gone", "x-new", "x-never")}
    assert sent == {"x-kept": "kept", "x-gone": None, "x-new": "new", "x-never": "***"}

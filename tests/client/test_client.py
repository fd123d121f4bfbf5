"""What the client sends for each verb, and that a repeat stays one event."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import ensue
from ensue import ApiError, Client
from ensue.client import NewEvent
from tests.answering import Answering, Say, answering, refusal

STORED = Say(202, {"id": "e1", "duplicate": False})
REPEAT = Say(200, {"id": "e1", "duplicate": True})


@contextmanager
def served(*answers: Say) -> Iterator[tuple[Client, Answering]]:
    """A client of a server that says `answers`, which never waits long."""
    with answering(*answers) as server, Client(server.url, "ens_key", retries=1) as client:
        yield client, server


def test_the_package_says_what_it_publishes() -> None:
    """`from ensue import Client, ApiError` works, and the release has a number."""
    assert {"ApiError", "Client", "Receipt", "__version__"} <= set(ensue.__all__)
    assert all(hasattr(ensue, name) for name in ensue.__all__)


def test_an_event_is_sent_with_a_key_of_its_own() -> None:
    """Type and data go out, what was not given does not, and an idempotency key is made."""
    with served(STORED) as (client, server):
        receipt = client.send("order.paid", {"amount": 120})
    body = server.asked[0].json()
    uuid.UUID(body.pop("idempotency_key"))
    assert body == {"type": "order.paid", "data": {"amount": 120}}
    assert (server.asked[0].method, server.asked[0].path) == ("POST", "/api/v1/events")
    assert (receipt.id, receipt.duplicate) == ("e1", False)


def test_a_repeat_carries_the_same_key() -> None:
    """When the answer is lost, the second try has the first one's key, and its event does not count as a duplicate."""
    with served(Say(drop=True), REPEAT) as (client, server):
        receipt = client.send("order.paid")
    keys = [asked.json()["idempotency_key"] for asked in server.asked]
    assert len(keys) == 2
    assert keys[0] == keys[1]
    assert not receipt.duplicate


def test_two_events_have_two_keys() -> None:
    """Keys that the client makes never make two events one."""
    with served(STORED) as (client, server):
        client.send("a")
        client.send("a")
    assert server.asked[0].json()["idempotency_key"] != server.asked[1].json()["idempotency_key"]


@pytest.mark.parametrize("fields", [{"idempotency_key": "k"}, {"id": "i", "source": "s"}])
def test_a_duplicate_of_the_callers_is_told(fields: dict[str, str]) -> None:
    """A repeat under the caller's own key or id is a duplicate."""
    with served(REPEAT) as (client, _):
        assert client.send("a", **fields).duplicate  # type: ignore[arg-type]


@dataclass
class Order:
    """Something that is no dictionary."""

    number: int
    placed: datetime


def test_values_are_written_as_the_api_wants_them() -> None:
    """Datetimes, timedeltas, dataclasses and a context by its id become what the API takes; None is left out."""
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    with served(STORED) as (client, server):
        client.send("a", Order(7, moment), time=moment, delay=timedelta(minutes=2), context="story", subject=None)
    body = server.asked[0].json()
    assert body["data"] == {"number": 7, "placed": "2026-01-02T03:04:05Z"}
    assert (body["time"], body["delay"], body["context"]) == ("2026-01-02T03:04:05Z", 120.0, {"id": "story"})
    assert "subject" not in body


def test_warnings_are_handed_on() -> None:
    """What the server kept out is named in the receipt."""
    with served(Say(202, {"id": "e", "duplicate": False, "warnings": ["'x' is unknown"]})) as (client, _):
        assert client.send("a").warnings == ("'x' is unknown",)


def test_a_batch_tells_of_each_event() -> None:
    """Receipts and errors come back in the order of the events, with their counts."""
    items = [{"id": "1", "duplicate": False}, {"error": {"code": "invalid", "message": "No.", "field": "type"}}]
    items.append({"id": "3", "duplicate": True})
    events: list[NewEvent] = [{"type": "a"}, {"type": "ensue.b"}, {"type": "c", "idempotency_key": "k"}]
    with served(Say(207, {"items": items})) as (client, server):
        receipt = client.send_batch(events)
    assert (receipt.accepted, receipt.duplicates, receipt.failed) == (1, 1, 1)
    refused = receipt.items[1]
    assert isinstance(refused, ApiError)
    assert (refused.code, refused.field) == ("invalid", "type")
    assert [event["type"] for event in server.asked[0].json()["events"]] == ["a", "ensue.b", "c"]


def test_a_large_batch_goes_in_parts() -> None:
    """2,500 events are three requests, whose progress is told; one of 3 MiB does not share one with another."""
    answers = [
        Say(207, {"items": [{"id": str(n), "duplicate": False} for n in range(size)]}) for size in (1000, 1000, 500)
    ]
    told: list[int] = []
    with served(*answers) as (client, server):
        receipt = client.send_batch(({"type": "a", "data": n} for n in range(2500)), told.append)
    assert [len(asked.json()["events"]) for asked in server.asked] == [1000, 1000, 500]
    assert receipt.accepted == 2500
    assert told == [1000, 2000, 2500]
    one = Say(207, {"items": [{"id": "1", "duplicate": False}]})
    with served(one) as (client, server):
        client.send_batch([{"type": "a", "data": "x" * 3_000_000}, {"type": "b", "data": "x" * 3_000_000}])
    assert len(server.asked) == 2


def test_pages_are_asked_for_when_needed() -> None:
    """Iterating goes on by `next`, keeps the filters, and stops asking at `most`."""
    first = Say(200, {"items": [{"id": "3"}, {"id": "2"}], "next": "n1"})
    last = Say(200, {"items": [{"id": "1"}], "next": None})
    with served(first, last) as (client, server):
        assert [event["id"] for event in client.events(type="a.*")] == ["3", "2", "1"]
    assert [asked.path for asked in server.asked] == [
        "/api/v1/events?type=a.%2A",
        "/api/v1/events?type=a.%2A&next=n1",
    ]
    with served(first, last) as (client, server):
        assert [event["id"] for event in client.events(most=2)] == ["3", "2"]
    assert len(server.asked) == 1


def test_search_and_counts_are_asked_for() -> None:
    """Words go out as one parameter, and what to count by as a list."""
    with served(Say(200, {"items": [{"count": 3}], "next": None})) as (client, server):
        assert list(client.events(q='"refund" 47')) == [{"count": 3}]
        assert client.stats("events", "hour", "type", test=False) == client.stats("deliveries") == [{"count": 3}]
    assert [asked.path for asked in server.asked] == [
        "/api/v1/events?q=%22refund%22+47",
        "/api/v1/stats?of=events&by=hour%2Ctype&test=false",
        "/api/v1/stats?of=deliveries",
    ]


VERBS: dict[str, tuple[Any, str]] = {
    "event": (lambda client: client.event("e/1"), "GET /api/v1/events/e%2F1"),
    "cancel": (lambda client: client.cancel("e"), "POST /api/v1/events/e/cancel"),
    "delete": (lambda client: client.delete("e"), "DELETE /api/v1/events/e"),
    "triggers.get": (lambda client: client.triggers.get("t"), "GET /api/v1/triggers/t"),
    "triggers.create": (lambda client: client.triggers.create(name="n"), 'POST /api/v1/triggers {"name":"n"}'),
    "triggers.update": (lambda client: client.triggers.update("t", name="n"), 'PATCH /api/v1/triggers/t {"name":"n"}'),
    "triggers.delete": (lambda client: client.triggers.delete("t"), "DELETE /api/v1/triggers/t"),
    "triggers.enable": (lambda client: client.triggers.enable("t"), "POST /api/v1/triggers/t/enable"),
    "triggers.disable": (lambda client: client.triggers.disable("t"), "POST /api/v1/triggers/t/disable"),
    "triggers.test": (lambda client: client.triggers.test("t", type="a"), 'POST /api/v1/triggers/t/test {"type":"a"}'),
    "triggers.secret": (lambda client: client.triggers.secret("t"), "GET /api/v1/triggers/t/secret"),
    "press": (lambda client: client.press("e", "a/b"), "POST /api/v1/events/e/actions/a%2Fb"),
    "actions.secret": (lambda client: client.actions.secret(), "GET /api/v1/actions/secret"),
    "actions.rotate": (lambda client: client.actions.rotate_secret(), "POST /api/v1/actions/rotate-secret"),
    "triggers.rotate": (lambda client: client.triggers.rotate_secret("t"), "POST /api/v1/triggers/t/rotate-secret"),
    "deliveries.get": (lambda client: client.deliveries.get("d"), "GET /api/v1/deliveries/d"),
    "deliveries.retry": (lambda client: client.deliveries.retry("d"), "POST /api/v1/deliveries/d/retry"),
    "deliveries.cancel": (lambda client: client.deliveries.cancel("d"), "POST /api/v1/deliveries/d/cancel"),
    "keys.create": (
        lambda client: client.keys.create(scopes=["triggers"]),
        'POST /api/v1/keys {"scopes":["triggers"]}',
    ),
    "keys.revoke": (lambda client: client.keys.revoke("k"), "DELETE /api/v1/keys/k"),
}


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_is_its_call(name: str) -> None:
    """Each method is one request of the API, whatever its id is made of."""
    verb, expected = VERBS[name]
    with served(Say(200, {"id": "x"})) as (client, server):
        verb(client)
    asked = server.asked[0]
    assert f"{asked.method} {asked.path} {asked.body.decode()}".strip() == expected


@pytest.mark.parametrize("kind", ["triggers", "deliveries", "keys"])
def test_things_are_listed(kind: str) -> None:
    """Each kind of thing can be listed with filters."""
    with served(Say(200, {"items": [{"id": "1"}], "next": None})) as (client, server):
        assert list(getattr(client, kind).list(limit=10)) == [{"id": "1"}]
    assert server.asked[0].path == f"/api/v1/{kind}?limit=10"


def test_the_server_is_found_on_the_same_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without arguments the port of the settings and the first key are used."""
    (tmp_path / "first-key").write_text("ens_first\n")
    with answering(STORED) as server:
        monkeypatch.delenv("ENSUE_URL", raising=False)
        monkeypatch.delenv("ENSUE_KEY", raising=False)
        monkeypatch.setenv("ENSUE_DATA", str(tmp_path))
        monkeypatch.setenv("ENSUE_PORT", server.url.rpartition(":")[2])
        with Client() as client:
            client.send("a")
    assert server.asked[0].headers["authorization"] == "Bearer ens_first"


def test_a_key_found_here_is_not_sent_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another address gets no key that was found on this machine."""
    (tmp_path / "first-key").write_text("ens_first\n")
    monkeypatch.delenv("ENSUE_URL", raising=False)
    monkeypatch.delenv("ENSUE_KEY", raising=False)
    monkeypatch.setenv("ENSUE_DATA", str(tmp_path))
    with answering(refusal(401, "unauthorized", "No key.")) as server, Client(server.url) as client:
        with pytest.raises(ApiError, match="No key"):
            client.send("a")
        monkeypatch.setenv("ENSUE_URL", server.url)
        with Client() as other, pytest.raises(ApiError, match="No key"):
            other.send("a")
    assert ["authorization" in asked.headers for asked in server.asked] == [False, False]

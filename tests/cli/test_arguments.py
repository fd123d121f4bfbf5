"""How arguments become requests."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.answering import Say
from tests.cli.golden import REPLAY, REPLAYED, TRIGGER
from tests.cli.program import Ran, run_against

ACCEPTED = [Say(202, {"id": "e", "duplicate": False})]


def body(ran: Ran, number: int = 0) -> Any:
    """What was sent, once it went well."""
    assert ran.code == 0, ran.err
    return ran.server.asked[number].json()


def test_send_says_every_field() -> None:
    """Each field of an event has its option, and only what was given is sent."""
    argv = ["send", "order.paid", "--data", '{"n": 1.10}', "--card", '{"title": "t"}', "--subject", "ada"]
    argv += ["--source", "shop", "--tenant", "acme", "--context", "story", "--time", "2026-01-02T03:04:05Z"]
    argv += ["--id", "7", "--idempotency-key", "k", "--delay", "2m"]
    ran = run_against(argv, ACCEPTED)
    assert body(ran) == {
        "type": "order.paid",
        "data": {"n": 1.1},
        "card": {"title": "t"},
        "subject": "ada",
        "source": "shop",
        "tenant": "acme",
        "context": {"id": "story"},
        "time": "2026-01-02T03:04:05Z",
        "id": "7",
        "idempotency_key": "k",
        "delay": 120.0,
    }
    assert b'{"n": 1.10}' in ran.server.asked[0].body, "numbers keep their digits"


def test_data_comes_from_a_file_or_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`@FILE` and `-` are read; JSON null is data too."""
    file = tmp_path / "data.json"
    file.write_text('{"from": "file"}')
    assert body(run_against(["send", "a", "--data", f"@{file}"], ACCEPTED))["data"] == {"from": "file"}
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'["pipe"]')))
    assert body(run_against(["send", "a", "--data", "-"], ACCEPTED))["data"] == ["pipe"]
    assert body(run_against(["send", "a", "--data", "null"], ACCEPTED))["data"] is None


def test_tail_filters() -> None:
    """Filters and the cursor go to the stream."""
    stream = [Say(200, b'id: c2\ndata: {"id":"1","type":"a"}\n\n')]
    ran = run_against(["tail", "--type", "order.*", "--subject", "ada", "--after", "c1", "--count", "1"], stream)
    asked = ran.server.asked[0]
    assert asked.path == "/api/v1/stream?type=order.%2A&subject=ada"
    assert asked.headers["last-event-id"] == "c1"


def test_replay_says_every_field() -> None:
    """Each field of a replay has its option, a time may be so long ago, and only what was given is sent."""
    argv = ["replay", "--trigger", "trg_1", "--type", "order.*", "--state", "dead", "--since", "1d", "--to", "trg_2"]
    argv += ["--until", "2026-01-02T03:04:05Z", "--filter", "true"]
    sent = body(run_against(argv, [Say(201, REPLAY)]))
    since = datetime.fromisoformat(sent.pop("since"))
    assert abs(datetime.now(UTC) - timedelta(days=1) - since) < timedelta(minutes=10)
    assert sent == {
        "trigger": "trg_1",
        "type": "order.*",
        "state": "dead",
        "until": "2026-01-02T03:04:05Z",
        "filter": "true",
        "to": "trg_2",
    }
    assert body(run_against(["replay", "--to", "t", "--dry-run"], [Say(200, {"count": 1, "exact": True})])) == {
        "to": "t",
        "dry_run": True,
    }


def test_a_replay_is_followed_to_its_end() -> None:
    """It is looked at until it runs no more and nothing of it is pending; what died is a failure."""
    waiting = {**REPLAY, "state": "done"}
    died = {**REPLAYED, "deliveries": {"pending": 0, "delivered": 1, "dead": 2, "cancelled": 0}}
    ran = run_against(["replays", "show", "rpl_1", "--follow"], [Say(200, one) for one in (REPLAY, waiting, died)])
    assert (ran.code, len(ran.server.asked)) == (1, 3)
    assert "2 of its deliveries died" in ran.err


def test_create_says_every_field() -> None:
    """Each field of a trigger has its option."""
    argv = ["triggers", "create", "--name", "n", "--endpoint", "https://x", "--type", "a", "--type", "b.*"]
    argv += ["--tenant", "acme", "--filter", "true", "--test-events", "yes", "--format", "plain", "--secret", "whsec_x"]
    argv += ["--header", "X-A: 1: 2", "--secret-header", "Authorization: b", "--attempts", "3", "--schedule", "1s,5m"]
    argv += ["--timeout-ms", "900", "--concurrency", "2", "--disabled", "--jitter", "0"]
    argv += ["--attribute", "db=a,b", "--attribute", "col=", "--rule", '{"rule": "allow"}']
    assert body(run_against(argv, [Say(201, TRIGGER)])) == {
        "name": "n",
        "endpoint": {
            "url": "https://x",
            "headers": {"X-A": "1: 2"},
            "secret_headers": {"Authorization": "b"},
            "secret": "whsec_x",
        },
        "match": {
            "type": ["a", "b.*"],
            "tenant": "acme",
            "filter": "true",
            "test": True,
            "attributes": {"db": "a,b", "col": ""},
            "rule": {"rule": "allow"},
        },
        "format": "plain",
        "retry": {"attempts": 3, "schedule": [1.0, 300.0], "jitter": 0.0},
        "timeout_ms": 900,
        "concurrency": 2,
        "enabled": False,
    }


def test_update_keeps_what_was_not_given() -> None:
    """The API replaces a match as a whole; the command changes one part of it and keeps the others."""
    answers = [Say(200, TRIGGER), Say(200, TRIGGER)]
    ran = run_against(["triggers", "update", "trg_1", "--tenant", "acme", "--attempts", "2"], answers)
    assert [asked.method for asked in ran.server.asked] == ["GET", "PATCH"]
    assert body(ran, 1) == {
        "match": {**TRIGGER["match"], "tenant": "acme"},
        "retry": {"attempts": 2, "schedule": [5.0, 300.0, 1800.0]},
    }


def test_update_asks_only_where_it_must() -> None:
    """A new URL needs no reading first, and nothing else is sent."""
    ran = run_against(["triggers", "update", "trg_1", "--endpoint", "https://y"], [Say(200, TRIGGER)])
    assert body(ran) == {"endpoint": {"url": "https://y"}}
    assert len(ran.server.asked) == 1


def test_update_of_nothing_is_refused() -> None:
    """Without a change nothing is asked."""
    ran = run_against(["triggers", "update", "trg_1"], [Say(200, TRIGGER)])
    assert (ran.code, ran.server.asked) == (2, [])


def test_a_test_that_arrives_is_0() -> None:
    """`triggers test` can be leaned on by scripts: 0 only when the receiver took it."""
    arrived = {"event": "e", "delivery": "d", "state": "delivered", "attempt": None}
    assert run_against(["triggers", "test", "t"], [Say(200, arrived)]).code == 0
    assert run_against(["triggers", "test", "t"], [Say(200, {**arrived, "state": "dead"})]).code == 1


def test_deliveries_are_listed_by_their_fields() -> None:
    """Filters go to the server, and no more pages are asked for than are shown."""
    page = Say(200, {"items": [{"id": f"dlv_{n}", "state": "dead"} for n in range(5)], "next": "more"})
    argv = ["deliveries", "list", "--state", "dead", "--trigger", "t", "--event", "e", "--most", "3", "--json"]
    ran = run_against(argv, [page])
    assert len(json.loads(ran.out)["items"]) == 3
    assert [asked.path for asked in ran.server.asked] == ["/api/v1/deliveries?limit=3&state=dead&trigger=t&event=e"]

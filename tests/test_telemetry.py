"""What is counted, what is logged, and what never is."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec import Raw
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from ensue.domain.delivery import Attempt, Delivery, Entry, Exchange, Outcome
from ensue.domain.event import Card, Context, Event
from ensue.telemetry import METRICS, Telemetry, configure_logging

EVENT = Event(
    id="e1",
    project="prj_1",
    type="order.paid",
    time=0,
    received_at=0,
    subject="ada",
    data=Raw(b'{"password":"hunter2"}'),
    card=Card(title="card-title"),
    context=Context("story"),
    idempotency_key="idem-key",
)
DELIVERY = Delivery(
    id="dlv_1", project="prj_1", event_id="e1", lane="trg_1", trigger="trg_1", created_at=0, due_at=0, claim=2
)
EXCHANGE = Exchange(
    method="POST",
    url="https://hooks.example.com/path-secret?token=query-secret",
    request_headers={"x": "header-secret"},
    status=503,
    response_body="body-secret",
)
ATTEMPT = Attempt(
    delivery="dlv_1", claim=2, number=2, result="failed", started_at=0, duration_ms=250, error="503", exchange=EXCHANGE
)
FAILED = Outcome(replace(DELIVERY, tries=2, due_at=60_000), ATTEMPT)
SENT = Outcome(replace(DELIVERY, state="delivered"), replace(ATTEMPT, result="sent", error=None))


def samples(text: str) -> dict[str, float]:
    """Each sample of the page, as Prometheus reads it: `name{label}` to its value."""
    return {
        f"{sample.name}{{{','.join(sample.labels.values())}}}" if sample.labels else sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


Configure = Callable[[str, str], io.StringIO]


@pytest.fixture
def logs() -> Iterator[Configure]:
    """Configures logging as the program does, to a buffer; afterwards everything is as before."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level

    def configure(form: str, least: str) -> io.StringIO:
        stream = io.StringIO()
        configure_logging(form, least, stream)
        return stream

    yield configure
    root.handlers[:] = handlers
    root.setLevel(level)


def test_events_are_counted_by_status() -> None:
    """Each status has its own count, from 0 on, so that a first error is a rise and not a birth."""
    telemetry = Telemetry()
    for status in ("stored", "stored", "duplicate", "mismatch"):
        telemetry.received(EVENT, status)
    found = samples(telemetry.exposition({}))
    counts = [found[f"ensue_events_total{{{name}}}"] for name in ("stored", "duplicate", "mismatch", "conflict")]
    assert counts == [2, 1, 1, 0]


def test_attempts_count_results_and_states() -> None:
    """A try counts its result, its time and the state it left; what it emits counts as events."""
    telemetry = Telemetry()
    telemetry.attempted(DELIVERY, EVENT, FAILED, "accepted")
    telemetry.attempted(DELIVERY, EVENT, replace(SENT, emits=(Entry(EVENT),)), "accepted")
    found = samples(telemetry.exposition({}))
    assert found["ensue_attempts_total{failed}"] == found["ensue_attempts_total{sent}"] == 1
    assert found["ensue_deliveries_total{pending}"] == found["ensue_deliveries_total{delivered}"] == 1
    assert found["ensue_events_total{emitted}"] == 1
    assert found["ensue_attempt_seconds_count"] == 2
    assert found["ensue_attempt_seconds_sum"] == pytest.approx(0.5)


def test_a_late_result_changes_no_state() -> None:
    """What came after its claim was lost counts as late, and as nothing else: the states are another's."""
    telemetry = Telemetry()
    telemetry.attempted(DELIVERY, EVENT, SENT, "late")
    found = samples(telemetry.exposition({}))
    assert found["ensue_attempts_total{late}"] == 1
    assert found["ensue_attempts_total{sent}"] == found["ensue_deliveries_total{delivered}"] == 0


def test_an_outcome_without_attempt_counts_its_state() -> None:
    """A scheduled event that was emitted is a delivery that arrived, without a try."""
    telemetry = Telemetry()
    telemetry.attempted(DELIVERY, None, Outcome(replace(DELIVERY, state="delivered")), "accepted")
    found = samples(telemetry.exposition({}))
    assert found["ensue_deliveries_total{delivered}"] == 1
    assert found["ensue_attempt_seconds_count"] == 0


def test_commits_are_histograms() -> None:
    """Buckets are cumulative, their bounds included, and everything is in the last one."""
    telemetry = Telemetry()
    telemetry.committed(1, 0.001)
    telemetry.committed(100, 0.3)
    telemetry.committed(5_000, 99.0)
    found = samples(telemetry.exposition({}))
    buckets = [found[f"ensue_commit_entries_bucket{{{bound}}}"] for bound in ("1.0", "100.0", "1000.0", "+Inf")]
    assert buckets == [1, 2, 2, 3]
    assert found["ensue_commit_seconds_bucket{0.001}"] == 1
    assert found["ensue_commit_seconds_count"] == 3
    assert found["ensue_commit_entries_sum"] == 5_101


def test_gauges_are_of_now() -> None:
    """Gauges come with the call, with or without a label; the release is one of them."""
    text = Telemetry("1.2.3").exposition({"ensue_lanes": {"due": 2, "parked": 1}, "ensue_in_flight": 7})
    found = samples(text)
    assert found["ensue_lanes{due}"] == 2
    assert found["ensue_in_flight"] == 7
    assert found["ensue_build_info{1.2.3}"] == 1
    assert "process_resident_memory_bytes" in found
    assert "ensue_oldest_due_seconds" not in found


def test_an_undocumented_gauge_is_refused() -> None:
    """Nothing is exposed that the table, and so the page, does not name."""
    with pytest.raises(KeyError, match="ensue_secret"):
        Telemetry().exposition({"ensue_secret": 1})


def test_names_are_as_prometheus_wants_them() -> None:
    """Counters end in `_total`, times in `_seconds`; names are distinct."""
    assert len({row.name for row in METRICS}) == len(METRICS)
    assert all(row.name.startswith("ensue_") for row in METRICS)
    assert {row.name for row in METRICS if row.type == "counter"} == {
        row.name for row in METRICS if row.name.endswith("_total")
    }


def test_a_received_event_is_one_line_of_text(logs: Configure) -> None:
    """At info an event is one line that says all of it but its content."""
    stream = logs("text", "info")
    Telemetry().received(EVENT, "stored")
    line = stream.getvalue()
    assert line.count("\n") == 1
    assert " INFO    ensue.events event.received event=e1 status=stored project=prj_1 type=order.paid" in line
    assert "subject=ada" in line
    assert "context=story" in line
    assert "tenant" not in line


def test_a_failed_attempt_is_one_line_of_json(logs: Configure) -> None:
    """A failure is a warning, there by default, with what an operator asks first."""
    stream = logs("json", "warning")
    telemetry = Telemetry()
    telemetry.received(EVENT, "stored")
    telemetry.attempted(DELIVERY, EVENT, SENT, "accepted")
    telemetry.attempted(DELIVERY, EVENT, FAILED, "accepted")
    line: dict[str, Any] = json.loads(stream.getvalue())
    assert line["message"] == "delivery.attempted"
    assert line["level"] == "warning"
    expected = {
        "delivery": "dlv_1",
        "event": "e1",
        "trigger": "trg_1",
        "attempt": 2,
        "result": "failed",
        "state": "pending",
        "host": "hooks.example.com",
        "http_status": 503,
        "duration_ms": 250,
        "due": "1970-01-01T00:01:00.000Z",
    }
    assert {name: line[name] for name in expected} == expected


def test_a_late_result_is_a_warning(logs: Configure) -> None:
    """Whoever wonders about a repeat finds the late result in the log by default."""
    stream = logs("text", "warning")
    Telemetry().attempted(DELIVERY, EVENT, SENT, "late")
    assert "verdict=late" in stream.getvalue()


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_line_has_content_or_secrets(logs: Configure, form: str) -> None:
    """Data, card, headers, bodies, and path and query of a URL stay out, at the most talkative level."""
    stream = logs(form, "debug")
    telemetry = Telemetry()
    telemetry.received(EVENT, "stored")
    telemetry.attempted(DELIVERY, EVENT, FAILED, "accepted")
    written = stream.getvalue()
    assert written.count("\n") == 2
    hidden = ["hunter2", "card-title", "header-secret", "body-secret", "path-secret", "query-secret", "idem-key"]
    assert [word for word in hidden if word in written] == []


def test_what_a_receiver_says_in_its_own_words_is_no_line_of_ours(logs: Configure) -> None:
    """That it complained is told, not of what: the attempt has it."""
    stream = logs("json", "info")
    said = replace(ATTEMPT, error="the answer says: hunter2 is unknown here")
    Telemetry().attempted(DELIVERY, EVENT, replace(FAILED, attempt=said), "accepted")
    assert json.loads(stream.getvalue())["error"] == "the answer says"


@pytest.mark.parametrize("form", ["text", "json"])
def test_nobody_forges_a_line(logs: Configure, form: str) -> None:
    """Line breaks, quotes and control characters in a value, or in a message, stay inside their line."""
    stream = logs(form, "info")
    forged = 'x\n2026 INFO ensue.events fake "y"=\x1b[31m\u2028'
    Telemetry().received(replace(EVENT, subject=forged), "stored")
    logging.getLogger("ensue").warning("%s", forged)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2
    assert "\x1b" not in stream.getvalue()
    if form == "json":
        assert json.loads(lines[0])["subject"] == forged


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_exception_keeps_its_stack(logs: Configure, form: str) -> None:
    """A fault of ours is logged with where it came from."""
    stream = logs(form, "error")
    try:
        int("boom")
    except ValueError:
        logging.getLogger("ensue").exception("It failed.")
    written = stream.getvalue()
    assert "It failed." in written
    assert "boom" in written
    assert "test_an_exception_keeps_its_stack" in written
    assert form == "text" or written.count("\n") == 1


def test_nothing_is_built_for_a_level_that_is_off(logs: Configure) -> None:
    """A line that nobody reads costs one look: its fields are never gathered."""
    logs("text", "error")

    class Untouchable:
        """Fails as soon as anything of it is read."""

        def __getattr__(self, name: str) -> Any:
            raise AssertionError(name)

    Telemetry().received(Untouchable(), "stored")  # type: ignore[arg-type]
    assert not logging.getLogger("ensue.events").isEnabledFor(logging.WARNING)


@pytest.mark.parametrize(("form", "level"), [("xml", "info"), ("text", "loud"), ("", "info")])
def test_a_wrong_setting_is_named(logs: Configure, form: str, level: str) -> None:
    """The error names the setting and what it may be."""
    with pytest.raises(ValueError, match=r"log_(format|level) is .*say"):
        logs(form, level)

"""Hides how the running system is watched: metrics in Prometheus' text format, and the two wide log lines.

The hot path adds plain integers; `prometheus-client` only writes the page (its own counters cost 0.5 to 1.2 µs a call,
these a tenth of it). A line costs one `isEnabledFor` where its level is off. Secrets never get here: an attempt's
exchange was masked when it was made, and of that only host and status are told; neither data nor cards are.
"""

import json
import logging
import re
import sys
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, TextIO
from urllib.parse import urlsplit

from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from ensue.domain.conversation import COMPLAINT
from ensue.domain.delivery import Attempt, Delivery, Outcome
from ensue.domain.event import Event
from ensue.domain.schedule import format_time

_events = logging.getLogger("ensue.events")
_deliveries = logging.getLogger("ensue.deliveries")

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
"""The media type of `Telemetry.exposition`."""


class MetricRow(NamedTuple):
    """One metric: its name, type, label (empty for none) and what it says."""

    name: str
    type: Literal["counter", "gauge", "histogram"]
    label: str
    help: str


METRICS: Final = (
    MetricRow(
        "ensue_events_total",
        "counter",
        "status",
        "Events by what became of them: stored, duplicate, mismatch, conflict; emitted by schedules and reports.",
    ),
    MetricRow(
        "ensue_deliveries_total",
        "counter",
        "state",
        "States that tries left deliveries in: delivered, dead, cancelled, or pending (to be tried again).",
    ),
    MetricRow(
        "ensue_attempts_total",
        "counter",
        "result",
        "Tries by result: sent, failed, later, skipped, interrupted, poisoned; late came after its claim was lost.",
    ),
    MetricRow("ensue_attempt_seconds", "histogram", "", "How long a try took, from its start to its result."),
    MetricRow("ensue_commit_entries", "histogram", "", "How many events went into one commit."),
    MetricRow("ensue_commit_seconds", "histogram", "", "How long a commit took, from its request to being on disk."),
    MetricRow(
        "ensue_lanes",
        "gauge",
        "state",
        "Lanes with something pending: due, waiting for their time, parked without room.",
    ),
    MetricRow("ensue_in_flight", "gauge", "", "Deliveries that this process is trying now."),
    MetricRow("ensue_oldest_due_seconds", "gauge", "", "How long the oldest due delivery has been due; 0 if none is."),
    MetricRow("ensue_store_writable", "gauge", "", "1 when the store can be written, else 0."),
    MetricRow("ensue_store_bytes", "gauge", "", "Bytes that the store takes on disk."),
    MetricRow("ensue_streams", "gauge", "", "Open live streams."),
    MetricRow("ensue_build_info", "gauge", "version", "Always 1; its label is the release."),
)
"""Every metric of ours. `docs/reference/metrics.md` is made from it; `process_*` are the client library's."""

_BY_NAME: Final = {row.name: row for row in METRICS}
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0)
_ENTRIES: Final = (1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0)

Gauges = Mapping[str, float | Mapping[str, float]]
"""Values of now by metric name: a number, or for a metric with a label one number for each of its values."""


class _Histogram:
    """Counts per bucket, and their sum; the last bucket has no bound."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def family(self, row: MetricRow) -> Metric:
        total = 0
        buckets: list[tuple[str, float]] = []
        for bound, count in zip((*self.bounds, float("inf")), self.counts, strict=True):
            total += count
            buckets.append(("+Inf" if bound == float("inf") else str(bound), total))
        family = HistogramMetricFamily(row.name, row.help)
        family.add_metric([], buckets, self.sum)
        return family


class _Page(Collector):
    """Families that are ready, as the writer wants to be handed them."""

    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


class Telemetry:
    """What one process counts. All calls come from its event loop; nothing here blocks or raises."""

    def __init__(self, version: str = "") -> None:
        self._version = version
        self._process = ProcessCollector(registry=None)
        self._counts: dict[str, dict[str, int]] = {
            "ensue_events_total": dict.fromkeys(("stored", "duplicate", "mismatch", "conflict", "emitted"), 0),
            "ensue_deliveries_total": dict.fromkeys(("delivered", "dead", "cancelled", "pending"), 0),
            "ensue_attempts_total": dict.fromkeys(
                ("sent", "failed", "later", "skipped", "interrupted", "poisoned", "late"), 0
            ),
        }
        self._received = self._counts["ensue_events_total"]
        self._states = self._counts["ensue_deliveries_total"]
        self._results = self._counts["ensue_attempts_total"]
        self._attempt_seconds = _Histogram(_SECONDS)
        self._commit_entries = _Histogram(_ENTRIES)
        self._commit_seconds = _Histogram(_SECONDS)

    def committed(self, count: int, seconds: float) -> None:
        """One commit of `count` events took `seconds`."""
        self._commit_entries.observe(count)
        self._commit_seconds.observe(seconds)

    def received(self, event: Event, status: str) -> None:
        """An event was answered: `status` is stored, duplicate, mismatch or conflict."""
        self._received[status] = self._received.get(status, 0) + 1
        if _events.isEnabledFor(logging.INFO):
            _events.info("event.received", extra={"fields": _received_fields(event, status)})

    def attempted(self, delivery: Delivery, event: Event | None, outcome: Outcome, verdict: str) -> None:
        """A try of `delivery` (as it was claimed) was settled with `verdict`: accepted or late."""
        attempt = outcome.attempt
        if verdict == "accepted":
            self._states[outcome.delivery.state] += 1
            self._received["emitted"] += len(outcome.emits)
        if attempt is not None:
            result = attempt.result if verdict == "accepted" else "late"
            self._results[result] = self._results.get(result, 0) + 1
            self._attempt_seconds.observe(attempt.duration_ms / 1000)
        level = _attempt_level(attempt, verdict)
        if _deliveries.isEnabledFor(level):
            fields = _attempted_fields(delivery, event, outcome, verdict)
            _deliveries.log(level, "delivery.attempted", extra={"fields": fields})

    def exposition(self, gauges: Gauges) -> str:
        """The page for Prometheus, with what is measured now: `gauges` by the names of `METRICS`.

        Raises KeyError for a gauge that is not in `METRICS`, so that none stays undocumented.
        """
        families = [self._family(row, gauges) for row in METRICS]
        unknown = set(gauges) - set(_BY_NAME)
        if unknown:
            raise KeyError(f"not in METRICS: {sorted(unknown)}")
        page = _Page([*(family for family in families if family is not None), *self._process.collect()])
        return generate_latest(page).decode()

    def _family(self, row: MetricRow, gauges: Gauges) -> Metric | None:
        match row.name:
            case "ensue_attempt_seconds":
                return self._attempt_seconds.family(row)
            case "ensue_commit_entries":
                return self._commit_entries.family(row)
            case "ensue_commit_seconds":
                return self._commit_seconds.family(row)
            case "ensue_build_info":
                return _gauge(row, {self._version: 1})
        if row.name in self._counts:
            counter = CounterMetricFamily(row.name, row.help, labels=[row.label])
            for value, count in self._counts[row.name].items():
                counter.add_metric([value], count)
            return counter
        return _gauge(row, gauges[row.name]) if row.name in gauges else None


def _gauge(row: MetricRow, value: float | Mapping[str, float]) -> Metric:
    gauge = GaugeMetricFamily(row.name, row.help, labels=[row.label] if row.label else [])
    for label, number in value.items() if isinstance(value, Mapping) else [("", value)]:
        gauge.add_metric([label] if row.label else [], number)
    return gauge


def _attempt_level(attempt: Attempt | None, verdict: str) -> int:
    """A failure, and a result that came too late, are worth a warning."""
    bad = verdict != "accepted" or (attempt is not None and attempt.result in {"failed", "poisoned"})
    return logging.WARNING if bad else logging.INFO


def _received_fields(event: Event, status: str) -> dict[str, Any]:
    return {
        "event": event.id,
        "status": status,
        "project": event.project,
        "type": event.type,
        "subject": event.subject,
        "source": event.source,
        "sender_id": event.sender_id,
        "tenant": event.tenant,
        "context": event.context.id if event.context is not None else None,
        "test": event.is_test or None,
        "bytes": len(bytes(event.data)),
        "hops": event.hops or None,
        "happened_at": format_time(event.time),
    }


def _attempted_fields(delivery: Delivery, event: Event | None, outcome: Outcome, verdict: str) -> dict[str, Any]:
    attempt, settled = outcome.attempt, outcome.delivery
    exchange = attempt.exchange if attempt is not None else None
    return {
        "delivery": delivery.id,
        "event": delivery.event_id,
        "project": delivery.project,
        "type": event.type if event is not None else None,
        "kind": delivery.kind,
        "trigger": delivery.trigger,
        "attempt": attempt.number if attempt is not None else None,
        "claim": delivery.claim,
        "result": attempt.result if attempt is not None else None,
        "verdict": verdict,
        "state": settled.state,
        "host": _host(exchange.url) if exchange is not None else None,
        "http_status": exchange.status if exchange is not None else None,
        "duration_ms": attempt.duration_ms if attempt is not None else None,
        "error": _reason(attempt.error) if attempt is not None else None,
        "due": format_time(settled.due_at) if settled.state == "pending" else None,
        "replay": delivery.replay,
    }


def _reason(error: str | None) -> str | None:
    """Why an attempt failed, but for what the receiver said in words of its own: that is content."""
    return COMPLAINT.rstrip(": ") if error is not None and error.startswith(COMPLAINT) else error


def _host(url: str) -> str | None:
    """The host of a URL that may be any text."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


_PLAIN: Final = re.compile(r"[!#-<>-\[\]-~]+")
"""What a value may consist of to stand without quotes: printable ASCII but blanks, `"`, `=` and a back-slash."""


def _pair(name: str, value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return f"{name}={text}" if _PLAIN.fullmatch(text) else f"{name}={json.dumps(text)}"


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """The fields of a wide line that say something."""
    return {name: value for name, value in getattr(record, "fields", {}).items() if value is not None}


class TextFormatter(logging.Formatter):
    """A record as one line: time, level, logger, message, then `key=value`; a stack follows on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; control characters in it are escaped, so that no sender can forge another."""
        message = "".join(char if char.isprintable() else repr(char)[1:-1] for char in record.getMessage())
        head = f"{format_time(int(record.created * 1000))} {record.levelname:<7} {record.name} {message}"
        line = " ".join([head, *(_pair(name, value) for name, value in _fields(record).items())])
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON: `time`, `level`, `logger`, `message`, the fields, `exception`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; no field has the name of one of the first four."""
        line: dict[str, Any] = {
            "time": format_time(int(record.created * 1000)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update(_fields(record))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def configure_logging(form: str, level: str, stream: TextIO | None = None) -> None:
    """Write every record of at least `level` to `stream` (standard error), as `form` says: text or json.

    Replaces what was configured before. Raises ValueError for another form or level, naming the setting.
    """
    if form not in {"text", "json"}:
        raise ValueError(f"log_format is {form!r}; say text or json.")
    if level.lower() not in {"debug", "info", "warning", "error"}:
        raise ValueError(f"log_level is {level!r}; say debug, info, warning or error.")
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())

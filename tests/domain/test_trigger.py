"""What is asked of a trigger (design sections 8 and 10): each limit at its value and one beyond, each field wrong."""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.structs import replace

from ensue.domain.delivery import Retry
from ensue.domain.errors import EnsueError
from ensue.domain.guard import Allowed
from ensue.domain.trigger import (
    Endpoint,
    Match,
    MatchDraft,
    RetryDraft,
    Trigger,
    TriggerDraft,
    check_concurrency,
    check_endpoint_url,
    check_headers,
    check_match,
    check_name,
    check_retry,
    check_timeout,
    trigger_document,
    trigger_of,
)

TRIGGER = Trigger(
    id="trg_1",
    project="prj_1",
    name="t",
    match=Match(),
    endpoint=Endpoint(url="http://a.example/"),
    created_at=1,
    updated_at=1,
)


def refused(field: str, check: Callable[[], object]) -> str:
    """The message that names `field`."""
    with pytest.raises(EnsueError) as refusal:
        check()
    assert (refusal.value.code, refusal.value.field) == ("invalid", field)
    return refusal.value.message


def test_a_name_has_1_to_255_characters() -> None:
    """Trimmed and printable."""
    assert check_name(f"  {'n' * 255} ") == "n" * 255
    for name in ("", " ", "n" * 256, "a\nb"):
        assert refused("name", lambda name=name: check_name(name))  # type: ignore[misc]


def test_a_match_says_which_events() -> None:
    """One pattern or up to a hundred, each once; the defaults are every type and no test events."""
    assert check_match(MatchDraft()) == Match(("**",))
    assert check_match(MatchDraft(["a.*", " a.* ", "b"])).type == ("a.*", "b")
    assert len(check_match(MatchDraft([f"t{n}" for n in range(100)])).type) == 100
    for kinds in ([], [f"t{n}" for n in range(101)], "", " ", "x" * 256, "a\nb", "a.b*", "*a", "a.***", ["a", "b**c"]):
        assert refused("match.type", lambda kinds=kinds: check_match(MatchDraft(kinds)))  # type: ignore[misc]


@pytest.mark.parametrize("field", ["tenant", "subject", "category"])
def test_a_match_is_exact(field: str) -> None:
    """1 to 255 characters, or left out."""
    assert getattr(check_match(MatchDraft(**{field: "x" * 255})), field) == "x" * 255  # type: ignore[arg-type]
    for text in ("", "x" * 256):
        assert refused(f"match.{field}", lambda text=text: check_match(MatchDraft(**{field: text})))  # type: ignore[misc]


def test_a_filter_is_compiled_when_it_is_given() -> None:
    """Refused now, with the place, rather than at the first event."""
    assert check_match(MatchDraft(filter="event.data.n > 1")).filter == "event.data.n > 1"
    assert "column" in refused("match.filter", lambda: check_match(MatchDraft(filter="event.data.n >")))
    assert refused("match.filter", lambda: check_match(MatchDraft(filter="x" * 2_001)))


def test_attributes_of_a_match_have_limits() -> None:
    """Twenty names of 255 characters, each with its values."""
    fits = {f"{at:0255d}": "v" * 4_096 for at in range(20)}
    assert check_match(MatchDraft(attributes=fits)).attributes == fits
    for attributes in ({f"{at}": "" for at in range(21)}, {"n" * 256: ""}, {"n": "v" * 4_097}):
        assert refused("match.attributes", lambda given=attributes: check_match(MatchDraft(attributes=given)))  # type: ignore[misc]


def test_a_rule_is_checked_when_it_is_given() -> None:
    """Refused now, by its place, where it could fail at an event; null is none."""
    rule = Raw(b'{"rule": "match", "type": "string", "eval": "==", "f1": "args.data.a", "f2": "b"}')
    found = check_match(MatchDraft(rule=rule)).rule
    assert found is not None
    assert (found.f1, found.f2) == ("args.data.a", "b")
    assert check_match(MatchDraft(rule=Raw(b"null"))).rule is None
    assert refused("match.rule.rule", lambda: check_match(MatchDraft(rule=Raw(b'{"rule": "webhook"}'))))
    assert refused("match.rule", lambda: check_match(MatchDraft(rule=Raw(b"[]"))))
    of_caller = Raw(bytes(rule).replace(b"args.data", b"args.auth"))
    assert refused("match.rule.f1", lambda: check_match(MatchDraft(rule=of_caller)))


def test_jitter_is_a_share() -> None:
    """A fifth unless it is said; none makes waits exact."""
    assert check_retry(RetryDraft(4, [5.0], 0)) == Retry(4, (5,), 0)
    for jitter in (-0.1, 1.1, float("nan")):
        assert refused("retry.jitter", lambda jitter=jitter: check_retry(RetryDraft(jitter=jitter)))  # type: ignore[misc]


def test_retries_at_their_limits() -> None:
    """1 to 100 attempts; 1 to 50 waits of 0 to 604,800 s; a surplus is dropped."""
    assert check_retry(RetryDraft()) == Retry()
    assert check_retry(RetryDraft(100, [0.0, 604_800.0])).schedule == (0, 604_800)
    assert check_retry(RetryDraft(3, [1.0, 2.0, 3.0, 4.0])).schedule == (1, 2)
    assert check_retry(RetryDraft(1, [1.0, 2.0])).schedule == (1,)
    assert len(check_retry(RetryDraft(100, [1.0] * 50)).schedule) == 50
    for attempts in (0, -1, 101):
        assert refused("retry.attempts", lambda attempts=attempts: check_retry(RetryDraft(attempts)))  # type: ignore[misc]
    for waits in ([], [1.0] * 51, [-0.001], [604_800.001], [float("nan")]):
        assert refused("retry.schedule", lambda waits=waits: check_retry(RetryDraft(5, waits)))  # type: ignore[misc]


@given(st.integers(1, 100), st.lists(st.floats(0, 604_800), min_size=1, max_size=50), st.integers(1, 99))
def test_what_is_dropped_is_never_reached(attempts: int, waits: list[float], tries: int) -> None:
    """A checked policy waits as the one that was sent."""
    if tries < attempts:
        assert check_retry(RetryDraft(attempts, waits)).wait(tries) == Retry(attempts, tuple(waits)).wait(tries)


def test_times_and_rooms_at_their_limits() -> None:
    """Time-outs of 100 to 60,000 ms; 1 to 1,000 at once, or the instance's setting."""
    assert [check_timeout(one) for one in (100, 60_000)] == [100, 60_000]
    assert [check_concurrency(one) for one in (None, 1, 1_000)] == [None, 1, 1_000]
    for timeout in (99, 0, -1, 60_001):
        assert refused("timeout_ms", lambda timeout=timeout: check_timeout(timeout))  # type: ignore[misc]
    for room in (0, -1, 1_001):
        assert refused("concurrency", lambda room=room: check_concurrency(room))  # type: ignore[misc]


def test_headers_at_their_limits() -> None:
    """Fifty, 8,192 bytes in all, none that the request needs itself; the field names the header."""
    fifty = {f"x-{n}": "v" for n in range(50)}
    assert check_headers(fifty, "endpoint.headers") == fifty
    assert check_headers({"x": "v" * 8_191}, "endpoint.headers")
    assert refused("endpoint.headers", lambda: check_headers(fifty | {"x": "v"}, "endpoint.headers"))
    assert refused("endpoint.headers", lambda: check_headers({"x": "v" * 8_192}, "endpoint.headers"))
    for name, value in (("Host", "a"), ("content-length", "1"), ("a b", "v"), ("x", "a\r\nb"), ("webhook-id", "1")):
        assert refused(f"endpoint.headers.{name}", lambda n=name, v=value: check_headers({n: v}, "endpoint.headers"))  # type: ignore[misc]


def test_a_url_is_guarded() -> None:
    """Named as the endpoint's."""
    assert check_endpoint_url(" https://a.example/x ", Allowed()) == "https://a.example/x"
    for url in ("", "ftp://a.example/", "http://127.0.0.1/", "http://u:p@a.example/"):
        assert refused("endpoint.url", lambda url=url: check_endpoint_url(url, Allowed()))  # type: ignore[misc]


def test_unknown_fields_are_refused() -> None:
    """A misspelt setting would be a policy that nobody asked for."""
    sent = {"name": "t", "endpoint": {"url": "http://a.example/"}}
    assert msgspec.convert(sent, TriggerDraft).retry == RetryDraft()
    for wrong in ({"retries": 3}, {"retry": {"attempt": 3}}, {"match": {"types": "a"}}, {"format": "xml"}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(sent | wrong, TriggerDraft)


def test_a_trigger_is_kept_whole() -> None:
    """What a document keeps is what was put in."""
    whole = replace(TRIGGER, retry=Retry(3, (1.5,)), enabled=False, disabled_reason="410", filter_off=True)
    document = trigger_document(whole, 7)
    assert (trigger_of(document), document.kind, document.revision, document.id) == (whole, "trigger", 7, "trg_1")

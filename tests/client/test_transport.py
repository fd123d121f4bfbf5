"""When the client asks again, with what, and what it makes of refusals."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ensue.client.transport import ApiError, Call, Transport
from tests.answering import Answering, Say, answering, refusal

GET = Call(method="GET", path="/api/v1/events")
CREATE = Call(method="POST", path="/api/v1/triggers", body=b"{}", repeatable=False)
OK = Say(200, {"fine": True})
BUSY = refusal(503, "unavailable", "Too busy.", **{"Retry-After": "7"})


class Waits(list[float]):
    """Stands in for sleeping: notes how long it would have been."""

    def __call__(self, seconds: float) -> None:
        """Do not sleep."""
        self.append(seconds)


@contextmanager
def served(*answers: Say, retries: int = 3) -> Iterator[tuple[Transport, Answering, Waits]]:
    """A transport to a server that says `answers`."""
    waits = Waits()
    with answering(*answers) as server:
        transport = Transport(server.url, "ens_key", timeout=10.0, retries=retries, sleep=waits)
        yield transport, server, waits
        transport.close()


def test_a_call_carries_key_and_name() -> None:
    """Every request has the key as Bearer, says who asks, and wants JSON."""
    with served(OK) as (transport, server, _):
        assert transport.call(GET) == {"fine": True}
    headers = server.asked[0].headers
    assert headers["authorization"] == "Bearer ens_key"
    assert headers["user-agent"].startswith("ensue-python/")
    assert headers["accept"] == "application/json"


def test_a_connection_is_used_again() -> None:
    """Two calls in a row share one connection."""
    with served(OK) as (transport, server, _):
        transport.call(GET)
        transport.call(GET)
    assert server.asked[0].connection == server.asked[1].connection


def test_a_connection_that_the_server_closed_is_not_used_again() -> None:
    """An idle connection that ended meanwhile costs no try: even what must not be repeated goes through."""
    with served(Say(200, {}, {"Connection": "keep-alive"}), OK, retries=0) as (transport, server, _):
        transport.call(GET)
        connection = transport._idle[0]
        assert connection.sock is not None
        connection.sock.shutdown(2)
        assert transport.call(CREATE) == {"fine": True}
    assert server.asked[0].connection != server.asked[1].connection


def test_a_busy_server_is_asked_again_when_it_said() -> None:
    """`Retry-After` is honoured, for what must not be repeated too: 503 says that nothing was done."""
    with served(BUSY, OK) as (transport, server, waits):
        assert transport.call(CREATE) == {"fine": True}
    assert len(server.asked) == 2
    assert waits == [7.0]


def test_without_a_hint_the_waits_grow() -> None:
    """Three failures in a row wait longer each time."""
    lost = refusal(502, "unavailable", "x")
    with served(lost, lost, lost, OK) as (transport, _, waits):
        transport.call(GET)
    assert len(waits) == 3
    assert waits[0] < waits[1] < waits[2]


@pytest.mark.parametrize("say", [Say(drop=True), refusal(502, "unavailable", "x"), refusal(504, "timeout", "x")])
def test_what_may_have_happened_is_not_repeated(say: Say) -> None:
    """A create whose answer was lost is told as an error: a second one could be a second trigger."""
    with served(say, OK) as (transport, server, waits), pytest.raises(ApiError):
        transport.call(CREATE)
    assert len(server.asked) == 1
    assert waits == []


@pytest.mark.parametrize("say", [Say(drop=True), Say(200, {"long": "enough"}, cut=True)])
def test_a_lost_answer_is_asked_for_again_where_that_does_no_harm(say: Say) -> None:
    """Reading goes on after a connection that broke before or within the answer."""
    with served(say, OK) as (transport, server, _):
        assert transport.call(GET) == {"fine": True}
    assert len(server.asked) == 2


def test_what_was_never_sent_is_repeated() -> None:
    """Nobody listens: every call is tried again, since nothing can have happened; then it is `unreachable`."""
    waits = Waits()
    with answering(OK) as server:
        url = server.url
    transport = Transport(url, None, retries=2, sleep=waits)
    with pytest.raises(ApiError, match="does not answer") as caught:
        transport.call(CREATE)
    assert (caught.value.code, caught.value.status) == ("unreachable", 0)
    assert len(waits) == 2


def test_tries_end() -> None:
    """After `retries` repeats the last refusal is the caller's."""
    with served(BUSY, retries=2) as (transport, server, _), pytest.raises(ApiError) as caught:
        transport.call(GET)
    assert len(server.asked) == 3
    assert (caught.value.code, caught.value.status, caught.value.retry_after) == ("unavailable", 503, 7)


def test_a_long_wait_is_the_callers() -> None:
    """A server that asks for an hour is not waited for in silence."""
    with (
        served(refusal(429, "rate_limited", "Slow down.", **{"Retry-After": "3600"})) as (transport, _, waits),
        pytest.raises(ApiError) as caught,
    ):
        transport.call(GET)
    assert caught.value.retry_after == 3600
    assert waits == []


def test_a_refusal_keeps_its_words() -> None:
    """Code, message, field and status of the error body are in the exception; it is not asked again."""
    body = {"error": {"code": "invalid", "message": "No.", "field": "data.x"}}
    with served(Say(400, body)) as (transport, server, _), pytest.raises(ApiError) as caught:
        transport.call(GET)
    error = caught.value
    assert (error.code, error.message, error.field, error.status) == ("invalid", "No.", "data.x", 400)
    assert len(server.asked) == 1


@pytest.mark.parametrize("body", [b"<html>", b'{"error": "text"}', b"[]", b"", b'{"error": {"code": "x"}}'])
def test_a_refusal_in_other_words_is_told(body: bytes) -> None:
    """What stands between us and the server may answer anything: an error by its status, never a crash."""
    with served(Say(404, body)) as (transport, _, _), pytest.raises(ApiError, match="404") as caught:
        transport.call(GET)
    assert caught.value.code == "not_found"


@pytest.mark.parametrize("say", [Say(200, b"<html>hello"), Say(302, b"", {"Location": "/login"})])
def test_another_server_is_noticed(say: Say) -> None:
    """A page that is no JSON, or a redirect, says that the address is wrong."""
    with served(say) as (transport, _, _), pytest.raises(ApiError, match="address"):
        transport.call(GET)


@pytest.mark.parametrize("url", ["", "localhost:4122", "ftp://x", "http://", "http://x:port", "http://[::1", "//x"])
def test_what_is_no_address_is_refused(url: str) -> None:
    """An address without scheme or host, or with a wrong port, is refused before anything is sent."""
    with pytest.raises(ApiError, match="no address") as caught:
        Transport(url, None)
    assert caught.value.code == "invalid"


@pytest.mark.parametrize("key", ["ens_ä", "ens_a\r\nX: y", "ens_\x00"])
def test_what_is_no_key_is_refused(key: str) -> None:
    """A key that could not be a header's value never becomes one."""
    with pytest.raises(ApiError, match="no key"):
        Transport("http://127.0.0.1:1", key)


def test_an_address_may_have_a_path() -> None:
    """Behind a proxy the API may stand under a path; filters are escaped."""
    with served(OK) as (transport, server, _):
        behind = Transport(server.url + "/ensue/", " ens_key\n")
        behind.call(Call(method="GET", path="/api/v1/events", query={"subject": "a&b=ü", "test": True, "next": None}))
        behind.close()
        assert transport.url == server.url
    assert server.asked[0].path == "/ensue/api/v1/events?subject=a%26b%3D%C3%BC&test=true"
    assert server.asked[0].headers["authorization"] == "Bearer ens_key"

"""How a live stream is read, and that it goes on where it broke."""

from itertools import islice

import pytest

from ensue.client.stream import Message, Streamed, follow, messages
from ensue.client.transport import ApiError, Transport
from tests.answering import Say, answering, refusal


def events(*cursors: str) -> Say:
    """A connection that says these events and ends."""
    text = "".join(f'id: {cursor}\ndata: {{"id":"e{cursor}"}}\n\n' for cursor in cursors)
    return Say(200, b"retry: 2000\n\n" + text.encode(), {"Content-Type": "text/event-stream"})


BEAT = Say(200, b": still here\nid: 9\n\n", {"Content-Type": "text/event-stream"})


def transport(url: str) -> Transport:
    """One that does not sleep."""
    return Transport(url, "ens_key", retries=0, sleep=lambda _seconds: None)


def test_messages_are_read_as_the_standard_says() -> None:
    """Data over several lines, names, comments, ids that stay, an optional blank, an id without data."""
    lines = (
        b"retry: 2000\n\n: hello\nid: 1\nevent: gap\ndata: {\ndata:}\n\ndata: x\n\n: beat\nid: 2\n\nid: 3\ndata: cut"
    )
    assert list(messages(lines.splitlines(keepends=True))) == [
        Message("gap", "{\n}", "1"),
        Message("message", "x", "1"),
        Message("message", "", "2"),
    ]


def test_a_lost_stream_goes_on_after_the_last_event() -> None:
    """When the connection ends, the next one asks for what comes after the last id that was seen."""
    with answering(events("1", "2"), events("3")) as server:
        seen = list(islice(follow(transport(server.url), {"type": "a"}, None), 3))
    assert seen == [Streamed("1", {"id": "e1"}), Streamed("2", {"id": "e2"}), Streamed("3", {"id": "e3"})]
    assert server.asked[0].path == "/api/v1/stream?type=a"
    assert "last-event-id" not in server.asked[0].headers
    assert server.asked[1].headers["last-event-id"] == "2"


def test_a_heartbeat_moves_the_place() -> None:
    """A quiet stream resumes after its last heartbeat, not after its last event."""
    with answering(BEAT, events("10")) as server:
        seen = list(islice(follow(transport(server.url), {}, "5"), 1))
    assert seen == [Streamed("10", {"id": "e10"})]
    assert [asked.headers["last-event-id"] for asked in server.asked] == ["5", "9"]


def test_a_gap_is_told() -> None:
    """What the log does not hold any more is told where it is missing."""
    gap = Say(200, b'event: gap\ndata: {"gap": true}\n\nid: 7\ndata: {"id":"e7"}\n\n')
    with answering(gap) as server:
        seen = list(islice(follow(transport(server.url), {}, "1"), 2))
    assert seen == [Streamed("1", gap=True), Streamed("7", {"id": "e7"})]


@pytest.mark.parametrize("say", [Say(drop=True), refusal(503, "unavailable", "Stopping."), events("2")])
def test_a_restart_is_outlasted(say: Say) -> None:
    """Hanging up, 503 and an end: a stream that had begun comes back after each of them."""
    with answering(events("1"), say, say, events("4")) as server:
        cursors = []
        for streamed in follow(transport(server.url), {}, None):
            cursors.append(streamed.cursor)
            if streamed.cursor == "4":
                break
    assert cursors[0] == "1"
    assert cursors[-1] == "4"


@pytest.mark.parametrize(("status", "code"), [(401, "unauthorized"), (403, "forbidden"), (400, "invalid")])
def test_a_refusal_ends_the_stream(status: int, code: str) -> None:
    """A key that was revoked meanwhile does not make the client knock for ever."""
    with answering(events("1"), refusal(status, code, "No.")) as server, pytest.raises(ApiError) as caught:
        list(follow(transport(server.url), {}, None))
    assert caught.value.code == code
    assert len(server.asked) == 2


def test_a_stream_that_never_began_is_an_error() -> None:
    """Who cannot reach the server at all hears of it."""
    with answering(events("1")) as server:
        url = server.url
    with pytest.raises(ApiError, match="does not answer"):
        next(follow(transport(url), {}, None))

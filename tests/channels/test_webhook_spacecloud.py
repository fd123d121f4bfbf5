"""A webhook to a receiver that knows Space Cloud: what it gets, byte for byte, and what each of its answers means."""

import json

import pytest
from msgspec import Raw
from msgspec.structs import replace

from ensue.channels.base import Destination, Message
from ensue.channels.webhook import WebhookChannel
from ensue.domain.delivery import Failed, Result, Sent
from ensue.domain.event import Event
from tests.channels.receiver import outbound, receiver

EVENT = Event(
    id="0190",
    project="prj_1",
    type="my_type",
    time=1_700_000_000_123,
    received_at=1_700_000_000_500,
    data=Raw(b'{"key1": "value1"}'),
    subject="s",
    tenant="acme",
    attributes={"db": "postgres"},
)
PASSES = {"Authorization": "Bearer one.two.three", "X-Sc-Token": "Bearer four.five.six"}


def answered(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """An answer with that body."""
    lines = "".join(f"{line}\r\n" for line in headers)
    return f"HTTP/1.1 {status}\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def sent(answer: bytes, event: Event = EVENT, form: str = "spacecloud") -> tuple[Result, bytes]:
    """What came of one send, and the request."""
    async with outbound() as client, receiver(answer) as sink:
        to = Destination(url=sink.url(), format=form, secret_headers=PASSES, secrets=(b"s" * 24,), timeout_ms=10_000)
        message = Message(id="dlv_1", event=event, attempt=1, sent_at=1_700_000_001, source="urn:ensue:default")
        result = await WebhookChannel(client).send(message, to, lambda: True)
        assert result is not None
        return result, sink.requests[0]


@pytest.mark.parametrize(("form", "version"), [("spacecloud", "1.0"), ("spacecloud-1.0-rc1", "1.0-rc1")])
async def test_the_body_has_exactly_six_keys(form: str, version: str) -> None:
    """Whatever else the event has; the content type is plain JSON; our signature stands beside their tokens."""
    result, request = await sent(answered(b"{}"), form=form)
    head, body = request.split(b"\r\n\r\n", 1)
    assert json.loads(body) == {
        "specversion": version,
        "id": "0190",
        "type": "my_type",
        "source": "urn:ensue:default",
        "time": "2023-11-14T22:13:20.123Z",
        "data": {"key1": "value1"},
    }
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    assert headers["Content-Type"] == "application/json"
    assert {name: headers[name] for name in PASSES} == PASSES
    assert {"webhook-id", "webhook-timestamp", "webhook-signature", "ensue-event-id", "ensue-attempt"} <= set(headers)
    assert isinstance(result, Sent)
    assert result.exchange is not None
    assert {name: result.exchange.request_headers[name] for name in PASSES} == dict.fromkeys(PASSES, "***")


@pytest.mark.parametrize(
    ("changes", "data"),
    [({"data": Raw(b"")}, None), ({"data": Raw(b"null")}, None), ({"data": Raw(b"[1, 2]")}, [1, 2])],
)
async def test_data_is_any_json_or_null(changes: dict[str, Raw], data: object) -> None:
    """No data is null."""
    _, request = await sent(answered(b"{}"), replace(EVENT, **changes))
    assert json.loads(request.split(b"\r\n\r\n", 1)[1])["data"] == data


async def test_bytes_are_base64_text_and_the_senders_id_and_source_are_kept() -> None:
    """As in every CloudEvent that we write; the body is JSON, so bytes are told as text."""
    event = replace(EVENT, data=Raw(b""), data_base64="AAE=", sender_id="mine", source="/shop")
    body = json.loads((await sent(answered(b"{}"), event))[1].split(b"\r\n\r\n", 1)[1])
    assert (body["data"], body["id"], body["source"], len(body)) == ("AAE=", "mine", "/shop", 6)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"ok",
        b"[]",
        b'"error"',
        b"5",
        b"true",
        b"null",
        b"{",
        b'{"error": "\xff"}',
        b'{"a": 1}{',
        b'{"a":"\\ud800"}',
    ],
)
async def test_an_answer_that_is_no_object_means_nothing(body: bytes) -> None:
    """Any 2xx is success."""
    result, _ = await sent(answered(body))
    assert isinstance(result, Sent)
    assert bytes(result.reply) == b""
    assert result.note is None


@pytest.mark.parametrize("body", [b"{}", b' {"event": {"type": "t"}}\n', b'{"error": ""}', b'{"error": null, "a": 0}'])
async def test_an_object_without_an_error_counts(body: bytes) -> None:
    """It is handed on as it was sent."""
    result, _ = await sent(answered(body, "201 Created"))
    assert isinstance(result, Sent)
    assert bytes(result.reply) == body


@pytest.mark.parametrize(
    ("error", "told"),
    [(b'"no stock"', "no stock"), (b'{"code": 5}', '{"code":5}'), (b"5", "5"), (b"true", "true"), (b"[0]", "[0]")],
)
async def test_an_error_is_a_failed_attempt(error: bytes, told: str) -> None:
    """Whatever its type, unless it is empty; the status was 200, and is kept."""
    result, _ = await sent(answered(b'{"response": 1, "Error": %s}' % error))
    assert isinstance(result, Failed)
    assert result.error == f"the answer says: {told}"
    assert not result.permanent
    assert result.exchange is not None
    assert result.exchange.status == 200


@pytest.mark.parametrize("status", ["410 Gone", "429 Too Many", "503 Busy", "302 Found", "500 No"])
async def test_any_other_status_is_a_plain_failure(status: str) -> None:
    """Neither the end nor a wait of the receiver's choice: tries are so many, so far apart."""
    result, _ = await sent(answered(b'{"event": {"type": "t"}}', status, "Retry-After: 99", "Location: /"))
    assert isinstance(result, Failed)
    assert (result.error, result.permanent, result.retry_after) == (f"status {status[:3]}", False, None)


async def test_an_answer_that_is_cut_off_means_nothing_and_says_so() -> None:
    """Beyond 64 KiB it is not read."""
    result, _ = await sent(answered(b'{"error": "no", "a": "%s"}' % (b"x" * 70_000)))
    assert isinstance(result, Sent)
    assert bytes(result.reply) == b""
    assert "too long" in str(result.note)


async def test_tokens_that_come_back_are_masked() -> None:
    """In the error, as in what is kept of the answer."""
    result, _ = await sent(answered(b'{"error": "who is Bearer one.two.three?"}'))
    assert isinstance(result, Failed)
    assert result.error == "the answer says: who is ***?"
    assert result.exchange is not None
    assert "one.two" not in result.exchange.response_body


@pytest.mark.parametrize("before", ["who is ", "x" * 290 + " "])
async def test_a_token_is_masked_without_its_scheme_and_at_the_end_of_what_is_kept(before: str) -> None:
    """Receivers repeat the token alone, and may do so where the error is cut."""
    result, _ = await sent(answered(b'{"error": "%sone.two.three"}' % before.encode()))
    assert isinstance(result, Failed)
    assert result.error == f"the answer says: {before}***"
    assert result.exchange is not None
    assert "one.two" not in result.exchange.response_body

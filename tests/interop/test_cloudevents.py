"""The CloudEvents SDKs of PyPI and npm send to us and read what we deliver, in every mode that each of them has."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pytest

from ensue.testing import Received, Sink
from tests.acceptance.server import Server
from tests.interop.peers import PYTHON_READERS, PYTHON_SENDERS, npm_receiver, send_by_npm
from tests.interop.samples import ALL, BEYOND_ASCII, NO_DATA, PLAIN, Meant, Sample, of

FORMATS: Final = ("cloudevents", "cloudevents-binary")
SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
LEFT_OUT: Final[Mapping[str, Sequence[Sample]]] = {
    "npm, binary": (NO_DATA, BEYOND_ASCII),  # its transport needs a body; headers are not encoded
    "v1, binary": (BEYOND_ASCII,),  # headers are not encoded
}
SENDERS: Final = (*PYTHON_SENDERS, "npm, structured", "npm, binary", "npm, batch")


def samples_of(sender: str) -> list[Sample]:
    """What a sender can send."""
    return [sample for sample in ALL if sample not in LEFT_OUT.get(sender, ())]


async def send(server: Server, sender: str, samples: Sequence[Sample]) -> list[Any]:
    """Send by that client; the answers, all of which accept."""
    if sender.startswith("npm"):
        answers = await send_by_npm(server, sender.removeprefix("npm, "), samples)
    else:
        made = [PYTHON_SENDERS[sender](sample) for sample in samples]
        answers = [
            (await server.call("POST", "/api/v1/events", body, **{"content_type": "", **headers})).json
            for headers, body in made
        ]
    assert [answer.get("duplicate") for answer in answers] == [False] * len(samples), answers
    return answers


def expected(sample: Sample, form: str) -> Meant:
    """What a reader of ours must understand."""
    meant = of(sample)
    if form == "cloudevents-binary" and sample.data is not None:
        meant.attributes.setdefault("datacontenttype", "application/json")
    return meant


def without_our_time(meant: Meant, samples: Mapping[str, Sample]) -> Meant:
    """What was read but for the time of acceptance, which stands where the sender gave none."""
    if "time" not in samples[meant.attributes["id"]].attributes:
        assert meant.attributes.pop("time").tzinfo is not None
    return meant


@pytest.mark.usefixtures("npm")
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("sender", SENDERS)
async def test_what_one_sdk_sends_every_sdk_reads(server: Server, sink: Sink, sender: str, form: str) -> None:
    """Attributes, extensions and data arrive as they were sent, at readers of both languages, verified by npm's."""
    samples = {sample.attributes["id"]: sample for sample in samples_of(sender)}
    async with npm_receiver(SECRET) as receiver:
        for url in (sink.url, receiver.url):
            await server.trigger(url, format=form, endpoint={"secret": SECRET}, concurrency=1)
        await send(server, sender, list(samples.values()))
        received = await sink.wait_for(len(samples))
        read = [await receiver.read() for _ in samples]
    for one in read:
        assert without_our_time(one, samples) == expected(samples[one.attributes["id"]], form)
    for name, reader in PYTHON_READERS.items():
        for webhook in received:
            meant = without_our_time(reader(webhook), samples)
            assert (name, meant) == (name, expected(samples[meant.attributes["id"]], form))


@pytest.mark.usefixtures("npm")
async def test_the_same_event_from_every_client_is_one_event(server: Server, sink: Sink) -> None:
    """`source` and `id` name an event, in whatever mode it comes, from whichever client."""
    await server.trigger(sink.url)
    first = (await send(server, "core, structured", [PLAIN[0]]))[0]
    for sender in SENDERS[1:]:
        if sender.startswith("npm"):
            again = (await send_by_npm(server, sender.removeprefix("npm, "), [PLAIN[0]]))[0]
        else:
            headers, body = PYTHON_SENDERS[sender](PLAIN[0])
            again = (await server.call("POST", "/api/v1/events", body, **headers)).json
        assert (sender, again) == (sender, {"id": first["id"], "duplicate": True})
    assert len(await server.items("/api/v1/events?limit=10")) == 1


def webhook_body(received: Received) -> bytes:
    """The bytes that a `plain` trigger sends."""
    return received.body


async def test_plain_webhooks_carry_the_data_alone(server: Server, sink: Sink) -> None:
    """Format `plain` is for receivers that know nothing of CloudEvents: the data, byte for byte, with its type."""
    await server.trigger(sink.url, format="plain", concurrency=1)
    samples = [sample for sample in PLAIN if sample.data is not None]
    await send(server, "core, binary", samples)
    received = await sink.wait_for(len(samples))
    bodies = {one.headers["content-type"]: webhook_body(one) for one in received}
    assert bodies["application/octet-stream"] == b"\x00\xff\x10 not text"
    assert bodies["text/plain"] == "one\ntwo – drei".encode()

"""Pushes on the wire: the vectors of RFC 8291 and RFC 8292, and what a push service's answers mean."""

import base64

import http_ece  # type: ignore[import-untyped]
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from ensue.channels.base import Browser, Destination, Message
from ensue.channels.webpush import WebPushChannel, authorization, encrypt
from ensue.domain.delivery import Failed, Sent
from ensue.domain.event import Card, Context, Event
from tests.channels.receiver import outbound, receiver


def raw(text: str) -> bytes:
    """Base64url without its filling."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def private(number: bytes) -> ec.EllipticCurvePrivateKey:
    """The key pair of a private number."""
    return ec.derive_private_key(int.from_bytes(number, "big"), ec.SECP256R1())


# RFC 8291, section 5 and appendix A
PLAIN = b"When I grow up, I want to be a watermelon"
SERVER = raw("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")
BROWSER = raw("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")
PUBLIC = raw("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4")
SECRET = raw("BTBZMqHH6r4Tts7J_aSIgg")
SALT = raw("DGv6ra1nlYgDCS1FRnbzlw")
CIPHER = raw(
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
    "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)
# RFC 8292, section 2.4
VAPID_PUBLIC = "BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs"
VAPID_TOKEN = (
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1h"
    "aWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA"
)


def test_the_vector_of_rfc_8291() -> None:
    """With the keys and the salt of the appendix, the message is the one of section 5, byte by byte."""
    assert encrypt(PLAIN, PUBLIC, SECRET, private(SERVER), SALT) == CIPHER


def test_another_implementation_reads_it() -> None:
    """What is drawn anew each time is read by `http-ece`."""
    made = encrypt(PLAIN, PUBLIC, SECRET)
    assert made != encrypt(PLAIN, PUBLIC, SECRET)
    assert http_ece.decrypt(made, private_key=private(BROWSER), auth_secret=SECRET, version="aes128gcm") == PLAIN


def test_the_vector_of_rfc_8292() -> None:
    """The token of the example is verified by its key, and ours by ours, with the same three claims."""
    options: jwt.types.Options = {"verify_exp": False, "verify_aud": False}
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw(VAPID_PUBLIC))
    example = jwt.decode(VAPID_TOKEN, key, ["ES256"], options=options)
    said = authorization("https://push.example.net", SERVER, "mailto:push@example.com", example["exp"] - 12 * 3600)
    scheme, _, parameters = said.partition(" ")
    named = dict(part.split("=", 1) for part in parameters.split(", "))
    ours = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw(named["k"]))
    assert scheme == "vapid"
    assert jwt.decode(named["t"], ours, ["ES256"], options=options) == example
    assert jwt.get_unverified_header(named["t"]) == {"typ": "JWT", "alg": "ES256"}


MESSAGE = Message(
    id="dlv_1",
    event=Event(
        id="e1",
        project="p",
        type="order.paid",
        time=1,
        received_at=1,
        context=Context("c" * 255),
        card=Card(notify=True),
    ),
    attempt=1,
    sent_at=1_800_000_000,
    source="urn:s",
)


def destination(port: int) -> Destination:
    """A browser whose push service is on this port."""
    browser = Browser(
        key=PUBLIC, secret=SECRET, vapid=SERVER, contact="mailto:a@b.example", page="https://ensue.example/e"
    )
    return Destination(url=f"http://127.0.0.1:{port}/secret-address", format="webpush", browser=browser)


@pytest.mark.parametrize(
    ("status", "headers", "permanent", "wait"),
    [
        (404, "", True, None),
        (410, "", True, None),
        (413, "", False, None),
        (429, "Retry-After: 7\r\n", False, 7),
        (503, "", False, None),
        (401, "", False, None),
    ],
)
async def test_what_refusals_mean(status: int, headers: str, permanent: bool, wait: int | None) -> None:  # noqa: FBT001
    """Only what says that the subscription has ended is for good; a busy service says when."""
    answer = f"HTTP/1.1 {status} No\r\n{headers}Content-Length: 0\r\n\r\n".encode()
    async with receiver(answer) as service, outbound() as client:
        result = await WebPushChannel(client).send(MESSAGE, destination(service.port), lambda: True)
    assert isinstance(result, Failed)
    assert (result.permanent, result.retry_after) == (permanent, wait), result


async def test_what_a_push_service_sees_and_what_is_kept() -> None:
    """TTL, urgency, a topic for the context, a signature; neither this nor the browser's address is kept."""
    async with receiver(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n") as service, outbound() as client:
        result = await WebPushChannel(client).send(MESSAGE, destination(service.port), lambda: True)
    sent = service.requests[0].lower()
    for line in (
        b"ttl: 86400\r\n",
        b"urgency: high\r\n",
        b"content-encoding: aes128gcm\r\n",
        b"authorization: vapid t=",
    ):
        assert line in sent
    topic = sent.partition(b"topic: ")[2].partition(b"\r\n")[0]
    assert len(topic) == 32
    assert isinstance(result, Sent)
    assert result.exchange is not None
    kept = repr(result.exchange)
    assert "secret-address" not in kept
    assert "vapid t=" not in kept


async def test_a_lost_claim_sends_nothing() -> None:
    """Where the claim was lost just before, nothing is written."""
    async with receiver(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n") as service, outbound() as client:
        assert await WebPushChannel(client).send(MESSAGE, destination(service.port), lambda: False) is None
    assert service.requests == []

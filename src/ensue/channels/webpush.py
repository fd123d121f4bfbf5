"""Hides what a push looks like on its way: encrypted for one browser (RFC 8291), signed by the server (RFC 8292).

Written on `cryptography`, which is here anyway: forty lines, half again as fast as `pywebpush`, and without the two
HTTP clients which that brings and which would go round the guard.
"""

import base64
import os
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ensue.channels.base import Browser, Destination, Message
from ensue.channels.outbound import Failure, Outbound, Reply, Request
from ensue.channels.posting import KEPT_BODY, MASK, retry_after
from ensue.domain.delivery import Exchange, Failed, Result, Sent, Skipped
from ensue.domain.push import KEPT, notification, topic

_RECORD: Final = 4_096
_HOLDS: Final = 12 * 3600
"""Seconds for which a signature holds: at most a day (RFC 8292, section 2)."""
_RESIGNED: Final = 3600
_REMEMBERED: Final = 100
_GONE: Final = (404, 410)


class WebPushChannel:
    """Sends events to the browsers of members, by the push services of their makers."""

    kind = "webpush"

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound
        self._signed: dict[tuple[str, bytes, str], tuple[int, str]] = {}

    async def send(self, message: Message, to: Destination, held: Callable[[], bool]) -> Result | None:
        """One POST; the answer as a Result, None when the claim was lost before it was written.

        `Failed(permanent=)` says that the browser wants no more: its subscription has ended.
        """
        if to.browser is None:
            return Skipped("nobody to push to")
        request = self._request(message, to, to.browser)
        answer = await self._outbound.send(request, held)
        if isinstance(answer, Failure) and answer.kind == "stale":
            return None
        return _result(answer, _exchange(request, answer), message.sent_at)

    async def close(self) -> None:
        """Close the connections."""
        await self._outbound.close()

    def _request(self, message: Message, to: Destination, browser: Browser) -> Request:
        body = encrypt(notification(message.event, browser.page, browser.buttons), browser.key, browser.secret)
        headers = [
            ("Content-Type", "application/octet-stream"),
            ("TTL", str(KEPT)),
            ("Urgency", "high"),
            ("Authorization", self._authorization(to.url, browser, message.sent_at)),
        ]
        name = topic(message.event)
        if name is not None:
            headers.append(("Topic", name))
        patience = to.timeout_ms, self._outbound.connect_timeout_ms
        return Request("POST", to.url, tuple(headers), body, *patience, "aes128gcm")

    def _authorization(self, url: str, browser: Browser, now: int) -> str:
        """The signature for one push service; made anew after an hour."""
        audience = _origin(url)
        named = (audience, browser.vapid, browser.contact)
        made = self._signed.get(named)
        if made is None or not 0 <= now - made[0] < _RESIGNED:
            if len(self._signed) >= _REMEMBERED:
                self._signed.clear()
            made = self._signed[named] = (now, authorization(audience, browser.vapid, browser.contact, now))
        return made[1]


def encrypt(
    content: bytes, key: bytes, secret: bytes, own: ec.EllipticCurvePrivateKey | None = None, salt: bytes = b""
) -> bytes:
    """`content` for the browser with the public `key` (65 bytes) and the `secret` (16), in one record (RFC 8291).

    `own` and `salt` are drawn anew unless given; ValueError for a key that is no point of P-256.
    """
    own = own or ec.generate_private_key(ec.SECP256R1())
    salt = salt or os.urandom(16)
    mine = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key))
    material = _derived(shared, secret, b"WebPush: info\0" + key + mine, 32)
    content_key = _derived(material, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(material, salt, b"Content-Encoding: nonce\0", 12)
    record = AESGCM(content_key).encrypt(nonce, content + b"\x02", None)
    return salt + _RECORD.to_bytes(4, "big") + bytes([len(mine)]) + mine + record


def _derived(material: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(material)


def authorization(audience: str, vapid: bytes, contact: str, now: int) -> str:
    """The value of the header Authorization for one push service (RFC 8292); `vapid` is the private number (32 bytes),
    `now` seconds UTC."""
    private = ec.derive_private_key(int.from_bytes(vapid, "big"), ec.SECP256R1())
    public = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    token = jwt.encode({"aud": audience, "exp": now + _HOLDS, "sub": contact}, private, algorithm="ES256")
    return f"vapid t={token}, k={base64.urlsafe_b64encode(public).rstrip(b'=').decode('ascii')}"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _exchange(request: Request, answer: Reply | Failure) -> Exchange:
    """What is kept: not the address, by which a browser is known, nor the signature."""
    sent = {name: MASK if name == "Authorization" else value for name, value in request.headers}
    sent["Content-Encoding"] = request.encoding
    kept = Exchange(method=request.method, url=f"{_origin(request.url)}/{MASK}", request_headers=sent)
    if isinstance(answer, Failure):
        return kept
    return Exchange(
        method=kept.method,
        url=kept.url,
        request_headers=sent,
        status=answer.status,
        response_headers={name: value for name, value in answer.headers if name.lower() != "location"},
        response_body=answer.body[:KEPT_BODY].decode("utf-8", "replace"),
        truncated=answer.truncated or len(answer.body) > KEPT_BODY,
    )


def _result(answer: Reply | Failure, exchange: Exchange, sent_at: int) -> Result:
    if isinstance(answer, Failure):
        return Failed(f"{answer.kind}: {answer.message}", exchange)
    if 200 <= answer.status < 300:
        return Sent(exchange)
    if answer.status in _GONE:
        return Failed(f"{answer.status}: the browser's subscription has ended", exchange, permanent=True)
    wait = retry_after(answer, sent_at) if answer.status in {429, 503} else None
    return Failed(f"status {answer.status}", exchange, retry_after=wait)

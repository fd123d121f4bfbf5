"""Hides how a request proves who sent it without showing a secret: a signature over its method, body and target.

SuprSend's clients send it (their reference, section 2.1). They differ in which form of the target they sign: most sign
it as it is sent, one the path with its percent-encoding undone. What they sent is tried first; the others are tried in
turn, and each comparison takes the same time wherever two signatures differ.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from ensue.domain.signature import hmac_sha256


class SignedRequest(NamedTuple):
    """What is signed of a request, all as it was sent. `path` and `query` are those of its target."""

    method: bytes
    path: bytes
    query: bytes = b""
    content_type: bytes = b""
    date: bytes = b""
    body: bytes = b""


def is_signed(request: SignedRequest, secret: bytes, signature: bytes) -> bool:
    """Whether `signature` (base64) is that of `request` with `secret`, in any of the forms that clients sign.

    The texts of `date` and `content_type` count verbatim: a date is never read, and none is too old.
    """
    beginning = string_to_sign(request)
    if hmac.compare_digest(_signature(beginning + _as_sent(request), secret), signature):
        return True
    return any(
        hmac.compare_digest(_signature(beginning + target, secret), signature) for target in _other_targets(request)
    )


def string_to_sign(request: SignedRequest) -> bytes:
    """All that is signed but the target, which follows it."""
    digest = hashlib.md5(request.body, usedforsecurity=False).hexdigest().encode() if request.body else b""
    return b"%b\n%b\n%b\n%b\n" % (request.method, digest, request.content_type, request.date)


def sign_request(request: SignedRequest, secret: bytes) -> bytes:
    """The signature that clients send, over the target as it is sent."""
    return _signature(string_to_sign(request) + _as_sent(request), secret)


def _signature(text: bytes, secret: bytes) -> bytes:
    return base64.b64encode(hmac_sha256(secret, text))


def _as_sent(request: SignedRequest) -> bytes:
    return b"%b?%b" % (request.path, request.query) if request.query else request.path


def _other_targets(request: SignedRequest) -> Iterator[bytes]:
    """The forms beside the target as it was sent: with a bare question mark, decoded, decoded with its query sorted."""
    path, query = unquote_to_bytes(request.path), request.query
    if not query:
        yield request.path + b"?"
        if path != request.path:
            yield path
        return
    if path != request.path:
        yield b"%b?%b" % (path, query)
    pairs = sorted(query.split(b"&"), key=lambda pair: pair.partition(b"=")[0])
    ordered = b"&".join(pairs)
    if ordered != query:
        yield b"%b?%b" % (path, ordered)

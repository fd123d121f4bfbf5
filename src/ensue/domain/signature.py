"""Hides how a delivery is signed: Standard Webhooks, scheme v1 (HMAC-SHA256 over `id.timestamp.body`).

Source: the Standard Webhooks specification 1.0, sections on signatures and secrets.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from ensue.domain.errors import EnsueError

PREFIX: Final = "whsec_"
SHORTEST: Final = 24
LONGEST: Final = 64
FIELD: Final = "endpoint.secret"

_BASE64: Final = re.compile(r"[A-Za-z0-9+/]*={0,2}", re.ASCII)


def check_secret(text: str) -> bytes:
    """The key of a secret: `whsec_` and the base64, padded or not, of 24 to 64 bytes.

    Raises EnsueError `invalid`, field `endpoint.secret`; the message never repeats the secret.
    """
    encoded = text.removeprefix(PREFIX)
    if encoded == text or not _BASE64.fullmatch(encoded):
        raise _refused(f"a secret is '{PREFIX}' and base64; this one is not of that form")
    bare = encoded.rstrip("=")
    if encoded not in (bare, bare + "=" * (-len(bare) % 4)):
        raise _refused("its base64 has the wrong padding")
    try:
        key = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except binascii.Error:
        raise _refused("its base64 is cut off") from None
    if not SHORTEST <= len(key) <= LONGEST:
        raise _refused(f"it holds {len(key)} bytes; give {SHORTEST} to {LONGEST}")
    return key


def secret_of(key: bytes) -> str:
    """The secret as its owner writes it; `check_secret` reads it."""
    return PREFIX + base64.b64encode(key).decode()


def sign(secrets: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`: one `v1,…` per key, separated by blanks, the newest key first.

    `timestamp` is seconds; `message_id` holds no dot, else two messages could have one signature.
    """
    if "." in message_id:
        raise ValueError("a message id holds no dot")
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(["v1," + binascii.b2a_base64(hmac_sha256(key, signed), newline=False).decode() for key in secrets])


@lru_cache(maxsize=4_096)
def _begun(key: bytes) -> tuple[Any, Any]:
    """The two hashes of HMAC (RFC 2104), begun with a key no longer than their block."""
    block = key.ljust(64, b"\0")
    inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in block)) for pad in (0x36, 0x5C))
    return inner, outer


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA256. The library's lets go of the interpreter each time, and gets it back when the writer is done."""
    if len(key) > LONGEST:
        return hmac.digest(key, message, "sha256")
    begun, ended = _begun(key)
    inner, outer = begun.copy(), ended.copy()
    inner.update(message)
    outer.update(inner.digest())
    return bytes(outer.digest())


def _refused(reason: str) -> EnsueError:
    return EnsueError("invalid", f"'{FIELD}' cannot be used: {reason}.", FIELD)

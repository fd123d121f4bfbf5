"""Hides what a JSON Web Token is (RFC 7519): how it is read, whose signature it bears, when it holds, how it is made.

The algorithm is the key's, never the header's: HS256 for a key with a secret, RS256 for one with a verifier. So neither
`none` nor the text of a public key as an HMAC secret (RFC 8725, sections 2.1 and 3.1) can pass. PyJWT takes tokens
apart and checks signatures; the claims of time are checked here, since its own check reads the wall clock.
"""

import base64
import hashlib
import hmac
import re
from functools import lru_cache
from typing import Any, Final, Literal

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from jwt import PyJWS
from jwt.algorithms import HMACAlgorithm, RSAAlgorithm
from jwt.exceptions import PyJWTError
from msgspec import Struct

from ensue.domain.decoding import decode
from ensue.domain.errors import EnsueError
from ensue.domain.key import Key

Algorithm = Literal["HS256", "RS256"]

MAX_TOKEN: Final = 8 * 1024
"""The most characters of a token; each costs a signature check, whoever sent it."""

MAX_VERIFIER: Final = 16 * 1024
RSA_BITS: Final = (2_048, 8_192)
"""The least and the most bits of an RSA key: shorter ones are broken, checking by longer ones takes milliseconds."""

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+=*\.[A-Za-z0-9_-]+=*\.[A-Za-z0-9_-]+=*")
_NOT_ONE: Final = "This is no JSON Web Token; send 'Authorization: Bearer <token>', signed with HS256 or RS256."
_NOT_OURS: Final = "The token's signature is not that of a key that is known here; sign it with the key's secret."

_jws: Final = PyJWS()
_hmac: Final = HMACAlgorithm(HMACAlgorithm.SHA256)
_rsa: Final = RSAAlgorithm(RSAAlgorithm.SHA256)


class Identity(Struct, frozen=True):
    """Who speaks: a key, and what the token that it signed claims. Rights are the claims *and* the key's scopes."""

    key: Key
    claims: dict[str, Any]


class Token(Struct, frozen=True):
    """A token that was taken apart, and nothing more: `key_id` is its `kid`, `signed` what the signature covers."""

    algorithm: str
    key_id: str | None
    payload: bytes
    signed: bytes
    signature: bytes


def algorithm_of(key: Key) -> Algorithm:
    """By what a key's tokens are signed."""
    return "HS256" if key.verifier is None else "RS256"


def read(text: str) -> Token:
    """A token taken apart; its signature is not checked. EnsueError `unauthorized` for what is none."""
    if len(text) > MAX_TOKEN or not _TOKEN.fullmatch(text):
        raise EnsueError("unauthorized", _NOT_ONE)
    try:
        parts = _jws.decode_complete(text, options={"verify_signature": False})
    except (PyJWTError, ValueError, RecursionError):
        raise EnsueError("unauthorized", _NOT_ONE) from None
    header, signed = parts["header"], text.rpartition(".")[0].encode("ascii")
    return Token(str(header.get("alg")), header.get("kid"), parts["payload"], signed, parts["signature"])


def is_signed_by(token: Token, key: Key, secret: str | None) -> bool:
    """Whether `key` signed the token; `secret` is that of a key with HS256."""
    if token.algorithm != algorithm_of(key):
        return False
    if key.verifier is not None:
        return _rsa.verify(token.signed, _public_key(key.verifier), token.signature)
    return bool(secret) and _hmac.verify(token.signed, str(secret).encode(), token.signature)


def claims_of(token: Token) -> dict[str, Any]:
    """What the token claims. EnsueError `unauthorized` where that is no object of sound JSON."""
    try:
        return decode(token.payload, dict[str, Any])
    except EnsueError as error:
        raise EnsueError("unauthorized", f"The token's claims are no object of JSON: {error.message}") from None


def expiry_of(claims: dict[str, Any], now: int) -> float | None:
    """Until when the claims hold (ms; None: for good). EnsueError `unauthorized` when they do not hold at `now`."""
    expires, begins = _milliseconds(claims, "exp"), _milliseconds(claims, "nbf")
    if expires is not None and now >= expires:
        raise EnsueError("unauthorized", "The token has expired; sign a new one.")
    if begins is not None and now < begins:
        raise EnsueError("unauthorized", "The token does not hold yet (its claim 'nbf'); check the signer's clock.")
    return expires


def _milliseconds(claims: dict[str, Any], name: str) -> float | None:
    if name not in claims:
        return None
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise EnsueError("unauthorized", f"The token's claim '{name}' is not a number of seconds.")
    return value * 1000


def not_ours() -> EnsueError:
    """The refusal of a token that no key here signed."""
    return EnsueError("unauthorized", _NOT_OURS)


def mint(claims: dict[str, Any], key_id: str, secret: str) -> str:
    """A token that claims `claims`, signed by HS256 with a key's secret; `kid` is the key's id (design section 11).

    Every delivery to Space Cloud's receivers bears two, so this is a fifth of what PyJWT takes for it.
    """
    signed = _header(key_id) + _base64(msgspec.json.encode(claims))
    return (signed + b"." + _base64(hmac.digest(secret.encode(), signed, hashlib.sha256))).decode("ascii")


@lru_cache(maxsize=1_024)
def _header(key_id: str) -> bytes:
    return _base64(msgspec.json.encode({"alg": "HS256", "kid": key_id, "typ": "JWT"})) + b"."


def _base64(value: bytes) -> bytes:
    return base64.urlsafe_b64encode(value).rstrip(b"=")


def check_verifier(pem: str) -> str:
    """The RSA public key that `pem` holds, written the usual way. EnsueError `invalid`, field `verifier`."""
    if "PRIVATE KEY" in pem:
        message = "'verifier' holds a private key; keep it, and give its public half: `openssl rsa -pubout`."
        raise EnsueError("invalid", message, "verifier")
    key = _loaded(pem)
    least, most = RSA_BITS
    if not isinstance(key, RSAPublicKey) or not least <= key.key_size <= most:
        message = f"'verifier' is an RSA public key of {least} to {most} bits in PEM: '-----BEGIN PUBLIC KEY-----…'."
        raise EnsueError("invalid", message, "verifier")
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def _loaded(pem: str) -> object:
    if len(pem) > MAX_VERIFIER:
        return None
    try:
        return load_pem_public_key(pem.strip().encode("ascii"))
    except (ValueError, UnsupportedAlgorithm):  # UnicodeEncodeError is a ValueError
        return None


@lru_cache(maxsize=1_024)
def _public_key(pem: str) -> RSAPublicKey:
    key = load_pem_public_key(pem.encode("ascii"))
    if not isinstance(key, RSAPublicKey):
        raise EnsueError("internal", "A stored verifier is no RSA public key.")
    return key

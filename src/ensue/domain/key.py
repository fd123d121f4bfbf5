"""Hides what a credential may do: a key of one project, its scopes, and how its token is kept (design section 8)."""

import hashlib
import re
from collections.abc import Sequence
from typing import Final, Literal

import msgspec
from msgspec import Struct

from ensue.domain.document import Document
from ensue.domain.errors import EnsueError

Scope = Literal["events:write", "events:read", "triggers", "deliveries", "actions:run", "admin"]

SCOPES: Final[tuple[Scope, ...]] = ("events:write", "events:read", "triggers", "deliveries", "actions:run", "admin")
"""All that a key can be given, of its own project; `admin` includes the others."""


MAX_ORIGINS: Final = 50

_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")


class Key(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A credential of one project. `token_hash` is the SHA-256 of the token in hex; `secret` is sealed.

    A `public` key (for browsers) may only send, from one of `origins` where these are given. `verifier` is the PEM of
    an RSA public key: the JWTs of such a key are signed by RS256, by whoever holds the other half. Neither kind has a
    secret.
    """

    id: str
    project: str
    scopes: tuple[Scope, ...]
    created_at: int
    token_hash: str
    secret: str = ""
    name: str = ""
    public: bool = False
    origins: tuple[str, ...] = ()
    verifier: str | None = None
    revoked_at: int | None = None

    def may(self, scope: Scope) -> bool:
        """Whether the key has the right; a public key has none but sending."""
        if self.public:
            return scope == "events:write"
        return scope in self.scopes or "admin" in self.scopes


def hash_token(token: str) -> str:
    """What is stored of a token, and by what it is found: comparing hashes leaks nothing of the token by time."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def check_scopes(texts: list[str]) -> tuple[Scope, ...]:
    """`texts` as scopes, each once. Raises EnsueError `invalid` for one that does not exist, or for none."""
    if not texts:
        raise EnsueError("invalid", f"A key needs at least one scope: {', '.join(SCOPES)}.", "scopes")
    for text in texts:
        if text not in SCOPES:
            raise EnsueError("invalid", f"There is no scope {text[:40]!r}; there are {', '.join(SCOPES)}.", "scopes")
    return tuple(scope for scope in SCOPES if scope in texts)


def public_scopes(scopes: Sequence[Scope]) -> tuple[Scope, ...]:
    """What a public key may do: send. Raises EnsueError `invalid` where `scopes` ask for more."""
    if any(scope != "events:write" for scope in scopes):
        raise EnsueError("invalid", "A public key may only send: its one scope is 'events:write'.", "scopes")
    return ("events:write",)


def check_origins(texts: Sequence[str], *, public: bool) -> tuple[str, ...]:
    """`texts` as browsers write origins (RFC 6454, section 6.1), each once. Raises EnsueError `invalid`."""
    if texts and not public:
        raise EnsueError("invalid", "Only a public key has 'origins'; set 'public', or leave them out.", "origins")
    if len(texts) > MAX_ORIGINS:
        raise EnsueError("invalid", f"'origins' has {len(texts)} entries; the limit is {MAX_ORIGINS}.", "origins")
    return tuple(dict.fromkeys(_origin(text, f"origins[{at}]") for at, text in enumerate(texts)))


def _origin(text: str, field: str) -> str:
    origin = text.strip().lower()
    if len(origin) > 300 or not _ORIGIN.fullmatch(origin):
        message = f"'{field}' is {text[:80]!r}, which is no origin; write it like 'https://shop.example:8443'."
        raise EnsueError("invalid", message, field)
    scheme, _, port = origin.partition("://")[0], *origin.rpartition(":")[1:]
    return origin.removesuffix(":" + port) if {"https": "443", "http": "80"}.get(scheme) == port else origin


def key_document(key: Key, revision: int = 0) -> Document:
    """The document that keeps a key; its alias is the hash of the token."""
    body = msgspec.json.encode(key)
    return Document(kind="key", project=key.project, id=key.id, body=body, alias=key.token_hash, revision=revision)


def key_of(document: Document) -> Key:
    """The key that a document keeps."""
    return msgspec.json.decode(document.body, type=Key)

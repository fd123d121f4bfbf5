"""Hides what a credential may do: a key of one project, its scopes, and how its token is kept (design section 8)."""

import hashlib
from typing import Final, Literal

import msgspec
from msgspec import Struct

from ensue.domain.document import Document
from ensue.domain.errors import EnsueError

Scope = Literal["events:write", "events:read", "triggers", "deliveries", "actions:run", "admin"]

SCOPES: Final[tuple[Scope, ...]] = ("events:write", "events:read", "triggers", "deliveries", "actions:run", "admin")
"""All that a key can be given, of its own project; `admin` includes the others."""


class Key(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A credential of one project. `token_hash` is the SHA-256 of the token in hex; `secret` is sealed.

    A `public` key (for browsers) may only send, from one of `origins` where these are given.
    """

    id: str
    project: str
    scopes: tuple[Scope, ...]
    created_at: int
    token_hash: str
    secret: str
    name: str = ""
    public: bool = False
    origins: tuple[str, ...] = ()
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


def key_document(key: Key, revision: int = 0) -> Document:
    """The document that keeps a key; its alias is the hash of the token."""
    body = msgspec.json.encode(key)
    return Document(kind="key", project=key.project, id=key.id, body=body, alias=key.token_hash, revision=revision)


def key_of(document: Document) -> Key:
    """The key that a document keeps."""
    return msgspec.json.decode(document.body, type=Key)

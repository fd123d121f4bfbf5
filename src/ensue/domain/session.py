"""Hides how long somebody stays signed in: a session, found by the hash of its token, that ends when it is not used."""

from typing import Final

import msgspec
from msgspec import Struct

from ensue.domain.document import Document
from ensue.domain.schedule import DAY

SESSION: Final = "session"
"""The kind of document that keeps a session; its `project` is the account, so that these are listed at once."""

LONGEST: Final = 180 * DAY
"""A session ends so long after its login (ms), however much it is used."""

NOTED_EVERY: Final = 3_600_000
"""That somebody was there is written down at most so often (ms)."""

MAX_SESSIONS: Final = 50
"""So many sessions of one account are kept; a further login ends the oldest."""

MAX_AGENT: Final = 300


class Session(Struct, frozen=True, kw_only=True):
    """One login. `agent` is what the browser called itself, `client` the address that it came from; `era` is that of
    the password by which it began, or that was chosen in it."""

    id: str
    account: str
    token_hash: str
    created_at: int
    seen_at: int
    agent: str = ""
    client: str = ""
    era: int = 0

    def is_over(self, now: int, idle: int) -> bool:
        """Whether it has ended by itself: unused for `idle` ms, or too old."""
        return now >= self.seen_at + idle or now >= self.created_at + LONGEST


def session_document(session: Session) -> Document:
    """The document that keeps a session; its alias is the hash of the token."""
    body = msgspec.json.encode(session)
    return Document(kind=SESSION, project=session.account, id=session.id, body=body, alias=session.token_hash)


def session_of(document: Document) -> Session:
    """The session that a document keeps."""
    return msgspec.json.decode(document.body, type=Session)

"""Hides how somebody who signed in is known again: by the hash of a token, remembered until something changes.

The end of a session travels with a change of its account, so every process hears of it and forgets what it knew.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from ensue.domain import ids
from ensue.domain.account import ACCOUNT, Account, account_document, account_of
from ensue.domain.document import Document, Put
from ensue.domain.errors import EnsueError
from ensue.domain.key import hash_token
from ensue.domain.push import DEVICE, MAX_DEVICES, device_gone, device_of
from ensue.domain.session import (
    MAX_AGENT,
    MAX_SESSIONS,
    NOTED_EVERY,
    SESSION,
    Session,
    session_document,
    session_of,
)
from ensue.engine.clock import Clock
from ensue.engine.holding import Holding
from ensue.engine.repeated import OvertakenError, put, repeated
from ensue.store.base import Store

SEEN: Final = "seen"
"""The kind of document that says when somebody was last there; its body is the time, its id the account's."""

ENDED: Final = "You are not signed in, or not any more; sign in again."
"""What whoever comes with a session that does not hold is told."""

_REMEMBERED: Final = 10_000


class Signed(Struct, frozen=True):
    """Who signed in, and by which session."""

    account: Account
    session: Session


class NewSession(Struct, frozen=True):
    """A session as it begins; `token` is what the browser keeps, known nowhere else."""

    signed: Signed
    token: str


class Sessions:
    """The sessions of all accounts; `idle` is how long one lasts unused (ms)."""

    def __init__(self, store: Store, clock: Clock, idle: int) -> None:
        self._store = store
        self._clock = clock
        self.idle = idle
        self._known: dict[str, Signed] = {}
        self._changes = 0
        self.holding = Holding()

    def forget(self) -> None:
        """An account or a project's members changed: look everything up again. May be called from any thread."""
        self._changes += 1
        self._known.clear()
        self.holding.changed()

    async def begin(self, account: Account, agent: str = "", client: str = "") -> NewSession:
        """A new session with a new token, of the password that `account` has; those of the account that have ended, and
        those beyond 50, are removed."""
        now = self._clock()
        token = ids.new_ticket()
        session = Session(
            id=ids.prefixed_id("ses_", now),
            account=account.id,
            token_hash=hash_token(token),
            created_at=now,
            seen_at=now,
            agent="".join(char for char in agent if char.isprintable())[:MAX_AGENT],
            client=client,
            era=account.era,
        )
        old = [
            one for at, one in enumerate(await self._all(account.id)) if at + 1 >= MAX_SESSIONS or self._is_over(one)
        ]
        puts = [Put(document=session_document(session), expected=0), _noted(account.id, now), *map(_gone, old)]
        await self._store.put(puts)
        return NewSession(Signed(account, session), token)

    async def find(self, token: str) -> Signed:
        """Whose token this is. EnsueError `unauthorized` when it is unknown, has ended, or was ended."""
        return await self.find_hash(hash_token(token))

    async def find_hash(self, token_hash: str) -> Signed:
        """As `find`, by the hash of the token."""
        signed = self._known.get(token_hash) or await self._look_up(token_hash)
        if signed is None or self._is_over(signed.session):
            raise EnsueError("unauthorized", ENDED)
        return await self._note(signed)

    async def _look_up(self, token_hash: str) -> Signed | None:
        changes = self._changes
        document = await self._store.find(SESSION, token_hash)
        session = None if document is None else session_of(document)
        account = None if session is None else await self._store.get(ACCOUNT, "", session.account)
        if session is None or account is None or account.deleted:
            return None
        signed = Signed(account_of(account), session)
        if signed.account.era != session.era:
            return None
        if changes == self._changes:  # else it may have been ended while we read it
            self._remember(signed)
        return signed

    def _remember(self, signed: Signed) -> None:
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[signed.session.token_hash] = signed

    async def _note(self, signed: Signed) -> Signed:
        """Write down that somebody is there, at most once an hour; a store that is full keeps nobody out."""
        now, session = self._clock(), signed.session
        if now < session.seen_at + NOTED_EVERY:
            return signed
        noted = Signed(signed.account, replace(session, seen_at=now))
        try:
            await self._rewrite(session, now)
        except EnsueError as error:
            if error.code not in {"unavailable", "conflict"}:
                raise
            return signed
        if self._known.get(session.token_hash) is signed:  # else the account may be another by now
            self._remember(noted)
        return noted

    async def _rewrite(self, session: Session, seen_at: int) -> None:
        """Only over what is there: a session that was ended meanwhile stays ended."""
        document = await self._store.get(SESSION, session.account, session.id)
        if document is not None:
            seen = replace(session_of(document), seen_at=seen_at)
            rewritten = Put(document=session_document(seen), expected=document.revision)
            await self._store.put([rewritten, _noted(session.account, seen_at)])

    def _is_over(self, session: Session) -> bool:
        return session.is_over(self._clock(), self.idle)

    async def _all(self, account: str) -> Sequence[Session]:
        return [session_of(document) for document in await self._store.list(SESSION, account, None, 2 * MAX_SESSIONS)]

    async def list(self, account: str) -> Sequence[Session]:
        """The sessions of an account that hold, newest first."""
        document = await self._store.get(ACCOUNT, "", account)
        era = None if document is None else account_of(document).era
        return [one for one in await self._all(account) if one.era == era and not self._is_over(one)]

    async def end(self, account: str, session_id: str) -> None:
        """End one session of an account, at once and everywhere. EnsueError `not_found`."""

        async def change() -> None:
            document = await self._store.get(SESSION, account, session_id)
            if document is None:
                raise EnsueError("not_found", f"There is no session {session_id[:80]!r} of yours.")
            touched = await self._store.get(ACCOUNT, "", account)
            if touched is None:
                raise OvertakenError
            heard = Put(document=account_document(account_of(touched)), expected=touched.revision)
            silent = await self._silent(account, lambda session: session == session_id)
            await put(self._store, [_gone(session_of(document)), *silent, heard])

        await repeated(change)
        self.forget()

    async def end_token(self, token: str | None) -> None:
        """End the session of a token, if it is one; what cannot be ended now is over by itself some day."""
        with suppress(EnsueError):
            signed = await self.find(token or "")
            await self.end(signed.account.id, signed.session.id)

    async def ends(self, account: Account, but: str | None = None) -> Sequence[Put]:
        """What ends all sessions of an account whose password is new (but one, which goes on), to travel with that
        change; then `forget`. One that begins meanwhile is of an era before. EnsueError `unauthorized` where that one
        was ended."""
        sessions = await self._all(account.id)
        gone = [_gone(session) for session in sessions if session.id != but]
        kept = [session_document(replace(session, era=account.era)) for session in sessions if session.id == but]
        if but is not None and not kept:
            raise EnsueError("unauthorized", ENDED)
        silent = await self._silent(account.id, lambda session: session != but)
        return [*gone, *(Put(document=one) for one in kept), *silent]

    async def _silent(self, account: str, ended: Callable[[str], bool]) -> Sequence[Put]:
        """What takes the devices along that were added in sessions that ended: nobody hears of what they may not
        read."""
        devices = map(device_of, await self._store.list(DEVICE, account, None, 2 * MAX_DEVICES))
        return [Put(document=device_gone(one)) for one in devices if ended(one.session)]

    async def last_seen(self, accounts: Sequence[str]) -> dict[str, int]:
        """When each of these was last there (ms), to the hour; those who never were are left out."""
        return {one.id: int(one.body) for one in await self._store.documents(SEEN, "", accounts)}


def _gone(session: Session) -> Put:
    return Put(document=Document(kind=SESSION, project=session.account, id=session.id, body=b""))


def _noted(account: str, now: int) -> Put:
    return Put(document=Document(kind=SEEN, project="", id=account, body=b"%d" % now))

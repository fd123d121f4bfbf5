"""Hides how people get in: the first by the set-up link, others by invitation, back in by password or by a reset.

What is proved is proved before anything is hashed or written; what is refused for a wrong password takes as long, and
says the same, as what is refused for an address that nobody has.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from ensue.domain import ids
from ensue.domain.account import (
    ACCOUNT,
    Account,
    account_document,
    account_of,
    address_key,
    check_address,
    check_name,
    check_password,
)
from ensue.domain.document import Document, Put
from ensue.domain.errors import EnsueError
from ensue.domain.invitation import (
    RESET,
    RESET_FOR,
    SETUP,
    Reset,
    Setup,
    reset_document,
    reset_of,
    setup_document,
    setup_of,
)
from ensue.domain.key import hash_token
from ensue.domain.letter import reset_letter
from ensue.domain.member import Seat, Seats, members_document
from ensue.domain.project import project_of
from ensue.engine.clock import Clock
from ensue.engine.invitations import Invitations
from ensue.engine.paging import every
from ensue.engine.passwords import Passwords
from ensue.engine.post import Post
from ensue.engine.repeated import put, repeated
from ensue.engine.sessions import ENDED, NewSession, Sessions, Signed
from ensue.engine.throttle import Throttle
from ensue.store.base import Store

WITH_ONE_ADDRESS: Final = 10
"""How often somebody at one place may try one account."""

FROM_ONE_PLACE: Final = 30
FROM_STRANGERS: Final = 100
"""How often all places together may try one account; those where it is signed in are not counted, and not held up."""

_WRONG: Final = "Address or password is wrong."
_CLOSED: Final = "Ensue is set up already; sign in, or ask an owner for an invitation."
_NO_SETUP: Final = "This set-up link is not valid; the last start of `ensue serve` printed the one that is."
_NO_RESET: Final = (
    "This link is not valid: it was used, a password was chosen since, or an hour is over. Ask for a new one."
)


class Where(Struct, frozen=True):
    """From where somebody signs in: what their browser calls itself, and the address that they come from."""

    agent: str = ""
    client: str = ""


class Accounts:
    """All accounts of this house. `changed` is called when what is remembered of people does not hold any more."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        sessions: Sessions,
        invitations: Invitations,
        post: Post,
        changed: Callable[[], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._passwords = Passwords()
        self._sessions = sessions
        self._invitations = invitations
        self._post = post
        self._changed = changed
        self._by_both = Throttle("logins with this address", WITH_ONE_ADDRESS, 30_000)
        self._by_strangers = Throttle("logins with this address", FROM_STRANGERS, 10_000)
        self._by_client = Throttle("logins from your address", FROM_ONE_PLACE, 5_000)
        self._mails = Throttle("mails", 3, 600_000)
        self._mailing: set[asyncio.Task[None]] = set()

    # the first one

    async def needs_setup(self) -> bool:
        """Whether there is no account yet."""
        return setup_of(await self._store.get(SETUP, "", SETUP)).closed_at is None

    async def open_setup(self) -> str | None:
        """A new token to make the first account by, ending the one before; None once there was an account."""
        token = ids.new_ticket()

        async def attempt() -> str | None:
            document = await self._store.get(SETUP, "", SETUP)
            if setup_of(document).closed_at is not None:
                return None
            await put(self._store, [_changed(setup_document(Setup(token_hash=hash_token(token))), document)])
            return token

        return await repeated(attempt)

    async def set_up(self, token: str, name: str, email: str, password: str, where: Where) -> NewSession:
        """Make the first account, owner of every project there is. EnsueError `not_found`, `conflict`, `invalid`."""
        await self._check_setup(token)
        account = await self._new(name, email, password)

        async def attempt() -> None:
            await self._check_setup(token)
            await put(self._store, [*await self._made(account), *await self._owned(account.id)])

        await repeated(attempt)
        self._changed()
        return await self._sessions.begin(account, where.agent, where.client)

    async def _check_setup(self, token: str) -> None:
        setup = setup_of(await self._store.get(SETUP, "", SETUP))
        if setup.closed_at is not None:
            raise EnsueError("conflict", _CLOSED)
        if not setup.token_hash or hash_token(token) != setup.token_hash:
            raise EnsueError("not_found", _NO_SETUP, "link")

    async def _owned(self, account: str) -> Sequence[Put]:
        """What makes an account the owner of every project that has no members yet."""
        projects = await every(self._store, "project")
        seats = Seats({account: Seat("owner", self._clock())})
        live = [one.id for one in projects if project_of(one).deleted_at is None]
        return [Put(document=members_document(project, seats), expected=0) for project in live]

    async def _new(self, name: str, email: str, password: str) -> Account:
        """An account that is kept nowhere yet."""
        address = check_address(email)
        called = check_name(name)
        hashed = await self._passwords.hash(check_password(password, address))
        now = self._clock()
        return Account(id=ids.prefixed_id("acc_", now), name=called, email=address, password=hashed, created_at=now)

    async def _made(self, account: Account) -> Sequence[Put]:
        """What makes a new account, and closes set-up for good. EnsueError `conflict` where the address has one."""
        if await self.find(account.email) is not None:
            raise EnsueError("conflict", f"{account.email} has an account already; sign in.", "email")
        made = [Put(document=account_document(account), expected=0)]
        document = await self._store.get(SETUP, "", SETUP)
        if setup_of(document).closed_at is None:
            made.append(_changed(setup_document(Setup(closed_at=self._clock())), document))
        return made

    async def find(self, email: str) -> Account | None:
        """The account of an address."""
        document = await self._store.find(ACCOUNT, address_key(email))
        return None if document is None else account_of(document)

    # in and out

    async def sign_in(self, email: str, password: str, where: Where) -> NewSession:
        """A new session for whoever has the password. EnsueError `unauthorized`, `rate_limited`, `unavailable`."""
        account = await self._proved(email, password, where)
        return await self._sessions.begin(account, where.agent, where.client)

    async def _proved(self, email: str, password: str, where: Where) -> Account:
        now, address = self._clock(), address_key(email)[:400]
        self._by_client.take(where.client, now)
        self._by_both.take(_both(address, where), now)
        account = await self.find(address)
        if not await self._is_familiar(account, where):
            self._by_strangers.take(address, now)
        fits = await self._passwords.fits(password, None if account is None else account.password)
        if account is None or not fits:
            raise EnsueError("unauthorized", _WRONG)
        self._by_both.forget(_both(address, where))
        if self._passwords.is_weak(account.password):
            return await self._strengthened(account, await self._passwords.hash(password))
        return account

    async def _is_familiar(self, account: Account | None, where: Where) -> bool:
        """Whether the account is signed in from there: who guesses elsewhere does not lock its owner out."""
        sessions = await self._sessions.list("" if account is None else account.id)
        return any(session.client == where.client for session in sessions)

    async def change_password(self, signed: Signed, old: str, new: str) -> None:
        """Choose another password; every other session of the account ends. EnsueError `invalid`, `rate_limited`."""
        account = signed.account
        self._by_both.take(signed.session.id, self._clock())
        chosen = check_password(new, account.email, "new")
        if not await self._passwords.fits(old, account.password):
            raise EnsueError("invalid", "This is not the present password.", "old")
        self._by_both.forget(signed.session.id)
        await self._changed_password(account, await self._passwords.hash(chosen), by=signed)

    async def _changed_password(self, account: Account, hashed: str, *also: Put, by: Signed | None = None) -> Account:
        """A new era: every session of before ends, but the one in which it was chosen. That one must still hold, and
        the era be that of `account`: else one that was thrown out meanwhile would get in. EnsueError `unauthorized`."""

        async def attempt() -> Account:
            document = await self._store.get(ACCOUNT, "", account.id)
            if document is None:
                raise EnsueError("unauthorized", _WRONG)
            known = account_of(document)
            if known.era != account.era:
                raise EnsueError("unauthorized", ENDED)
            changed = replace(known, password=hashed, era=known.era + 1)
            ended = await self._sessions.ends(changed, None if by is None else by.session.id)
            await put(self._store, [_changed(account_document(changed), document), *ended, *also])
            return changed

        changed = await repeated(attempt)
        self._changed()
        return changed

    async def _strengthened(self, account: Account, hashed: str) -> Account:
        """The same password, hashed anew: not over one that was chosen meanwhile, and once if two logins do."""

        async def attempt() -> Account:
            document = await self._store.get(ACCOUNT, "", account.id)
            if document is None or account_of(document).era != account.era:
                raise EnsueError("unauthorized", _WRONG)
            if account_of(document).password != account.password:
                return account_of(document)
            strong = replace(account_of(document), password=hashed)
            await put(self._store, [_changed(account_document(strong), document)])
            return strong

        strong = await repeated(attempt)
        self._changed()
        return strong

    # back in

    def forgotten(self, email: str, where: Where) -> None:
        """Mail a link to a new password to whoever has an account by that address; nobody is told whether one has.

        EnsueError `rate_limited` for too many from one place.
        """
        self._by_client.take(where.client, self._clock())
        task = asyncio.get_running_loop().create_task(self._mail_reset(email))
        self._mailing.add(task)
        task.add_done_callback(self._mailing.discard)

    async def _mail_reset(self, email: str) -> None:
        try:
            account = await self.find(email) if self._post.has_mail else None
            if account is not None:
                self._mails.take(account.id, self._clock())
                await self._post.send(reset_letter(account.email, await self.reset_link(account.email)))
        except EnsueError:
            return  # nobody waits for it; whoever does not get a mail asks again

    async def reset_link(self, email: str) -> str:
        """A link to a new password, for an hour or until one is chosen; an older one ends. EnsueError `not_found`."""
        account = await self.find(email)
        if account is None:
            raise EnsueError("not_found", f"Nobody has an account by the address {email[:80]!r}.")
        token = ids.new_ticket()
        until = self._clock() + RESET_FOR
        reset = Reset(account=account.id, token_hash=hash_token(token), expires_at=until, era=account.era)
        await self._store.put([Put(document=reset_document(reset))])
        return self._post.link("reset", token)

    async def reset(self, token: str, password: str, where: Where) -> NewSession:
        """Choose a new password by a link; every session of before ends. EnsueError `not_found`, `invalid`."""
        document = await self._reset_of(token)
        kept = await self._store.get(ACCOUNT, "", document.id)
        if kept is None or account_of(kept).era != reset_of(document).era:
            raise EnsueError("not_found", _NO_RESET, "link")
        account = account_of(kept)
        hashed = await self._passwords.hash(check_password(password, account.email))
        try:
            spent = Put(document=replace(document, body=b"", alias=None), expected=document.revision)
            account = await self._changed_password(account, hashed, spent)
        except EnsueError as error:
            lost = error.code in {"conflict", "unauthorized"}
            raise EnsueError("not_found", _NO_RESET, "link") if lost else error from None
        self._by_both.forget(_both(address_key(account.email), where))
        return await self._sessions.begin(account, where.agent, where.client)

    async def _reset_of(self, token: str) -> Document:
        document = await self._store.find(RESET, hash_token(token))
        if document is None or self._clock() >= reset_of(document).expires_at:
            raise EnsueError("not_found", _NO_RESET, "link")
        return document

    # by invitation

    async def accept(self, token: str, name: str, password: str, where: Where) -> NewSession:
        """Accept an invitation without being signed in: as a new account, or by the password of the one there is.

        EnsueError `not_found`, `unauthorized` where there is an account and no password was given, or a wrong one.
        """
        invitation, _ = await self._invitations.read(token)
        account = await self.find(invitation.email)
        if account is not None:
            if not password:
                raise EnsueError("unauthorized", "There is an account by this address; sign in to accept.")
            account = await self._proved(invitation.email, password, where)
            await self.join(token, account)
        else:
            account = await self._new(name, invitation.email, password)
            await self._join_new(token, account)
        return await self._sessions.begin(account, where.agent, where.client)

    async def join(self, token: str, account: Account) -> None:
        """Accept an invitation as `account`. EnsueError `not_found`, `forbidden` for one to another address."""
        invitation, _ = await self._invitations.read(token)
        if address_key(invitation.email) != address_key(account.email):
            raise EnsueError("forbidden", "This invitation is for another address; sign out to accept it.")

        async def attempt() -> None:
            await put(self._store, await self._invitations.spend(token, account.id))

        await repeated(attempt)
        self._changed()

    async def _join_new(self, token: str, account: Account) -> None:
        async def attempt() -> None:
            spent = await self._invitations.spend(token, account.id)
            await put(self._store, [*await self._made(account), *spent])

        await repeated(attempt)
        self._changed()

    async def close(self) -> None:
        """Wait for the mails that are under way, and let the threads go."""
        if self._mailing:
            await asyncio.wait(self._mailing)
        self._passwords.close()


def _both(address: str, where: Where) -> str:
    return f"{where.client} {address}"


def _changed(document: Document, before: Document | None) -> Put:
    return Put(document=document, expected=0 if before is None else before.revision)

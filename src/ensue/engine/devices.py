"""Hides how devices are kept, who may have which, and what members want to be told of by push."""

import base64
import binascii
from collections.abc import Collection, Sequence
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct

from ensue.channels.base import Channel, Message
from ensue.domain import ids
from ensue.domain.account import ACCOUNT, account_of
from ensue.domain.delivery import Failed, Result
from ensue.domain.document import Document, Put
from ensue.domain.errors import EnsueError
from ensue.domain.event import Card, Content, Event
from ensue.domain.guard import Allowed, check_url
from ensue.domain.member import MEMBERS, members_of
from ensue.domain.push import (
    DEVICE,
    MAX_DEVICES,
    MAX_ENDPOINT,
    MAX_MUTED,
    MAX_NAME,
    WISHES,
    Device,
    Wishes,
    device_alias,
    device_document,
    device_gone,
    device_of,
    wishes_document,
    wishes_of,
)
from ensue.engine.clock import Clock
from ensue.engine.pushing import Pushing
from ensue.engine.repeated import put, repeated
from ensue.engine.rules import Rules
from ensue.engine.vault import Vault
from ensue.store.base import Store

_PAGE: Final = "/settings/devices"


class Subscription(Struct, frozen=True):
    """What a browser gives who may push to it: an address, its public key and a secret, both in base64url."""

    endpoint: str
    p256dh: str
    auth: str


class Tested(Struct, frozen=True):
    """What came of a test push: its result, the host of the push service, the milliseconds that it took, and whether
    the device went with it."""

    result: Result
    service: str
    took_ms: int
    removed: bool


class Owned(Struct, frozen=True):
    """A device, and the name of whose it is."""

    device: Device
    owner: str


class Devices:
    """The devices of all accounts. `changed` in other processes is heard of by the store."""

    def __init__(
        self,
        store: Store,
        rules: Rules,
        vault: Vault,
        clock: Clock,
        pushing: Pushing,
        channel: Channel,
        allowed: Allowed,
    ) -> None:
        self._store = store
        self._rules = rules
        self._vault = vault
        self._clock = clock
        self._channel = channel
        self._allowed = allowed
        self.pushing = pushing

    async def list(self, account: str) -> Sequence[Device]:
        """The devices of an account, newest first."""
        return [device_of(one) for one in await self._store.list(DEVICE, account, None, MAX_DEVICES + 1)]

    async def add(
        self, account: str, session: str, name: str, given: Subscription, replaces: str = ""
    ) -> tuple[Device, bool]:
        """Push to this browser from now on; whether it is new. One that was somebody else's is theirs no more.

        `replaces` is the address that the browser had before, where it made another by itself: the device stays, with
        its name unless another is given. EnsueError `invalid` that names the field, `conflict` beyond twenty.
        """
        name = "".join(char for char in name if char.isprintable()).strip()[:MAX_NAME]
        endpoint, key, secret = _checked(given, self._allowed)

        async def attempt() -> tuple[Device, bool]:
            found = await self._store.find(DEVICE, device_alias(endpoint))
            before = None if replaces == endpoint else await self._replaced(account, replaces)
            mine = next((one for one in (found, before) if one is not None and one.project == account), None)
            if mine is None and len(await self.list(account)) >= MAX_DEVICES:
                raise EnsueError("conflict", f"You have {MAX_DEVICES} devices; remove one first.")
            known, now = None if mine is None else device_of(mine), self._clock()
            device = Device(
                id=ids.prefixed_id("dev_", now) if known is None else known.id,
                account=account,
                name=name or ("Browser" if known is None else known.name),
                endpoint=endpoint,
                key=key,
                secret=self._vault.seal(secret),
                created_at=now if known is None else known.created_at,
                session=session,
                since=now if known is None or known.endpoint != endpoint else known.since,
            )
            for other in (found, before):  # first, as the address is the name by which one is found
                if other is not None and other is not mine:
                    await put(self._store, [Put(document=device_gone(device_of(other)), expected=other.revision)])
            await put(self._store, [_put(device_document(device), mine)])
            return device, mine is None

        made = await repeated(attempt)
        await self._rules.refresh(self._store)
        return made

    async def _replaced(self, account: str, endpoint: str) -> Document | None:
        """The device of an account that had this address."""
        found = await self._store.find(DEVICE, device_alias(endpoint)) if endpoint else None
        return found if found is not None and found.project == account else None

    async def one(self, account: str, device_id: str) -> Device:
        """One device of an account. EnsueError `not_found`."""
        document = await self._store.get(DEVICE, account, device_id)
        if document is None or document.deleted:
            raise EnsueError("not_found", f"There is no device {device_id[:80]!r} of yours.")
        return device_of(document)

    async def owned(self, project: str, device_ids: Collection[str]) -> Sequence[Owned]:
        """Those of these devices that are there, and whose owners are members of the project (its id)."""
        there = [device for one in device_ids if (device := self._rules.device(one)) is not None]
        seats = members_of(await self._store.get(MEMBERS, project, project)).taken
        accounts = {one.account for one in there if one.account in seats}
        found = [account_of(one) for one in await self._store.documents(ACCOUNT, "", list(accounts)) if not one.deleted]
        names = {one.id: one.name for one in found}
        return [Owned(one, names[one.account]) for one in there if one.account in names]

    async def remove(self, account: str, device_id: str) -> None:
        """Push to it no more; what is owed to it ends cancelled. EnsueError `not_found`."""
        device = await self.one(account, device_id)
        await self._store.put([Put(document=device_gone(device))])
        await self._rules.refresh(self._store)

    async def test(self, account: str, device_id: str) -> Tested:
        """Push to one device now, once, and tell what came of it; one whose subscription has ended is removed.

        EnsueError `not_found`.
        """
        device, now = await self.one(account, device_id), self._clock()
        event = _greeting(device, now)
        to = await self.pushing.destination(device, event, _PAGE)
        message = Message(id=event.id, event=event, attempt=1, sent_at=now // 1000, source="")
        result = await self._channel.send(message, to, lambda: True) or Failed("nothing was sent")
        ended = isinstance(result, Failed) and result.permanent and await self._is_at(device)
        if ended:
            await self.remove(account, device_id)
        return Tested(result, urlsplit(device.endpoint).hostname or "", self._clock() - now, ended)

    async def _is_at(self, device: Device) -> bool:
        """Whether the device still has that address: it may have got another while the old one was tried."""
        document = await self._store.get(DEVICE, device.account, device.id)
        return document is not None and device_of(document).endpoint == device.endpoint

    async def wishes(self, project: str, account: str) -> Wishes:
        """What a member wants to be told of a project."""
        return wishes_of(await self._store.get(WISHES, project, account))

    async def wish(self, project: str, account: str, *, push: bool | None, muted: Sequence[str] | None) -> Wishes:
        """Change it; what is None stays. EnsueError `invalid` for more categories than are kept."""
        if muted is not None and len(muted) > MAX_MUTED:
            raise EnsueError("invalid", f"'muted' has {len(muted)} categories; the limit is {MAX_MUTED}.", "muted")

        async def attempt() -> Wishes:
            found = await self._store.get(WISHES, project, account)
            known = wishes_of(found)
            kept = known.muted if muted is None else tuple(dict.fromkeys(one.strip()[:64] for one in muted))
            wanted = Wishes(known.push if push is None else push, kept)
            await put(self._store, [_put(wishes_document(project, account, wanted), found)])
            return wanted

        made = await repeated(attempt)
        await self._rules.refresh(self._store)
        return made


def _put(document: Document, found: Document | None) -> Put:
    return Put(document=document, expected=0 if found is None else found.revision)


def _greeting(device: Device, now: int) -> Event:
    text = Content("text", b'"Pushes of Ensue arrive on this device."')  # type: ignore[arg-type]
    return Event(
        id=ids.event_id(now),
        project="",
        type="ensue.push.test",
        time=now,
        received_at=now,
        card=Card(title=device.name, content=text),
    )


def _checked(given: Subscription, allowed: Allowed) -> tuple[str, str, bytes]:
    """Address, key and secret of a subscription that a browser may have made. EnsueError `invalid`."""
    if len(given.endpoint) > MAX_ENDPOINT:
        message = f"'subscription.endpoint' has {len(given.endpoint)} characters; the limit is {MAX_ENDPOINT}."
        raise EnsueError("invalid", message, "subscription.endpoint")
    endpoint = check_url(given.endpoint, allowed, "subscription.endpoint").url
    key = _decoded(given.p256dh, 65, "subscription.keys.p256dh")
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
    except ValueError:
        message = "'subscription.keys.p256dh' is no public key of P-256."
        raise EnsueError("invalid", message, "subscription.keys.p256dh") from None
    secret = _decoded(given.auth, 16, "subscription.keys.auth")
    return endpoint, base64.urlsafe_b64encode(key).rstrip(b"=").decode("ascii"), secret


def _decoded(text: str, length: int, field: str) -> bytes:
    try:
        found = base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        found = b""
    if len(found) != length:
        raise EnsueError("invalid", f"'{field}' is not {length} bytes in base64url.", field)
    return found

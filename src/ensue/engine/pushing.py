"""Hides how a push finds its browser: the server's own key pair, made once, and what is open of a device."""

import base64
import contextlib
from collections.abc import Sequence
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ensue.channels.base import Browser, Destination
from ensue.domain.delivery import Delivery
from ensue.domain.errors import EnsueError
from ensue.domain.event import Action, Event
from ensue.domain.push import Device, device_in, offered
from ensue.engine.instance import INSTANCE, instance_put
from ensue.engine.post import Post
from ensue.engine.repeated import OvertakenError, put, repeated
from ensue.engine.rules import Rules
from ensue.engine.vault import Vault
from ensue.store.base import Store

VAPID: Final = "vapid"
"""The document that keeps the private key, sealed. Browsers are bound to its public part: a new one would end every
subscription."""
_UNNAMED: Final = "mailto:ensue@example.com"
"""Whom a push service may write to where no public address is set; some refuse a push that names nobody."""
_TIMEOUT_MS: Final = 15_000


class Pushing:
    """Where pushes go, and who signs them."""

    def __init__(self, store: Store, rules: Rules, vault: Vault, post: Post) -> None:
        self._store = store
        self._rules = rules
        self._vault = vault
        self._post = post
        self._private: bytes | None = None
        self._public = ""

    async def open(self) -> None:
        """Make the key pair on the first start; a store that takes no writes now gets it when it is first needed."""
        with contextlib.suppress(EnsueError):
            await self.public_key()

    async def public_key(self) -> str:
        """The server's public key in base64url, as browsers ask for it."""
        await self._key()
        return self._public

    async def _key(self) -> bytes:
        if self._private is None:
            sealed = await repeated(self._kept)
            private = self._vault.open(sealed)
            number = ec.derive_private_key(int.from_bytes(private, "big"), ec.SECP256R1())
            public = number.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            self._public = base64.urlsafe_b64encode(public).rstrip(b"=").decode("ascii")
            self._private = private
        return self._private

    async def _kept(self) -> str:
        kept = await self._store.get(INSTANCE, "", VAPID)
        if kept is not None:
            return kept.body.decode()
        number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
        body = self._vault.seal(number.to_bytes(32, "big")).encode()
        await put(self._store, [instance_put(VAPID, body)])
        raise OvertakenError  # by ourselves: what is kept now is what holds

    async def where(self, delivery: Delivery, event: Event, now: int) -> Destination | None:
        """Where a push goes at `now`; None when the device is gone, or its owner wants no such push any more."""
        device = self._rules.device(device_in(delivery.lane))
        heard = (one for one in self._rules.listeners(delivery.project) if one.wishes.wants(event.category))
        listener = next((one for one in heard if device is not None and one.device == device.id), None)
        if device is None or listener is None:
            return None
        return await self.destination(device, event, buttons=offered(event, now) if listener.presses else ())

    async def destination(
        self, device: Device, event: Event, page: str | None = None, buttons: Sequence[Action] = ()
    ) -> Destination:
        """How a device is reached; a click opens the event, or `page`, one on a button the page that asks for it."""
        project = self._rules.project(event.project)
        slug = "" if project is None else project.slug
        public = self._post.public_url
        return Destination(
            url=device.endpoint,
            format="webpush",
            timeout_ms=_TIMEOUT_MS,
            browser=Browser(
                key=_bytes(device.key),
                secret=self._vault.open(device.secret),
                vapid=await self._key(),
                contact=public if self._post.is_secure else _UNNAMED,
                page=self._post.page(page or f"/events/{event.id}{slug and f'?project={slug}'}"),
                buttons=tuple((one.label, self._post.press(event.id, one.key, slug)) for one in buttons),
            ),
        )


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

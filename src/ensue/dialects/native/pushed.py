"""Hides how the device that a push goes to is told: by its name and whose it is, never by its address or keys."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from ensue.domain.delivery import Delivery
from ensue.domain.push import WEBPUSH, device_in
from ensue.engine.engine import Engine


class OwnerView(Struct, frozen=True):
    """A member of the project."""

    id: str
    name: str


class PushedToView(Struct, frozen=True, omit_defaults=True):
    """The device that a push goes to. Of one that was removed, or whose owner has left the project, only the id is
    told."""

    id: str
    name: str | None = None
    member: OwnerView | None = None


async def pushed_to(engine: Engine, project: str, deliveries: Sequence[Delivery]) -> Mapping[str, PushedToView]:
    """The devices of those deliveries that are pushes, by the ids of the deliveries."""
    devices = {one.id: device_in(one.lane) for one in deliveries if one.kind == WEBPUSH}
    if not devices:
        return {}
    owned = await engine.devices.owned(project, set(devices.values()))
    views = {
        one.device.id: PushedToView(one.device.id, one.device.name, OwnerView(one.device.account, one.owner))
        for one in owned
    }
    return {delivery: views.get(device) or PushedToView(device) for delivery, device in devices.items()}

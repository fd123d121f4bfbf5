"""Hides how devices are spoken of in the native API: the browsers that are pushed to, and what their owner wants."""

from msgspec import Struct
from msgspec.structs import replace

from ensue.dialects.native.accounts import caller
from ensue.domain.decoding import decode
from ensue.domain.delivery import Failed, Sent
from ensue.domain.push import Device, Wishes
from ensue.domain.schedule import format_time
from ensue.engine.devices import Subscription, Tested
from ensue.engine.engine import Engine
from ensue.http.exchange import Answer, Call, json_answer


class KeysDraft(Struct, frozen=True):
    """What a browser made for its pushes, in base64url: a public key of P-256 and 16 bytes."""

    p256dh: str
    auth: str


class SubscriptionDraft(Struct, frozen=True):
    """A subscription as browsers write it (`PushSubscription.toJSON()`)."""

    endpoint: str
    keys: KeysDraft


class DeviceDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """A browser to push to, and what its owner calls it; `replaces` is the `endpoint` that the browser had before."""

    subscription: SubscriptionDraft
    name: str = ""
    replaces: str = ""


class DeviceView(Struct, frozen=True):
    """A browser that is pushed to; a browser knows itself by the `endpoint`."""

    id: str
    name: str
    endpoint: str
    created_at: str


class DevicePage(Struct, frozen=True):
    """The devices of an account, newest first; all of them are on one page."""

    items: list[DeviceView]
    next: str | None = None


class PushedView(Struct, frozen=True, omit_defaults=True):
    """What came of a test push, which is told here and is no delivery. `service` is the host that it was sent to,
    `status` what that answered, if it did. `removed`: the browser's subscription had ended, the device is gone."""

    delivered: bool
    service: str
    took_ms: int
    status: int | None = None
    reason: str | None = None
    removed: bool = False


class WishesView(Struct, frozen=True):
    """What one wants to be told of a project: pushes at all, and of which categories none."""

    push: bool
    muted: list[str]


class WishesPatch(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to change of it."""

    push: bool | None = None
    muted: list[str] | None = None


async def page(engine: Engine, call: Call) -> Answer:
    """`GET /devices`."""
    call.query_values()
    return json_answer(200, DevicePage([_view(one) for one in await engine.devices.list(caller(call).id)]))


async def add(engine: Engine, call: Call) -> Answer:
    """`POST /devices`; 200 for one that is known, under its new name."""
    call.query_values()
    draft, who = decode(call.body, DeviceDraft), caller(call)
    keys = draft.subscription.keys
    given = Subscription(draft.subscription.endpoint, keys.p256dh, keys.auth)
    device, new = await engine.devices.add(who.id, who.session, draft.name, given, draft.replaces)
    return json_answer(201 if new else 200, _view(device))


async def remove(engine: Engine, call: Call) -> Answer:
    """`DELETE /devices/{id}`."""
    call.query_values()
    await engine.devices.remove(caller(call).id, call.parameters["id"])
    return Answer(204, content_type=None)


async def test(engine: Engine, call: Call) -> Answer:
    """`POST /devices/{id}/test`."""
    call.query_values()
    tested = await engine.devices.test(caller(call).id, call.parameters["id"])
    return json_answer(200, _tested(tested))


async def wishes(engine: Engine, call: Call) -> Answer:
    """`GET /push`."""
    call.query_values()
    return json_answer(200, _wishes(await engine.devices.wishes(call.project, caller(call).id)))


async def wish(engine: Engine, call: Call) -> Answer:
    """`PATCH /push`."""
    call.query_values()
    patch = decode(call.body, WishesPatch)
    wanted = await engine.devices.wish(call.project, caller(call).id, push=patch.push, muted=patch.muted)
    return json_answer(200, _wishes(wanted))


def _view(device: Device) -> DeviceView:
    return DeviceView(device.id, device.name, device.endpoint, format_time(device.created_at))


def _tested(tested: Tested) -> PushedView:
    result = tested.result
    told = result if isinstance(result, Sent | Failed) else Failed("nothing was sent")
    view = PushedView(
        delivered=isinstance(told, Sent),
        service=tested.service,
        took_ms=tested.took_ms,
        status=None if told.exchange is None else told.exchange.status,
    )
    return view if isinstance(told, Sent) else replace(view, reason=told.error, removed=tested.removed)


def _wishes(wanted: Wishes) -> WishesView:
    return WishesView(wanted.push, list(wanted.muted))

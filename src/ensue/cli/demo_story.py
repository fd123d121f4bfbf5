"""Hides what the demo tells: a week at a small coffee roaster, as events. Pure: seed, count and now go in."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any, Final

from ensue.client.events import NewEvent
from ensue.domain.schedule import DAY, HOUR, format_time

MINUTE: Final = 60_000
_RHYTHM: Final = (2, 1, 1, 1, 1, 2, 4, 8, 14, 18, 20, 19, 22, 20, 18, 19, 21, 20, 16, 13, 11, 9, 6, 3)
"""How busy the hours of a day are, against 22."""
_NAMES: Final = ("Ada Lund", "Bo Berg", "Chidi Okafor", "Dana Ruiz", "Elif Kaya", "Finn Moe", "Grace Kim", "Hugo Roy")
_BEANS: Final = ("Yirgacheffe 250 g", "Huila 1 kg", "Sidamo decaf 250 g", "House blend 500 g", "Tarrazú 250 g")
_SERVICES: Final = ("shop", "checkout", "roastery")

Scene = Iterator[tuple[int, NewEvent]]
"""Events of one thread, each with its milliseconds after the first."""


def story(seed: int, count: int, now: int, shop: str, picture: str) -> Sequence[NewEvent]:
    """`count` events in the order in which they happened, the last one at `now` or before.

    The same arguments tell the same story. `shop` is the address that buttons call, `picture` that of an image.
    """
    chance = Random(seed)  # noqa: S311 - a story, not a secret
    told: list[tuple[int, int, NewEvent]] = []
    number = 1000
    while len(told) < count:
        number += 1
        make = chance.choices(tuple(_SCENES), weights=tuple(_SCENES.values()))[0]
        began = _began(chance, now)
        for after, event in make(chance, number, shop, picture):
            if began + after <= now:
                told.append((began + after, len(told), event))
    return [{**event, "time": format_time(at)} for at, _order, event in sorted(told, key=_when)[-count:]]


def _when(told: tuple[int, int, NewEvent]) -> tuple[int, int]:
    return told[0], told[1]


def _began(chance: Random, now: int) -> int:
    """A moment of the last week, more likely of the last day, and by day rather than by night."""
    while True:
        at = now - chance.randrange(DAY if chance.random() < 0.6 else 7 * DAY)
        if chance.random() * max(_RHYTHM) <= _RHYTHM[at // HOUR % 24]:
            return at


def _event(kind: str, subject: str, card: Mapping[str, Any], context: str | None = None, **data: Any) -> NewEvent:
    event: NewEvent = {"type": kind, "subject": subject, "data": data, "source": "fjord-coffee", "card": card}
    if context is not None:
        event["context"] = {"id": context}
    return event


def _card(
    title: str, avatar: str, category: str, content: tuple[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    shown = {} if content is None else {"content": {"type": content[0], "value": content[1]}}
    return {"title": title, "avatar": avatar, "category": category, **shown, **more}


def _order(chance: Random, number: int, shop: str, _picture: str) -> Scene:
    who, bean, items = chance.choice(_NAMES), chance.choice(_BEANS), chance.randint(1, 4)
    total = round(items * chance.choice((12.5, 16, 38)), 2)
    thread, subject = f"order-{number}", f"order/{number}"
    rows = [["Customer", who], ["Coffee", f"{items} × {bean}"], ["Total", f"€ {total:.2f}"]]
    yield (
        0,
        _event(
            "order.created",
            subject,
            _card(f"Order {number} from {who}", "🛒", "Orders", ("rows", rows)),
            thread,
            order=number,
            total=total,
            items=items,
        ),
    )
    if chance.random() < 0.12:
        card = _card(
            f"Payment of order {number} was declined", "💳", "Payments", ("text", "The bank says: card expired.")
        )
        yield MINUTE, _event("payment.declined", subject, card, thread, order=number, reason="expired_card")
        return
    card = _card(f"{who} paid € {total:.2f}", "💶", "Payments")
    yield MINUTE, _event("payment.settled", subject, card, thread, order=number, amount=total)
    packed = [{"key": "pack", "label": "Mark as packed", "url": f"{shop}/orders/{number}/packed"}]
    card = _card(f"Order {number} is paid", "📦", "Orders", actions=packed)
    yield 2 * MINUTE, _event("order.paid", subject, card, thread, order=number, total=total)
    if chance.random() < 0.7:
        card = _card(f"Order {number} is on its way", "🚚", "Orders", ("text", f"Parcel NO{number}77 to {who}."))
        yield (40 + chance.randrange(200)) * MINUTE, _event("order.shipped", subject, card, thread, order=number)


def _refund(chance: Random, number: int, shop: str, _picture: str) -> Scene:
    who, amount = chance.choice(_NAMES), chance.choice((12.5, 25.0, 64.0))
    actions = [
        {"key": "refund", "label": "Refund", "url": f"{shop}/refunds/{number}"},
        {"key": "refuse", "label": "Refuse", "url": f"{shop}/broken/{number}", "style": "danger"},
        {"label": "Open in shop", "url": f"https://shop.fjord.example/orders/{number}", "external": True},
    ]
    text = "One bag was open when it came.\nThe other one is fine."
    card = _card(f"{who} asks for € {amount:.2f} back", "↩️", "Payments", ("text", text), actions=actions, notify=True)
    yield 0, _event("refund.requested", f"order/{number}", card, f"order-{number}", order=number, amount=amount)


def _sign_up(chance: Random, number: int, _shop: str, _picture: str) -> Scene:
    who = chance.choice(_NAMES)
    plan = chance.choice(("Weekly", "Monthly"))
    card = _card(f"{who} signed up", "👋", "Customers", ("rows", [["Plan", plan], ["From", "Newsletter"]]))
    yield 0, _event("customer.signed_up", f"customer/{number}", card, f"customer-{number}", name=who, plan=plan)
    if chance.random() < 0.3:
        card = _card(f"{who} cancelled the {plan.lower()} bag", "🥀", "Customers", ("text", "I drink tea now."))
        yield 90 * MINUTE, _event("customer.cancelled", f"customer/{number}", card, f"customer-{number}", plan=plan)


def _deploy(chance: Random, number: int, shop: str, _picture: str) -> Scene:
    service, thread = chance.choice(_SERVICES), f"deploy-{number}"
    build: dict[str, Any] = {"service": service, "build": number, "tests": {"passed": 1204, "failed": 0}}
    yield (
        0,
        _event("deploy.started", service, _card(f"Deploying {service} #{number}", "🚀", "Deploys"), thread, **build),
    )
    fails = chance.random() < 0.25
    back = [{"key": "back", "label": "Roll back", "url": f"{shop}/deploys/{number}/back", "style": "danger"}]
    if fails:
        card = _card(f"{service} #{number} failed its smoke tests", "🔥", "Deploys", ("json", build), notify=True)
        yield 3 * MINUTE, _event("deploy.failed", service, {**card, "actions": back}, thread, **build)
        return
    card = _card(f"{service} #{number} is live", "✅", "Deploys", ("json", build), actions=back)
    yield 4 * MINUTE, _event("deploy.finished", service, card, thread, **build)


def _support(chance: Random, number: int, _shop: str, _picture: str) -> Scene:
    who = chance.choice(_NAMES)
    text = chance.choice(
        ("Which grind fits a moka pot?", "Can I pause my bag in July?", "The lid was loose. No harm done.")
    )
    link = [{"label": "Answer", "url": f"https://help.fjord.example/{number}", "external": True}]
    card = _card(f"{who} wrote", "💬", "Support", ("text", text), actions=link)
    yield 0, _event("support.message", f"ticket/{number}", card, f"ticket-{number}", ticket=number)


def _stock(chance: Random, number: int, _shop: str, _picture: str) -> Scene:
    counted: dict[str, Any] = {"beans": {bean: chance.randint(4, 90) for bean in _BEANS}, "warehouse": "Oslo"}
    card = _card("Stock counted", "📊", "Stock", ("json", counted), muted=True)
    yield 0, _event("stock.counted", "warehouse/oslo", card, **counted, run=number)


def _roast(chance: Random, number: int, _shop: str, picture: str) -> Scene:
    bean = chance.choice(_BEANS)
    card = _card(f"Roast {number} of {bean} is done", "☕", "Roastery", ("image", picture))
    yield 0, _event("roast.finished", f"roast/{number}", card, f"roast-{number}", bean=bean, kilograms=15)


def _heat(chance: Random, number: int, shop: str, _picture: str) -> Scene:
    degrees = chance.randint(231, 244)
    off = [{"key": "cool", "label": "Cool down", "url": f"{shop}/drum/cool", "style": "danger", "expires_in": 3600}]
    card = _card(f"Drum at {degrees} °C", "🌡️", "Roastery", ("text", "Above 230 °C for two minutes."), notify=True)
    yield 0, _event("roastery.too_hot", "drum/1", {**card, "actions": off}, "drum-1", degrees=degrees, alarm=number)


def _test(chance: Random, number: int, _shop: str, _picture: str) -> Scene:
    card = _card(f"Order {number} from Test Person", "🧪", "Orders", test=True)
    yield 0, _event("order.created", f"order/{number}", card, order=number, total=chance.randint(1, 9))


_SCENES: Final[dict[Callable[[Random, int, str, str], Scene], int]] = {
    _order: 40,
    _sign_up: 16,
    _support: 12,
    _stock: 12,
    _deploy: 8,
    _refund: 5,
    _roast: 8,
    _heat: 2,
    _test: 3,
}
"""What happens at a roaster, and how often."""

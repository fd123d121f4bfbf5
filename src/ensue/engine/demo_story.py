"""Hides what the demo tells: a month at a small coffee roaster, as events. No clock: seed, count and stage go in."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any, Final

from msgspec import Struct

from ensue.domain.schedule import DAY, HOUR, MINUTE, format_time

A_DAY: Final = 400
"""So many events happen on a day; what is more goes back further."""
LONGEST: Final = 30
"""Days that the story goes back at most."""
_RHYTHM: Final = (5, 3, 2, 2, 2, 4, 8, 12, 16, 19, 20, 19, 21, 20, 18, 20, 22, 20, 18, 17, 16, 13, 11, 8)
"""How busy the hours of a day are, against 22."""
_NOW: Final = 15
"""The hour of the story's now, wherever the clock stands: there is something to look at."""

MAYA: Final = "Maya Chen"
LEO: Final = "Leo Park"
_PEOPLE: Final = (
    ("Ingrid Solberg", "NO"),
    ("Ana Ruiz", "ES"),
    ("Ada Lund", "NO"),
    ("Bo Berg", "SE"),
    ("Chidi Okafor", "GB"),
    ("Elif Kaya", "DE"),
    ("Finn Moe", "NO"),
    ("Grace Kim", "NL"),
    ("Hugo Roy", "FR"),
    ("Mia Saarinen", "FI"),
)
_BEANS: Final = (("Yirgacheffe 250 g", 14), ("Huila 1 kg", 42), ("Sidamo decaf 250 g", 13), ("House blend 500 g", 21))
_PRAISE: Final = (
    "Which grind fits a moka pot?",
    "Can I pause my bag in July?",
    "The lid was loose. No harm done.",
    "Thanks, the grinder works now.",
)


class Pressing(Struct, frozen=True):
    """Somebody pressed a button: which, how long after its event (ms), and what the receiver answered."""

    key: str
    after: int
    by: str
    status: int = 200


class Happening(Struct, frozen=True):
    """Something that happened: when, the event as a client would send it, and who pressed its buttons."""

    at: int
    event: Mapping[str, Any]
    pressed: tuple[Pressing, ...] = ()


class Stage(Struct, frozen=True):
    """Where it plays. `shop(host, path)` is the address of one of the roaster's systems, `origin` that of the console,
    whose pictures are shown."""

    now: int
    origin: str
    shop: Callable[[str, str], str]


Scene = Iterator[tuple[int, Mapping[str, Any], tuple[Pressing, ...]]]
"""Events of one story, each with its milliseconds after the first, and who pressed its buttons."""


def story(seed: int, count: int, stage: Stage) -> Sequence[Happening]:
    """`count` happenings in order, the last of them just now. The same arguments tell the same story."""
    chance = Random(seed)  # noqa: S311 - a story, not a secret
    days = min(LONGEST, max(1, round(count / A_DAY)))
    told = list(_just_now(stage))
    while len(told) < count:
        begins = sorted(_began(chance, days) for _ in range(count // 2 + 1))
        for number, ago in enumerate(begins):
            told += _told(chance, _numbered(number), ago, stage)
    return sorted(told, key=lambda one: one.at)[-count:]


def _numbered(back: int) -> int:
    """The number of the order that came so many before the last one: four digits, and five before they began anew."""
    number = 4808 - back
    return number if number > 1000 else number + 98_999


def _told(chance: Random, number: int, ago: int, stage: Stage) -> Iterator[Happening]:
    """A scene that began so long ago, as far as it is over by now."""
    make = chance.choices(tuple(_SCENES), weights=tuple(_SCENES.values()))[0]
    for after, event, pressed in make(chance, number, stage):
        at = stage.now - ago + after
        if at < stage.now - MINUTE:
            yield Happening(at, event, tuple(one for one in pressed if at + one.after < stage.now))


def scheduled(stage: Stage) -> Sequence[Mapping[str, Any]]:
    """What is to happen later, as a client would send it."""
    return [
        _event(
            "order.reminder" if at % 3 else "cron.price_list",
            f"order/{4700 + at}" if at % 3 else "prices/winter",
            _card(f"Remind {who} of the next bag", "⏰", "Orders") if at % 3 else _card("Prices go up", "🏷️", "Cron"),
            order=4700 + at,
        )
        | {"send_at": format_time(stage.now + at * 7 * HOUR + 40 * MINUTE)}
        for at, (who, _country) in enumerate(_PEOPLE[:9], 1)
    ]


def _began(chance: Random, days: int) -> int:
    """How long ago (ms): by day rather than by night, now being the afternoon, and a little less often further back."""
    while True:
        ago = chance.randrange(round(1.2 * days * DAY))
        fewer = 0.3 * ago / (LONGEST * DAY)
        if chance.random() > fewer and chance.random() * max(_RHYTHM) <= _RHYTHM[(_NOW - ago // HOUR) % 24]:
            return ago


def _event(kind: str, subject: str, card: Mapping[str, Any], context: str | None = None, **data: Any) -> dict[str, Any]:
    thread = {} if context is None else {"context": {"id": context}}
    return {"type": kind, "subject": subject, "data": data, "source": "fjord-coffee", "card": card, **thread}


def _card(
    title: str, avatar: str, category: str, content: tuple[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    shown = {} if content is None else {"content": {"type": content[0], "value": content[1]}}
    return {"title": title, "avatar": avatar, "category": category, **shown, **more}


def _held(number: int, rows: Sequence[Sequence[str]], stage: Stage, **data: Any) -> dict[str, Any]:
    """An order that waits for somebody who decides."""
    orders = stage.shop("shop", f"/orders/{number}")
    actions = [
        {"key": "approve", "label": "Approve order", "url": f"{orders}/approve", "group": "decision"},
        {"key": "cancel", "label": "Cancel order", "url": f"{orders}/cancel", "style": "danger", "group": "decision"},
        {"label": "Open in shop", "url": f"https://shop.fjord.example/orders/{number}", "external": True},
    ]
    title = f"Order {number} is waiting for review"
    card = _card(title, "🛒", "Orders", ("rows", rows), actions=actions, notify=True)
    return _event("order.held", f"order/{number}", card, f"order-{number}", order=number, **data)


def _ago(stage: Stage, minutes: float, event: Mapping[str, Any], *pressed: Pressing) -> Happening:
    return Happening(stage.now - round(minutes * MINUTE), event, pressed)


def _just_now(stage: Stage) -> Iterator[Happening]:
    """What a visitor sees first: something of everything."""
    rows = [
        ["Customer", "Ingrid Solberg", "first order"],
        ["Total", "€ 1,284.00", "12 × Huila 1 kg, 1 × grinder"],
        ["Why held", "Card country differs from shipping country"],
    ]
    items = [{"sku": "huila-1kg", "count": 12}, {"sku": "grinder", "count": 1}]
    risk = {"rule": "risk.country", "score": 71, "card": "SE"}
    held = _held(4821, rows, stage, total=1284.0, currency="EUR", country="NO", items=items, risk=risk)
    yield _ago(stage, 0.3, held)
    yield from _deploying(stage)
    yield _ago(stage, 11, _order_created("Bo Berg", 4820, (("House blend 500 g", 21),), "SE"))
    yield _ago(stage, 19, _signed_up("Ada Lovelace", "ada@lovelace.example", "from the landing page"))
    yield _ago(stage, 26, _refund(4809, "Ana Ruiz", 64.0, stage), Pressing("refund", 5 * MINUTE, MAYA))
    full = _card("Disk at 92 % on db-2", "🔥", "Infra")
    yield _ago(stage, 31, _event("host.disk_high", "db-2", full, "disk-db-2", used=0.92))
    text = "Kaffebrenneriet AS · € 2,340.00 a year, paid by invoice."
    card = _card("New plan: Roastery Pro, yearly", "✨", "Payments", ("text", text))
    yield _ago(stage, 38, _event("payment.settled", "customer/118", card, amount=2340.0, plan="roastery-pro"))
    yield _ago(stage, 48, _disk(91, "db-2", stage), Pressing("grow", 8 * MINUTE, LEO, 503))
    yield _ago(stage, 150, _new_country("Leo Park", "Oslo, Firefox on Linux", stage))
    yield from _tried(stage)


def _deploying(stage: Stage) -> Iterator[Happening]:
    """A thread that is still growing."""
    deploys = stage.shop("ops", "/deploys/web-2.14.0")
    actions = [
        {"key": "promote", "label": "Promote", "url": f"{deploys}/promote"},
        {"key": "back", "label": "Roll back", "url": f"{deploys}/back", "style": "danger"},
    ]
    build = {"service": "web", "version": "2.14.0", "commit": "9f2c41e"}
    thread = "deploy-web-2.14.0"
    card = _card("Deploy web 2.14.0", "🚀", "Deploys", ("text", "Leo Park, from main at 9f2c41e."), actions=actions)
    yield _ago(stage, 7, _event("deploy.started", "web", card, thread, **build))
    for minutes, kind, title in (
        (6, "deploy.built", "Build finished in 1 min 48 s"),
        (4, "deploy.tested", "412 tests passed"),
        (2, "deploy.staged", "Live on staging"),
        (0.7, "deploy.smoke", "Smoke tests running, 31 of 54"),
    ):
        yield _ago(stage, minutes, _event(kind, "web", _card(title, "🚀", "Deploys"), thread, **build))


def _tried(stage: Stage) -> Iterator[Happening]:
    """Events that were sent to try things out."""
    card = _card("Order 1 is waiting for review", "🛒", "Orders", ("text", "Sent from the playground by Maya Chen."))
    approve = {"key": "approve", "label": "Approve order", "url": stage.shop("shop", "/orders/1/approve")}
    yield _ago(stage, 2.2, _event("order.held", "order/1", {**card, "actions": [approve], "test": True}, order=1))
    card = _card("Ada Lovelace signed up", "👋", "Sign-ups", ("text", "ada@example.com, from the landing page"))
    yield _ago(stage, 4.1, _event("user.signed_up", "user/1", {**card, "test": True}, name="Ada Lovelace"))
    card = _card("Hello from the command line", "🧪", "Cron", ("text", "ensue send hello --test"))
    yield _ago(stage, 9, _event("hello", "me", {**card, "test": True}))


def _order_created(who: str, number: int, lines: Sequence[tuple[str, int]], country: str) -> dict[str, Any]:
    total = float(sum(price for _name, price in lines))
    goods = ", ".join(f"1 × {name}" for name, _price in lines)
    rows = [["Customer", who], ["Coffee", goods], ["Total", f"€ {total:.2f}"]]
    card = _card(f"Order {number} from {who}", "🛒", "Orders", ("rows", rows))
    data = {"order": number, "total": total, "currency": "EUR", "country": country, "items": [one[0] for one in lines]}
    return _event("order.created", f"order/{number}", card, f"order-{number}", **data)


def _signed_up(who: str, mail: str, whence: str) -> dict[str, Any]:
    card = _card(f"{who} signed up", "👋", "Sign-ups", ("text", f"{mail}, {whence}"))
    return _event("user.signed_up", f"user/{mail}", card, name=who, email=mail)


def _refund(number: int, who: str, amount: float, stage: Stage) -> dict[str, Any]:
    refunds = stage.shop("shop", f"/refunds/{number}")
    actions = [
        {"key": "refund", "label": "Refund", "url": refunds, "group": "decision"},
        {"key": "refuse", "label": "Refuse", "url": f"{refunds}/refuse", "style": "danger", "group": "decision"},
    ]
    text = f"{who}: “Two bags arrived torn, please refund those.”"
    card = _card(f"Refund of € {amount:.2f} requested", "💳", "Payments", ("text", text), actions=actions, notify=True)
    return _event("payment.refund", f"order/{number}", card, None, order=number, amount=amount)


def _disk(percent: int, host: str, stage: Stage) -> dict[str, Any]:
    grow = [{"key": "grow", "label": "Grow volume", "url": stage.shop("ops", f"/volumes/{host}/grow")}]
    picture = ("image", f"{stage.origin}/demo/disk.svg")
    card = _card(f"Disk at {percent} % on {host}", "🔥", "Infra", picture, actions=grow, notify=True)
    data = {"used": percent / 100, "size_gb": 400, "mount": "/var/lib/pg"}
    return _event("host.disk_high", host, card, f"disk-{host}", **data) | {"source": f"telegraf/{host}"}


def _new_country(who: str, where: str, stage: Stage) -> dict[str, Any]:
    block = {"key": "block", "label": "Block session", "url": stage.shop("shop", "/sessions/block"), "style": "danger"}
    mail = f"{who.split(maxsplit=1)[0].lower()}@fjord.example"
    content = ("text", f"{mail}, {where.partition(', ')[2]}")
    title = f"Sign-in from a new country: {where.partition(', ')[0]}"
    card = _card(title, "🔐", "Sign-ups", content, actions=[{**block, "expires_in": 3600}])
    return _event("user.new_country", f"user/{mail}", card, name=who, where=where)


def _order(chance: Random, number: int, _stage: Stage) -> Scene:
    who, country = chance.choice(_PEOPLE)
    lines = chance.choices(_BEANS, k=chance.randint(1, 4))
    created = _order_created(who, number, lines, country)
    yield 0, created, ()
    thread, subject, total = f"order-{number}", f"order/{number}", created["data"]["total"]
    if chance.random() < 0.06:
        text = ("text", "The bank says: card expired.")
        card = _card(f"Payment of order {number} was declined", "💳", "Payments", text)
        yield MINUTE, _event("payment.declined", subject, card, thread, order=number, amount=total), ()
        return
    paid = _card(f"{who} paid € {total:.2f}", "💶", "Payments")
    yield MINUTE, _event("payment.settled", subject, paid, thread, order=number, amount=total), ()
    card = _card(f"Order {number} is paid", "📦", "Orders")
    yield 2 * MINUTE, _event("order.paid", subject, card, thread, order=number, total=total, country=country), ()
    if chance.random() < 0.7:
        card = _card(f"Order {number} is on its way", "🚚", "Orders", ("text", f"Parcel NO{number}77 to {who}."))
        after = (40 + chance.randrange(200)) * MINUTE
        yield after, _event("order.shipped", subject, card, thread, order=number), ()


def _review(chance: Random, number: int, stage: Stage) -> Scene:
    who, country = chance.choice(_PEOPLE)
    total = float(chance.randrange(240, 1400, 20))
    rows = [["Customer", who], ["Total", f"€ {total:,.2f}"], ["Why held", "The first order is a large one"]]
    key, by = chance.choice((("approve", MAYA), ("approve", LEO), ("cancel", LEO)))
    event = _held(number, rows, stage, total=total, currency="EUR", country=country)
    yield 0, event, (Pressing(key, chance.randint(2, 50) * MINUTE, by),)


def _torn(chance: Random, number: int, stage: Stage) -> Scene:
    who, _country = chance.choice(_PEOPLE)
    pressed = Pressing("refund", chance.randint(3, 90) * MINUTE, chance.choice((MAYA, LEO)))
    yield 0, _refund(number, who, chance.choice((12.5, 25.0, 64.0)), stage), (pressed,)


def _sign_up(chance: Random, number: int, _stage: Stage) -> Scene:
    who, _country = chance.choice(_PEOPLE)
    mail = f"{who.split()[0].lower()}{number}@example.com"
    whence = chance.choice(("from the landing page", "from the newsletter", "by invitation"))
    yield 0, _signed_up(who, mail, whence), ()
    if chance.random() < 0.05:
        card = _card(f"{who} chose the monthly bag", "✨", "Sign-ups")
        yield 50 * MINUTE, _event("user.plan_changed", f"user/{mail}", card, plan="monthly"), ()


def _support(chance: Random, number: int, _stage: Stage) -> Scene:
    who, _country = chance.choice(_PEOPLE)
    thread = f"ticket-{number}"
    card = _card(f"{who} wrote", "💬", "Support", ("text", chance.choice(_PRAISE)))
    yield 0, _event("support.message", f"ticket/{number}", card, thread, ticket=number), ()
    card = _card(f"{chance.choice((MAYA, LEO))} answered", "💬", "Support")
    after = chance.randint(4, 80) * MINUTE
    yield after, _event("support.reply", f"ticket/{number}", card, thread, ticket=number), ()


def _deploy(chance: Random, number: int, stage: Stage) -> Scene:
    service, fails = chance.choice(("web", "checkout", "roastery")), chance.random() < 0.2
    thread, build = f"deploy-{service}-{number}", {"service": service, "version": f"2.{number % 14}.{number % 7}"}
    card = _card(f"Deploy {service} {build['version']}", "🚀", "Deploys", ("json", {**build, "tests": {"passed": 412}}))
    back = {"key": "back", "label": "Roll back", "url": stage.shop("ops", f"/deploys/{number}/back"), "style": "danger"}
    pressed = (Pressing("back", 6 * MINUTE, LEO),) if fails else ()
    yield 0, _event("deploy.started", service, {**card, "actions": [back]}, thread, **build), pressed
    yield 2 * MINUTE, _event("deploy.built", service, _card("Build finished", "🚀", "Deploys"), thread, **build), ()
    kind, title = ("deploy.failed", "Smoke tests failed") if fails else ("deploy.finished", "Live")
    yield 4 * MINUTE, _event(kind, service, _card(title, "🚀", "Deploys"), thread, **build), ()


def _stock(chance: Random, number: int, _stage: Stage) -> Scene:
    counted: dict[str, Any] = {"beans": {bean: chance.randint(4, 90) for bean, _price in _BEANS}, "warehouse": "Oslo"}
    card = _card("Stock synced", "📊", "Cron", ("json", counted), muted=True)
    yield 0, _event("cron.stock_sync", "warehouse/oslo", card, **counted, run=number), ()
    bean = chance.choice(_BEANS)[0]
    card = _card(f"{bean}: {counted['beans'][bean]} left", "☕", "Stock", muted=True)
    yield 1000, _event("product.updated", f"product/{bean}", card, left=counted["beans"][bean]), ()


def _roast(chance: Random, number: int, stage: Stage) -> Scene:
    bean = chance.choice(_BEANS)[0]
    card = _card(f"Roast {number} of {bean} is done", "☕", "Roastery", ("image", f"{stage.origin}/demo/roast.svg"))
    yield 0, _event("roast.finished", f"roast/{number}", card, bean=bean, kilograms=15), ()


def _alarm(chance: Random, _number: int, stage: Stage) -> Scene:
    pressed = Pressing("grow", 9 * MINUTE, chance.choice((MAYA, LEO)))
    yield 0, _disk(chance.randint(80, 89), chance.choice(("db-1", "cache-1")), stage), (pressed,)


def _nightly(_chance: Random, number: int, _stage: Stage) -> Scene:
    card = _card("Nightly export", "🌙", "Cron", muted=True)
    yield 0, _event("cron.nightly", "export", card, run=number), ()


def _note(_chance: Random, number: int, _stage: Stage) -> Scene:
    card = _card(f"Invoice {number} was sent", "🧾", "Payments")
    yield 0, _event("payment.invoiced", f"invoice/{number}", card, invoice=number), ()


_SCENES: Final[dict[Callable[[Random, int, Stage], Scene], int]] = {
    _order: 44,
    _sign_up: 26,
    _stock: 16,
    _support: 12,
    _deploy: 6,
    _review: 5,
    _torn: 4,
    _roast: 4,
    _alarm: 1,
    _nightly: 1,
    _note: 3,
}
"""What happens at a roaster, and how often."""

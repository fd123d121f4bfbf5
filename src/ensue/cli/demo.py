"""Hides how a project is filled with a story to look at: triggers, events, a few pressed buttons, and what follows."""

import time
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from ensue.cli.connection import connect
from ensue.cli.demo_receiver import receiving
from ensue.cli.demo_story import story
from ensue.cli.exits import OK
from ensue.cli.parsing import Group, connected, whole
from ensue.cli.terminal import Terminal
from ensue.client import ApiError, BatchReceipt, Client, Receipt

_AWAY: Final = "https://shop.fjord.example"
"""What buttons call where this machine may not be called: nobody."""
_MARK: Final = " (demo)"
_LARGE: Final = "event.data.total > 100.0"
_QUICK: Final = {"attempts": 2, "schedule": [1.0]}
_TRIGGERS: Final[Sequence[Mapping[str, Any]]] = (
    {"name": "Books", "types": ["order.*"], "path": "/books"},
    {
        "name": "Mail",
        "types": ["customer.*", "payment.*"],
        "path": "/mail",
        "retry": {"attempts": 5, "schedule": [1.0]},
    },
    {"name": "Warehouse hold", "types": ["order.paid"], "filter": _LARGE, "path": "/warehouse", "retry": _QUICK},
    {"name": "Accounting", "types": ["payment.declined", "refund.*"], "path": "/accounting"},
    {"name": "Old CRM", "types": ["customer.*"], "path": "/crm", "enabled": False},
)
_SETTLING: Final = ("Books", "Mail", "Warehouse hold")
"""Their deliveries end soon, well or badly; the others wait."""
_PATIENCE: Final = 30.0
_EVERY: Final = 0.2
_PRESSES: Final = (
    ("order.paid", "pack"),
    ("order.paid", "pack"),
    ("refund.requested", "refund"),
    ("refund.requested", "refuse"),
)


class _Filled(Struct, frozen=True):
    """What the demo has done; `settled`: what ends soon has ended."""

    sent: BatchReceipt
    triggers: Mapping[str, str]
    pressed: int
    settled: bool


def add(commands: Group) -> None:
    """`ensue demo`."""
    about = (
        "Fill a project with a week at a small coffee roaster: events with cards, threads, buttons and times of their "
        "own, triggers whose deliveries arrive, fail, die and wait, and some pressed buttons. The receiver of these "
        "deliveries runs in this command, so the server must be allowed to call this machine "
        "(ENSUE_ALLOW_NETWORKS=127.0.0.0/8); else only events are sent."
    )
    demo = connected(commands.command("demo", "Fill a project with something to look at.", _demo, description=about))
    demo.add_argument("--count", type=whole, default=240, metavar="N", help="so many events (240)")
    demo.add_argument("--seed", type=whole, default=1, metavar="N", help="the same number tells the same story (1)")


def _demo(arguments: Namespace, terminal: Terminal) -> int:
    now = round(time.time() * 1000)
    with connect(arguments) as client, receiving() as receiver:
        triggers = _triggers(client, receiver, terminal)
        shop = receiver if triggers else _AWAY
        events = story(arguments.seed, arguments.count, now, shop, f"{client.url}/favicon.svg")
        sent = client.send_batch(events, lambda done: terminal.progress(f"demo: {done:,} of {len(events):,} events"))
        pressed = _press(client, zip(events, sent.items, strict=True)) if triggers else 0
        settled = _settle(client, triggers, terminal)
        terminal.progress("")
    return _tell(terminal, arguments, _Filled(sent, triggers, pressed, settled))


def _triggers(client: Client, receiver: str, terminal: Terminal) -> dict[str, str]:
    """The demo's triggers, by name; those of an earlier demo are pointed at this receiver. Empty where none may be."""
    known = {trigger["name"]: trigger["id"] for trigger in client.triggers.list()}
    made: dict[str, str] = {}
    for one in _TRIGGERS:
        name = f"{one['name']}{_MARK}"
        endpoint = {"url": receiver + one["path"]}
        match = {"type": one["types"]} | ({"filter": one["filter"]} if "filter" in one else {})
        try:
            if name in known:
                client.triggers.update(known[name], match=match, endpoint=endpoint)
                made[one["name"]] = known[name]
            else:
                more = {key: one[key] for key in ("retry", "enabled") if key in one}
                made[one["name"]] = client.triggers.create(name=name, match=match, endpoint=endpoint, **more)["id"]
        except ApiError as error:
            if error.code not in {"invalid", "forbidden"}:
                raise
            terminal.note(f"No triggers, so nothing follows: {error.message}")
            return {}
    return made


def _press(client: Client, told: Iterable[tuple[Mapping[str, Any], Receipt | ApiError]]) -> int:
    """Press some of the latest buttons; how many were pressed."""
    newest = [(event["type"], receipt.id) for event, receipt in reversed(list(told)) if isinstance(receipt, Receipt)]
    pressed = 0
    for kind, action in _PRESSES:
        found = next((one for one in newest if one[0] == kind), None)
        if found is None:
            continue
        newest.remove(found)
        try:
            client.press(found[1], action)
        except ApiError as error:
            if error.code in {"forbidden", "unauthorized", "unreachable"}:
                return pressed
            continue
        pressed += 1
    return pressed


def _settle(client: Client, triggers: Mapping[str, str], terminal: Terminal) -> bool:
    """Wait until what ends soon has ended; whether it has."""
    ends = time.monotonic() + _PATIENCE
    left = [triggers[name] for name in _SETTLING if name in triggers]
    while left and time.monotonic() < ends:
        left = [one for one in left if any(client.deliveries.list(trigger=one, state="pending", limit=1))]
        if left:
            terminal.progress(f"demo: waiting for deliveries of {len(left)} triggers")
            time.sleep(_EVERY)
    return not left


def _tell(terminal: Terminal, arguments: Namespace, filled: _Filled) -> int:
    events = filled.sent
    if arguments.json:
        told = {"events": events.accepted, "refused": events.failed, "triggers": sorted(filled.triggers.values())}
        terminal.json({**told, "pressed": filled.pressed, "settled": filled.settled})
        return OK
    terminal.say(f"{events.accepted:,} events, {len(filled.triggers)} triggers, {filled.pressed} pressed buttons")
    refused = next((one for one in events.items if isinstance(one, ApiError)), None)
    if refused is not None:
        terminal.note(f"{events.failed:,} events were refused, the first one so: {refused.message}")
    if filled.triggers:
        terminal.note("Their receiver ends with this command; what still waits will fail until the next `ensue demo`.")
    return OK

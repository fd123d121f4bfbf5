"""Hides how the house is put together: from a `Config` to store, channels, engine and HTTP.

The only file that names concrete classes; whatever else is installed is found by entry point.
"""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import cache, partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import uvloop
from msgspec import Struct

from ensue.channels.base import Channel
from ensue.channels.mail import Mailer
from ensue.channels.outbound import Outbound
from ensue.config import Config, local_url
from ensue.domain.errors import EnsueError
from ensue.domain.guard import Allowed
from ensue.domain.intake import Limits
from ensue.domain.project import DEFAULT_SLUG
from ensue.domain.push import WEBPUSH
from ensue.engine.actions import Actions
from ensue.engine.clock import Clock, WallClock
from ensue.engine.condition import Condition
from ensue.engine.demo import Demo
from ensue.engine.devices import Devices
from ensue.engine.engine import Engine, Parts
from ensue.engine.eventing import Eventing
from ensue.engine.feed import Feed
from ensue.engine.ingest import Ingest
from ensue.engine.instance import INSTANCE, check_key, closed_on_failure, instance_put
from ensue.engine.keys import Keys
from ensue.engine.lanes import Lanes, Rooms
from ensue.engine.passes import Passes
from ensue.engine.people import People, assemble
from ensue.engine.perform import Perform
from ensue.engine.post import Post
from ensue.engine.pushing import Pushing
from ensue.engine.replays import Replays
from ensue.engine.retention import Retention
from ensue.engine.rules import Rules
from ensue.engine.scheduler import Scheduler
from ensue.engine.settlement import Settlement
from ensue.engine.subscriber_lists import SubscriberLists
from ensue.engine.subscribers import Subscribers
from ensue.engine.tenants import Tenants
from ensue.engine.triggers import Triggers
from ensue.engine.turns import Turns
from ensue.engine.vault import Vault, read_key
from ensue.engine.views import Views
from ensue.engine.worker import Worker
from ensue.http.app import Application
from ensue.http.console import built_console
from ensue.http.forwarded import TrustedProxies
from ensue.http.limits import HttpLimits
from ensue.http.operations import Operations
from ensue.http.pace import Pace
from ensue.http.server import serve as serve_http
from ensue.store.base import Store
from ensue.telemetry import Telemetry
from ensue.version import VERSION

FIRST_KEY = "first-key"
_LAST_ANSWERS = 1.0
"""Seconds beyond the grace in which those are answered who wait for what was released at its end."""


class House(Struct, frozen=True, kw_only=True):
    """Everything of one process, built but not started."""

    config: Config
    store: Store
    vault: Vault
    engine: Engine
    telemetry: Telemetry
    condition: Condition
    clock: Clock


@cache
def _installed(group: str) -> tuple[EntryPoint, ...]:
    """What is installed of a group, by name; looked up once for all servers of a process: it reads every package."""
    return tuple(sorted(entry_points(group=f"ensue.{group}"), key=lambda point: point.name))


def _named(group: str, name: str) -> Any:
    there = {point.name: point for point in _installed(group)}
    if name in there:
        return there[name].load()
    raise EnsueError("invalid", f"There is no {group.removesuffix('s')} called {name!r}; there are {', '.join(there)}.")


def make_store(config: Config) -> Store:
    """The store that the settings name, not open yet."""
    store: Store = _named("stores", config.store)(config.data)
    return store


def limits_of(config: Config) -> Limits:
    """The limits of what comes in."""
    return Limits(
        event_bytes=config.max_event_bytes,
        suprsend_event_bytes=config.max_suprsend_event_bytes,
        batch_bytes=config.max_batch_bytes,
        batch_events=config.max_batch_events,
        text=config.max_text,
        key=config.max_idempotency_key,
        actions=config.max_actions,
        horizon=round(config.max_schedule * 1000),
        allowed=Allowed.parse(config.allow_networks),
    )


def make_vault(config: Config) -> Vault:
    """The vault with the instance key, which is made on the first start."""
    directory = Path(config.data)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Vault(read_key(config.secret_key, directory / "instance.key"))


def make_channels(outbound: Outbound) -> dict[str, Channel]:
    """Every channel that is installed, by the kind of delivery that it sends."""
    channels: list[Channel] = [point.load()(outbound) for point in _installed("channels")]
    return {channel.kind: channel for channel in channels}


class Ground(Struct, frozen=True, kw_only=True):
    """What everything else stands on."""

    config: Config
    clock: Clock
    store: Store
    vault: Vault
    rules: Rules
    telemetry: Telemetry
    outbound: Outbound
    limits: Limits


def make_people(config: Config, store: Store, rules: Rules, clock: Clock) -> People:
    """Whoever signs in, and how they are written to. EnsueError `invalid` for settings of mail that cannot be read."""
    mailer = Mailer(config.smtp_url, config.mail_from) if config.smtp_url else None
    post = Post(config.public_url, local_url(config.host, config.port), mailer)

    async def changed() -> None:
        await rules.refresh(store)

    people = assemble(store, clock, post, round(config.session * 1000), changed, rules.project)
    rules.on_change(frozenset({"account", "members", "project"}), people.forget)
    return people


def _source_base(config: Config) -> str:
    """What the CloudEvents source of a project's events begins with; its slug follows."""
    return f"{config.public_url.rstrip('/')}/projects/" if config.public_url else "urn:ensue:"


def build(config: Config, *, clock: Clock | None = None, store: Store | None = None) -> House:
    """Put the house together. EnsueError `invalid` for settings that cannot be."""
    limits = limits_of(config)
    ground = Ground(
        config=config,
        clock=clock or WallClock(),
        store=store or make_store(config),
        vault=make_vault(config),
        rules=Rules(config.max_filter_event_bytes, _source_base(config)),
        telemetry=Telemetry(VERSION),
        outbound=Outbound(
            limits.allowed,
            max_reply=config.max_reply_bytes,
            connect_timeout_ms=round(config.connect_timeout * 1000),
        ),
        limits=limits,
    )
    channels = make_channels(ground.outbound)
    keys = Keys(ground.store, ground.vault, ground.clock, Path(config.data) / FIRST_KEY)
    ground.rules.on_change(frozenset({"key", "project"}), keys.forget)
    people = make_people(config, ground.store, ground.rules, ground.clock)
    pushing = Pushing(ground.store, ground.rules, ground.vault, people.post)
    lanes, worker = _workers(ground, keys, channels, pushing)
    feed = Feed(ground.store)
    engine = Engine(_parts(ground, keys, lanes, worker, feed, channels, people, pushing))
    return House(
        config=config,
        store=ground.store,
        vault=ground.vault,
        engine=engine,
        telemetry=ground.telemetry,
        condition=engine.condition,
        clock=ground.clock,
    )


def _workers(ground: Ground, keys: Keys, channels: Mapping[str, Channel], pushing: Pushing) -> tuple[Lanes, Worker]:
    """Those who pay debts, and the lanes that they take them from."""
    config, store, rules, clock = ground.config, ground.store, ground.rules, ground.clock
    rooms = Rooms(config.trigger_room, config.host_room, config.node_room)
    perform = Perform(rules, channels, ground.vault, clock, rooms, Passes(keys), pushing)
    lanes = Lanes(perform.room, rooms)
    settlement = Settlement(store, rules, clock, ground.telemetry, ground.limits)
    worker = Worker(store, lanes, perform, settlement, clock, ground.telemetry, config.lease)
    settlement.on_debts(worker.note)
    return lanes, worker


def _parts(
    ground: Ground,
    keys: Keys,
    lanes: Lanes,
    worker: Worker,
    feed: Feed,
    channels: Mapping[str, Channel],
    people: People,
    pushing: Pushing,
) -> Parts:
    config, store, rules, clock = ground.config, ground.store, ground.rules, ground.clock
    allowed, lookup = ground.limits.allowed, ground.outbound.lookup
    triggers = Triggers(store, rules, ground.vault, clock, allowed, lookup, config.max_triggers)
    triggers.on_change(worker.wake)
    ingest = Ingest(store, rules, lanes, worker, clock, ground.telemetry, config.queue_entries)
    turns, views = Turns(), Views(store)
    feed.on_news(views.wake)
    subscribers = Subscribers(store, ground.vault, turns)
    keep, keep_tests = round(config.retention * 1000), round(config.test_retention * 1000)

    return Parts(
        store=store,
        rules=rules,
        keys=keys,
        people=people,
        demo=Demo(store, rules, ground.vault, worker, clock, ground.limits),
        devices=Devices(store, rules, ground.vault, clock, pushing, channels[WEBPUSH], allowed),
        triggers=triggers,
        eventing=Eventing(store, rules, triggers, turns),
        actions=Actions(store, rules, ingest, ground.vault, clock),
        subscribers=subscribers,
        tenants=Tenants(store, clock, turns),
        subscriber_lists=SubscriberLists(store, subscribers, clock, turns),
        ingest=ingest,
        worker=worker,
        replays=Replays(store, rules, worker, clock, config.max_filter_event_bytes),
        scheduler=Scheduler(store, rules, triggers, worker, clock),
        retention=Retention(store, rules, clock, keep, keep_tests, config.retention_interval),
        feed=feed,
        views=views,
        condition=Condition(store, lanes, worker, feed, clock),
        clock=clock,
        limits=ground.limits,
        heartbeat=config.heartbeat,
        grace=config.grace,
        close=partial(_close, channels.values()),
    )


async def _close(channels: Iterable[Channel]) -> None:
    for channel in channels:
        await channel.close()


async def open_house(house: House) -> None:
    """Open the store, check the instance key, and make the first project with its first key."""
    async with closed_on_failure(house.store):
        await house.store.open(house.clock())
        await check_key(house.store, house.vault)
        await house.engine.devices.pushing.open()
        await _first_key(house)


async def _first_key(house: House) -> None:
    """Made once for each store: whoever removed or revoked it does not want it back."""
    if await house.store.get(INSTANCE, "", FIRST_KEY) is not None:
        return
    first = await house.engine.keys.create(DEFAULT_SLUG, name="first key")
    await house.store.put([instance_put(FIRST_KEY, first.key.id.encode())])
    file = Path(house.config.data) / FIRST_KEY
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(first.token + "\n")


def application(house: House) -> Application:
    """The HTTP side: every dialect that is installed."""
    dialects = [point.load()() for point in _installed("dialects")]
    proxies = TrustedProxies(house.config.trusted_proxies.replace(",", " ").split())
    documented = [route for dialect in dialects for route in dialect.routes(house.engine)]

    async def metrics() -> str:
        return house.telemetry.exposition(await house.condition.gauges())

    operations = Operations(house.condition.problems, metrics, documented, VERSION)
    pace = Pace(house.config.public_rate, house.config.public_burst)
    return Application(
        house.engine,
        [*dialects, operations],
        clock=house.clock,
        proxies=proxies,
        pace=pace,
        console=built_console(),
    )


def http_limits(config: Config) -> HttpLimits:
    """The limits of the port."""
    return HttpLimits(
        header_bytes=config.max_header_bytes,
        header_seconds=config.header_timeout,
        body_gap_seconds=config.body_pause,
        body_seconds=config.body_timeout,
        connections=config.max_connections,
    )


Ready = Callable[[str, int, str | None], None]
"""`ready(host, port, setup)`: the port takes connections; `setup` is the link to the first account, None once it is."""


async def run(config: Config, ready: Ready, stop: asyncio.Event | None = None) -> None:
    """Serve until SIGTERM, SIGINT or `stop`.

    EnsueError for what cannot be started, with the way out.
    """
    house = build(config)
    stop = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await open_house(house)
    stopping = loop.create_task(_stop_with(house.engine, stop))
    try:
        setup = await _open_setup(house)

        def told(host: str, port: int) -> None:
            post = house.engine.people.post
            post.serves_at(local_url(host, port))
            ready(host, port, None if setup is None else post.link("setup", setup))

        patience = config.grace + _LAST_ANSWERS
        await serve_http(application(house), config.host, config.port, http_limits(config), stop, patience, ready=told)
    except OSError as error:
        raise EnsueError("unavailable", f"{config.host}:{config.port} cannot be had: {error.strerror}.") from None
    finally:
        stopping.cancel()
        await house.store.close()


async def _open_setup(house: House) -> str | None:
    """The token of the set-up link; a store that takes no writes now is served all the same, without one."""
    try:
        return await house.engine.people.accounts.open_setup()
    except EnsueError as error:
        if error.code != "unavailable":
            raise
        return None


async def _stop_with(engine: Engine, stop: asyncio.Event) -> None:
    """The engine's grace runs beside that of the port, not after it."""
    await stop.wait()
    engine.begin_stop()


def serve(config: Config, ready: Ready) -> None:
    """`run` on uvloop. Threads hand the interpreter over quickly: the writer and the event loop take turns.

    What was imported is not looked at again for garbage, and what is young is looked at more rarely: values here hold
    no cycles, and by default the collector took 15 % of an append.
    """
    sys.setswitchinterval(0.0005)
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    uvloop.run(run(config, ready))


class Beside(Struct, frozen=True):
    """What a command works with beside a running server, or without one."""

    store: Store
    keys: Keys
    people: People
    close: Callable[[], Awaitable[None]]


async def open_beside(config: Config) -> Beside:
    """The store opened beside whoever serves it. EnsueError for a wrong instance key, or data that cannot be opened."""
    vault = make_vault(config)
    store = make_store(config)
    async with closed_on_failure(store):
        await store.open_beside()
        await check_key(store, vault)
    clock = WallClock()
    return Beside(store, Keys(store, vault, clock), make_people(config, store, Rules(), clock), store.close)

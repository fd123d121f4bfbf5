"""Keys, backup and doctor on real data: what they make, what they refuse, and what they find."""

import asyncio
import base64
import hashlib
import hmac
import json
import stat
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from ensue import app
from ensue.cli.checks import examine, examine_server
from ensue.config import Config
from ensue.domain.delivery import Delivery, Entry
from ensue.domain.document import Put
from ensue.domain.errors import EnsueError
from ensue.domain.event import Event
from ensue.domain.schedule import HOUR
from ensue.domain.trigger import Endpoint, Match, Trigger, trigger_document
from ensue.engine.examination import examine_lanes, examine_store, examine_views
from ensue.store.base import EventQuery, Health
from ensue.store.sqlite.place import Place
from tests.answering import Say, answering
from tests.cli.program import Ran, run_here

NOW = 1_790_000_000_000


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """Data that a server has begun, which nobody serves now."""
    for variable in ("ENSUE_CONFIG", "ENSUE_PORT", "ENSUE_SECRET_KEY"):
        monkeypatch.delenv(variable, raising=False)
    made = Config(data=str(tmp_path / "data"), port=1)
    monkeypatch.setenv("ENSUE_DATA", made.data)
    monkeypatch.setenv("ENSUE_PORT", "1")
    run_keys("create")
    return made


def run_keys(*argv: str) -> Any:
    """A `keys` command's JSON, once it went well."""
    ran = run_here(["keys", *argv, "--json"])
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def beside(config: Config, act: Callable[[app.Beside], Awaitable[Any]]) -> Any:
    """`act` on the store, opened as commands do."""

    async def work() -> Any:
        opened = await app.open_beside(config)
        try:
            return await act(opened)
        finally:
            await opened.close()

    return asyncio.run(work())


@pytest.mark.usefixtures("config")
def test_a_key_is_made_whole() -> None:
    """Id, token, secret, JWT and project; the JWT is signed with the secret and says what the design says."""
    made = run_keys("create", "--project", "shop", "--name", "till", "--scopes", "events:write, events:read")
    assert set(made) == {"id", "token", "secret", "jwt", "project"}
    assert made["token"].startswith("ens_")
    assert made["project"] == "shop"
    head, claims, signature = made["jwt"].split(".")
    expected = hmac.new(made["secret"].encode(), f"{head}.{claims}".encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(signature + "==") == expected
    assert json.loads(base64.urlsafe_b64decode(head + "=="))["kid"] == made["id"]
    assert json.loads(base64.urlsafe_b64decode(claims + "==")) == {"id": made["id"]}
    listed = run_keys("list", "--project", "shop")["items"]
    assert [(key["id"], key["name"], key["scopes"]) for key in listed] == [
        (made["id"], "till", ["events:write", "events:read"])
    ]


@pytest.mark.usefixtures("config")
def test_a_key_is_revoked() -> None:
    """A revoked key stays in the list, with the time; its secrets were never there."""
    made = run_keys("create")
    revoked = run_keys("revoke", made["id"])
    assert revoked["revoked_at"] is not None
    listed = {key["id"]: key for key in run_keys("list")["items"]}
    assert listed[made["id"]] == revoked
    assert made["token"] not in json.dumps(listed)
    ran = run_here(["keys", "list"])
    assert f"{made['id']}  revoked" in ran.out


@pytest.mark.usefixtures("config")
@pytest.mark.parametrize(
    ("argv", "word"),
    [
        (["create", "--scopes", "everything"], "everything"),
        (["create", "--scopes", ","], "scope"),
        (["create", "--project", "Not A Slug"], "slug"),
        (["list", "--project", "nobody"], "nobody"),
        (["revoke", "key_0"], "key_0"),
    ],
)
def test_what_cannot_be_is_refused(argv: list[str], word: str) -> None:
    """A wrong scope, slug, project or key is 1, and is named."""
    ran = run_here(["keys", *argv])
    assert (ran.code, ran.out) == (1, "")
    assert word in ran.err


def test_more_keys_than_a_page_are_listed(config: Config) -> None:
    """The list goes on over pages."""

    async def many(opened: app.Beside) -> None:
        for number in range(60):
            await opened.keys.create("default", name=str(number))

    beside(config, many)
    assert len(run_keys("list")["items"]) == 61


def test_a_backup_is_a_private_copy(config: Config, tmp_path: Path) -> None:
    """The snapshot opens with the same instance key, has the same keys, and is its owner's alone."""
    target = tmp_path / "copy.db"
    ran = run_here(["backup", str(target), "--json"])
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["bytes"] == target.stat().st_size
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    again = run_here(["backup", str(target)])
    assert (again.code, "exists" in again.err) == (1, True)
    restored = tmp_path / "restored"
    restored.mkdir()
    target.rename(restored / "ensue.db")
    (restored / "instance.key").write_bytes((config.directory / "instance.key").read_bytes())
    listed = run_here(["keys", "list", "--json", "--data", str(restored)])
    assert json.loads(listed.out) == run_keys("list")


def test_the_instance_key_is_spoken_of(config: Config, tmp_path: Path) -> None:
    """Whoever makes a backup hears that it is worth little without the instance key."""
    ran = run_here(["backup", str(tmp_path / "copy.db")])
    assert str(config.directory / "instance.key") in ran.err


@pytest.mark.parametrize("argv", [["backup", "x.db"], ["doctor"]])
def test_data_that_are_not_there_are_not_made(argv: list[str], tmp_path: Path) -> None:
    """A misspelt directory is named, and stays missing."""
    nowhere = tmp_path / "nowhere"
    ran = run_here([*argv, "--data", str(nowhere)])
    assert ran.code == 1
    assert str(nowhere) in ran.out + ran.err
    assert not nowhere.exists()


def checks(ran: Ran) -> dict[str, bool]:
    """Which checks of a doctor's JSON went well."""
    return {one["check"]: one["ok"] for one in json.loads(ran.out)["checks"]}


@pytest.mark.usefixtures("config")
def test_a_healthy_house_has_no_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    """With good data and a server that is ready, everything is ok, and the code says so."""
    with answering(Say(200, {"status": "ok", "problems": []})) as server:
        monkeypatch.setenv("ENSUE_PORT", server.url.rpartition(":")[2])
        ran = run_here(["doctor", "--json"])
    assert checks(ran) == {"data": True, "store": True, "lanes": True, "views": True, "server": True}
    assert ran.code == 0


def test_a_wrong_instance_key_is_found(config: Config) -> None:
    """A key that did not seal these secrets is a finding, with the way back."""
    (config.directory / "instance.key").write_text(base64.b64encode(b"x" * 32).decode())
    ran = run_here(["doctor"])
    assert ran.code == 1
    assert "instance key does not fit" in ran.out


@pytest.mark.parametrize("beside", [False, True])
def test_what_a_wrong_key_does_not_open_is_closed(config: Config, *, beside: bool) -> None:
    """Nothing is left of the store, neither its writer nor its lock: with the right key it opens."""
    (config.directory / "instance.key").write_text(base64.b64encode(b"x" * 32).decode())
    before = set(threading.enumerate())

    async def opened() -> None:
        await (app.open_beside(config) if beside else app.open_house(app.build(config)))

    with pytest.raises(EnsueError, match="instance key does not fit"):
        asyncio.run(opened())
    assert [one.name for one in threading.enumerate() if one not in before] == []
    place = Place(str(config.directory))
    assert place.try_take()
    place.release()


def test_an_affected_sqlite_is_found(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """A SQLite that can lose commits is a finding that names its version."""
    monkeypatch.setattr("apsw.sqlite_lib_version", lambda: "3.51.2")
    found = asyncio.run(examine(config, NOW))
    assert not found[0].ok
    assert "3.51.2" in found[0].detail


class Sick:
    """A store that is not well."""

    def __init__(self, *problems: str) -> None:
        self._health = Health(writable=not problems, problems=problems, bytes_used=5 << 20)

    async def health(self, now: int) -> Health:
        """How it is."""
        return self._health


def test_a_store_says_what_is_wrong() -> None:
    """Every sentence of the store's is told: not writable, disk nearly full."""
    sick = asyncio.run(examine_store(Sick("The disk has 3 MB left.", "It cannot be written."), NOW))  # type: ignore[arg-type]
    assert (sick.ok, sick.detail) == (False, "The disk has 3 MB left. It cannot be written.")
    well = asyncio.run(examine_store(Sick(), NOW))  # type: ignore[arg-type]
    assert (well.ok, well.detail) == (True, "can be written; 5 MiB")


def trigger(name: str, *, enabled: bool) -> Trigger:
    """A trigger of that id."""
    return Trigger(
        id=f"trg_{name}",
        project="prj_1",
        name=name,
        match=Match(),
        endpoint=Endpoint(url="https://x.example"),
        created_at=0,
        updated_at=0,
        enabled=enabled,
    )


def owe(name: str, due_at: int) -> Entry:
    """An event that owes one delivery to the trigger `name` since `due_at`."""
    event = Event(id=f"01a0c450-6c00-7779-82ed-{name:0>12}", project="prj_1", type="a", time=0, received_at=0)
    lane = f"trg_{name}"
    debt = Delivery(
        id=f"dlv_{name}", project="prj_1", event_id=event.id, lane=lane, trigger=lane, created_at=0, due_at=due_at
    )
    return Entry(event, (debt,))


@pytest.mark.parametrize(
    ("enabled", "age", "ok"),
    [(True, HOUR + 1, False), (True, HOUR, True), (True, -HOUR, True), (False, 9 * HOUR, True)],
)
def test_a_late_lane_is_found(config: Config, enabled: bool, age: int, ok: bool) -> None:  # noqa: FBT001 - parameters
    """Something due for over an hour is a finding; what waits for its time, or for a disabled trigger, is none."""

    async def look(opened: app.Beside) -> Any:
        await opened.store.put([Put(document=trigger_document(trigger("0", enabled=enabled)), expected=0)])
        await opened.store.append(lambda _changes: [owe("0", NOW - age), owe("1", NOW)])
        return await examine_lanes(opened.store, NOW)

    finding = beside(config, look)
    assert finding.ok is ok
    assert finding.detail.startswith("1 of 2 lanes are late; the oldest, trg_0 (0),") is not ok


def test_a_silent_server_is_found() -> None:
    """No server, and one that is not ready, are findings in its own words."""
    with answering(Say(503, {"status": "not ready", "problems": ["The disk is full."]})) as server:
        url = server.url
        unready = examine_server(url)
    assert (unready.ok, "The disk is full." in unready.detail) == (False, True)
    silent = examine_server(url)
    assert (silent.ok, "does not answer" in silent.detail) == (False, True)


@pytest.mark.usefixtures("config")
def test_a_doctor_without_a_server_is_1() -> None:
    """One finding is enough for 1; the others are told all the same."""
    ran = run_here(["doctor", "--json"])
    assert checks(ran) == {"data": True, "store": True, "lanes": True, "views": True, "server": False}
    assert (ran.code, json.loads(ran.out)["ok"]) == (1, False)


def test_search_is_made_anew(config: Config) -> None:
    """`doctor --reindex` takes every event of the log into search again, and says how many; checks come after."""

    async def fill(opened: app.Beside) -> int:
        await opened.store.append(lambda _changes: [owe("0", NOW + HOUR), owe("1", NOW + HOUR)])
        return await opened.store.behind()

    assert beside(config, fill) == 2
    ran = run_here(["doctor", "--reindex", "--json"])
    assert "anew from 2 events" in ran.err
    assert checks(ran)["views"] is True
    assert beside(config, lambda opened: opened.store.behind()) == 0


async def _asked(opened: app.Beside) -> str:
    """How search answers."""
    with pytest.raises(EnsueError) as refused:
        await opened.store.page(EventQuery(project="prj_1", words=("a",)))
    return refused.value.code


def test_broken_views_are_found(config: Config) -> None:
    """A file of search that cannot be read is a finding with the way out, and nothing else suffers."""
    beside(config, lambda opened: opened.store.behind())
    (config.directory / "views.db").write_bytes(b"no database at all, but long enough to look like one" * 100)
    (config.directory / "views.db-wal").unlink(missing_ok=True)
    finding = beside(config, lambda opened: examine_views(opened.store))
    assert (finding.check, finding.ok) == ("views", False)
    assert "Restart the server" in finding.detail
    assert beside(config, _asked) == "unavailable"

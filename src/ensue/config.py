"""Hides where settings come from: one table of them; file < environment < flags; one frozen `Config`.

Unset differs from default until all sources are merged, so that a default in one source never hides a value in another.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

Kind = Literal["text", "path", "integer", "number", "seconds", "flag"]

_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


_FIRST_KEY: Final = "first-key"


class SettingError(ValueError):
    """A setting that cannot be read: its message names the setting, the source and the way out."""


class Setting(NamedTuple):
    """One row of the table. In the environment its name is `ENSUE_` and the name in capitals."""

    name: str
    kind: Kind
    default: Any
    help: str

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return "ENSUE_" + self.name.upper()

    @property
    def shown_default(self) -> str:
        """Its default as one would write it."""
        if self.default == "":
            return "unset"
        return _written(self.default) if self.kind == "seconds" else str(self.default)

    def read(self, text: str) -> Any:
        """`text` as a value of its kind; ValueError if it is none."""
        match self.kind:
            case "integer":
                return int(text)
            case "number":
                return float(text)
            case "seconds":
                return _seconds(text)
            case "flag":
                return _flag(text)
            case "path" | "text":
                return text


def _seconds(text: str) -> float:
    """`5s`, `250ms`, `2m`, `1h`, `7d`; a bare number is seconds."""
    text = text.strip().lower()
    for unit in ("ms", "s", "m", "h", "d"):
        if text.endswith(unit):
            return _not_negative(float(text.removesuffix(unit)) * _UNITS[unit])
    return _not_negative(float(text))


def _written(seconds: float) -> str:
    """A time in the largest unit that it is whole in."""
    for unit in ("d", "h", "m", "s"):
        if seconds and seconds % _UNITS[unit] == 0:
            return f"{seconds / _UNITS[unit]:g}{unit}"
    return f"{seconds * 1000:g}ms"


def _not_negative(value: float) -> float:
    if not 0 <= value < float("inf"):
        raise ValueError("a time is 0 or more")
    return value


def _flag(text: str) -> bool:
    word = text.strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError("say true or false")
    return word in _TRUE


_KINDS: Final[dict[str, Kind]] = {"str": "text", "int": "integer", "float": "number", "bool": "flag"}


def _setting(default: Any, text: str, kind: Kind | None = None) -> Any:
    return field(default=default, metadata={"help": text, "kind": kind})


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """The settings of one process, fixed once they are read; times in seconds, sizes in bytes.

    Each field is a row of `SETTINGS`.
    """

    data: str = _setting(
        "ensue-data", "Directory of the database, the instance key and the first key; made if missing.", kind="path"
    )
    host: str = _setting("127.0.0.1", "Address to listen on.")
    port: int = _setting(4122, "Port to listen on; 0 takes a free one.")
    public_url: str = _setting(
        "", "The address that users reach Ensue by; links and the default source are made from it."
    )
    store: str = _setting("sqlite", "The store: sqlite, or memory (nothing survives a stop).")
    secret_key: str = _setting(
        "", "Instance key that seals secrets: 32 bytes in base64. Unset: DATA/instance.key is used."
    )
    smtp_url: str = _setting(
        "",
        "Mail server for invitations and resets: smtp://user:password@host:587. Unset: links are shown instead.",
    )
    mail_from: str = _setting("", "Whom these mails are from: Ensue <ensue@example.com>.")
    session: float = _setting(30 * 86_400.0, "How long somebody stays signed in without coming back.", kind="seconds")
    allow_networks: str = _setting("", "CIDRs and hosts that webhooks may reach though they are not public.")
    trusted_proxies: str = _setting("", "CIDRs of proxies whose X-Forwarded-For is believed.")
    lease: float = _setting(30.0, "How long a claim on a delivery lasts before others may take it.", kind="seconds")
    grace: float = _setting(20.0, "How long a stop waits for what is under way.", kind="seconds")
    retention: float = _setting(365 * 86_400.0, "How long events, deliveries and attempts are kept.", kind="seconds")
    test_retention: float = _setting(7 * 86_400.0, "How long test events are kept.", kind="seconds")
    retention_interval: float = _setting(3_600.0, "How often what is too old is removed.", kind="seconds")
    trigger_room: int = _setting(20, "Deliveries under way at once per trigger.")
    host_room: int = _setting(100, "Deliveries under way at once per project and receiving host.")
    node_room: int = _setting(1_000, "Deliveries under way at once in all.")
    queue_entries: int = _setting(10_000, "Events that may wait for a commit before new ones are answered 503.")
    max_event_bytes: int = _setting(256 * 1024, "The most bytes of one event.")
    max_suprsend_event_bytes: int = _setting(100 * 1024, "The most bytes of one event in SuprSend's words.")
    max_batch_bytes: int = _setting(8 * 1024 * 1024, "The most bytes of one batch.")
    max_batch_events: int = _setting(1_000, "The most events of one batch.")
    max_text: int = _setting(255, "The most characters of type, subject, source, tenant and context.")
    max_idempotency_key: int = _setting(255, "The most characters of an idempotency key.")
    max_actions: int = _setting(20, "The most buttons on a card.")
    max_triggers: int = _setting(10_000, "The most triggers of a project.")
    max_schedule: float = _setting(365 * 86_400.0, "How far ahead an event can be scheduled.", kind="seconds")
    max_filter_event_bytes: int = _setting(16 * 1024, "The largest event that a filter with all or exists looks at.")
    max_reply_bytes: int = _setting(64 * 1024, "How much of a receiver's answer is read.")
    max_header_bytes: int = _setting(32 * 1024, "The most bytes of a request's header block.")
    header_timeout: float = _setting(10.0, "How long a request's header block may take.", kind="seconds")
    body_pause: float = _setting(10.0, "How long a request's body may pause.", kind="seconds")
    body_timeout: float = _setting(60.0, "How long a request's body may take in all.", kind="seconds")
    max_connections: int = _setting(10_000, "Open connections; further ones are answered 503.")
    public_rate: float = _setting(
        10.0, "Requests per second that a public key may send from one address; 0 sets no limit."
    )
    public_burst: int = _setting(100, "How many of these may come at once.")
    connect_timeout: float = _setting(5.0, "How long a connection to a receiver may take.", kind="seconds")
    heartbeat: float = _setting(15.0, "How often an idle stream says that it lives.", kind="seconds")
    log_format: str = _setting("text", "How log lines are written: text or json.")
    log_level: str = _setting(
        "warning",
        "The least level that is logged: debug, info, warning or error. At info each event and each attempt is a line.",
    )

    @property
    def directory(self) -> Path:
        """The data directory."""
        return Path(self.data)


SETTINGS: Final = tuple(
    Setting(
        row.name,
        row.metadata["kind"] or _KINDS[getattr(row.type, "__name__", str(row.type))],
        row.default,
        row.metadata["help"],
    )
    for row in fields(Config)
)
"""Every setting as a table. `--help`, `docs/reference/settings.md` and a test are made from it."""

_BY_NAME: Final = {setting.name: setting for setting in SETTINGS}


def load(flags: Mapping[str, Any], environment: Mapping[str, str] | None = None, file: Path | None = None) -> Config:
    """The settings of all sources: `file` (TOML; `ENSUE_CONFIG` names one), then `environment`, then `flags`.

    A flag that is None is unset. Raises SettingError that names the setting, its source and the way out.
    """
    source = dict(os.environ if environment is None else environment)
    named = source.pop("ENSUE_CONFIG", "")
    merged: dict[str, Any] = {}
    merged.update(_from_file(file or (Path(named) if named else None)))
    merged.update(_from_environment(source))
    merged.update({name: value for name, value in flags.items() if value is not None})
    return Config(**merged)


def _from_file(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        values = tomllib.loads(file.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"The configuration file {file} cannot be read: {error}") from None
    return {name: _read(name, str(value), f"in {file}") for name, value in values.items()}


def _from_environment(source: Mapping[str, str]) -> dict[str, Any]:
    found = {}
    for variable, text in source.items():
        name = variable.removeprefix("ENSUE_").lower()
        if variable.startswith("ENSUE_") and name in _BY_NAME:
            found[name] = _read(name, text, f"in the environment ({variable})")
    return found


def _read(name: str, text: str, where: str) -> Any:
    setting = _BY_NAME.get(name)
    if setting is None:
        raise SettingError(f"There is no setting {name!r} ({where}); see `ensue serve --help`.")
    try:
        return setting.read(text)
    except ValueError as error:
        raise SettingError(f"{name} {where} is {text!r}, which is no {setting.kind}: {error}") from None


class ClientDefaults(NamedTuple):
    """Where a client finds the server, and by what it is known there (None: no key was found)."""

    url: str
    key: str | None


def client_defaults(url: str | None = None, environment: Mapping[str, str] | None = None) -> ClientDefaults:
    """The server at `url`, or else at `ENSUE_URL`, or else the one on this machine, by the port of the settings; and
    the key for it. Raises SettingError for settings that cannot be read.

    No key is sent to a server that it was not meant for: `ENSUE_KEY` belongs to `ENSUE_URL` where that is set, and the
    key in DATA/first-key to the server on this machine.
    """
    source = os.environ if environment is None else environment
    named = source.get("ENSUE_URL") or None
    key = source.get("ENSUE_KEY") or None if named is None or url is None or _same(url, named) else None
    wanted = url or named
    if wanted and key:
        return ClientDefaults(wanted, key)
    config = load({}, source)
    here = local_url(config.host, config.port)
    if wanted and not _same(wanted, here):
        return ClientDefaults(wanted, key)
    return ClientDefaults(wanted or here, key or _first_key(config.directory))


def _same(one: str, other: str) -> bool:
    return one.rstrip("/") == other.rstrip("/")


def local_url(host: str, port: int) -> str:
    """The address by which this machine reaches a server that listens on `host` and `port`."""
    host = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - what is listened on
    return f"http://[{host}]:{port}" if ":" in host and not host.startswith("[") else f"http://{host}:{port}"


def _first_key(directory: Path) -> str | None:
    try:
        return (directory / _FIRST_KEY).read_text("ascii").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def wants_colour(environment: Mapping[str, str] | None = None) -> bool:
    """Whether a terminal may be coloured: not with `NO_COLOR` (no-color.org), nor where it says that it is dumb."""
    source = os.environ if environment is None else environment
    return not source.get("NO_COLOR") and source.get("TERM") != "dumb"

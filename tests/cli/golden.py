"""Hides how output is pinned: each case is a command with fixed answers, and the file that holds what it must say.

`python -m tests.cli.golden` writes the files anew; look at the difference before keeping it.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final
from unittest.mock import patch

from msgspec.structs import replace

from ensue.cli.serving import welcome
from ensue.cli.terminal import Terminal
from ensue.cli.upkeep import report
from ensue.config import Config
from ensue.domain.key import SCOPES, Key
from ensue.domain.project import Project
from ensue.engine.demo_shop import RECEIVERS, address
from ensue.engine.keys import NewKey
from tests.answering import Say, refusal
from tests.cli.program import Ran, run_against, run_here

DIRECTORY: Final = Path(__file__).parent / "golden"

TRIGGER: Final[dict[str, Any]] = {
    "id": "trg_06gc8m3c01kkrevrg94tnm6eyd",
    "name": "books to accounting, and a name that is far too long for a line",
    "match": {"type": ["order.*", "refund.**"], "filter": "event.data.amount > 100"},
    "endpoint": {
        "url": "https://hooks.example.com/accounting/incoming/0123456789",
        "headers": {"x-team": "books"},
        "secret_headers": {"authorization": "***"},
    },
    "format": "cloudevents",
    "retry": {"attempts": 10, "schedule": [5.0, 300.0, 1800.0]},
    "timeout_ms": 15000,
    "enabled": True,
    "created_at": "2026-01-02T03:04:05.678Z",
    "updated_at": "2026-01-02T03:04:05.678Z",
}
OFF: Final = {
    **TRIGGER,
    "id": "trg_06gc8m3c01kkrevrg94tnm6eye",
    "name": "all",
    "match": {},
    "enabled": False,
    "disabled_reason": "the receiver answered 410",
}
DEAD: Final[dict[str, Any]] = {
    "id": "dlv_06h00wqcv2xyvv5ky0wn5qqfpf",
    "event": "01a0c450-6c00-7779-82ed-d78e0f1bd490",
    "trigger": TRIGGER["id"],
    "state": "dead",
    "in_flight": False,
    "tries": 10,
    "claim": 11,
    "created_at": "2026-01-02T03:04:05.678Z",
    "ended_at": "2026-01-05T13:04:05.678Z",
    "reason": "503 Service Unavailable, again and again",
}
PENDING: Final = {
    **DEAD,
    "id": "dlv_06h00wqcv2xyvv5ky0wn5qqfpg",
    "state": "pending",
    "tries": 0,
    "claim": 1,
    "ended_at": None,
    "due_at": "2026-01-02T03:04:10.000Z",
    "reason": None,
}
ATTEMPTS: Final = [
    {
        "claim": 1,
        "number": 1,
        "result": "failed",
        "started_at": "2026-01-02T03:04:05.700Z",
        "duration_ms": 5001,
        "error": "no connection within 5 s",
    },
    {
        "claim": 2,
        "number": 2,
        "result": "sent",
        "started_at": "2026-01-02T03:04:11.000Z",
        "duration_ms": 12,
        "late": True,
        "response": {"status": 204, "headers": {}, "body": "", "truncated": False},
    },
]
STREAM: Final = (
    b'id: c1\ndata: {"id":"1","type":"order.paid","received_at":"2026-01-02T03:04:05.678Z","subject":"ada",'
    b'"data":{"amount":120,"items":["a long list of things","that does not fit a line"]}}\n\n'
    b'event: gap\ndata: {"gap":true}\n\n'
    b'id: c2\ndata: {"id":"2","type":"user.banned","received_at":"2026-01-02T03:04:06.000Z",'
    b'"card":{"title":"Ada was banned \\u001b[31m"}}\n\n'
)
OUTCOME: Final = {"event": "01a0", "delivery": DEAD["id"], "state": "dead", "attempt": ATTEMPTS[0]}


PRESSED: Final = {
    "state": "failed",
    "event": "01a0",
    "action": "ban",
    "delivery": DEAD["id"],
    "at": "2026-01-02T03:04:06.000Z",
    "by": {"id": "key_1", "name": "ops"},
    "status": 500,
    "reason": "status 500",
}


REPLAY: Final[dict[str, Any]] = {
    "id": "rpl_06h00wqcv2xyvv5ky0wn5qqfpf",
    "state": "running",
    "count": 1200,
    "done": 250,
    "deliveries": {"pending": 40, "delivered": 208, "dead": 2, "cancelled": 0},
    "wanted": {"trigger": TRIGGER["id"], "state": "dead", "since": "2026-01-02T03:04:05.000Z"},
    "created_at": "2026-01-03T03:04:05.678Z",
}
REPLAYED: Final = {
    **REPLAY,
    "state": "done",
    "done": 1200,
    "deliveries": {"pending": 0, "delivered": 1200, "dead": 0, "cancelled": 0},
    "ended_at": "2026-01-03T03:05:00.000Z",
}


def answer(body: Any, status: int = 200) -> list[Say]:
    """One answer."""
    return [Say(status, body)]


@dataclass(frozen=True)
class Case:
    """A command and what the server says to it."""

    argv: str
    answers: list[Say]
    width: int | None = 80
    colour: bool = False

    def run(self) -> Ran:
        """Run it."""
        return run_against(self.argv.split(), self.answers, width=self.width, colour=self.colour)


_BOTH: Final = {"items": [TRIGGER, OFF], "next": None}
_TWO: Final = {"items": [PENDING, DEAD], "next": None}

_OF_THE_DEMO: Final = TRIGGER | {"endpoint": {"url": address(None, RECEIVERS[0].host, RECEIVERS[0].path)}}
_DEMO: Final = {"events": 1200, "deliveries": 1534, "triggers": ["trg_1", "trg_2"]}

CASES: Final[Mapping[str, Case]] = {
    "send": Case("send order.paid", answer({"id": "01a0c450-6c00-7779-82ed-d78e0f1bd490", "duplicate": False}, 202)),
    "send-duplicate": Case(
        "send order.paid --id 7",
        answer({"id": "01a0c450-6c00-7779-82ed-d78e0f1bd490", "duplicate": True, "warnings": ["'x' is not known"]}),
    ),
    "send-json": Case("send order.paid --json", answer({"id": "01a0", "duplicate": False, "warnings": ["w"]}, 202)),
    "send-refused": Case("send ensue.x", [refusal(400, "invalid", "Types that begin with 'ensue.' are Ensue's own.")]),
    "send-refused-json": Case("send ensue.x --json", [refusal(400, "invalid", "No such thing.")]),
    "press": Case("press 01a0 ban", answer(PRESSED)),
    "press-json": Case("press 01a0 ban --json", answer(PRESSED)),
    "press-refused": Case("press 01a0 ban", [refusal(409, "conflict", "The action 'ban' is done.")]),
    "actions-secret": Case("actions secret", answer({"secret": "whsec_c2VjcmV0"})),
    "actions-secret-rotate": Case("actions secret --rotate --json", answer({"secret": "whsec_c2VjcmV0"})),
    "tail": Case("tail --count 2", answer(STREAM)),
    "tail-json": Case("tail --count 2 --json", answer(STREAM)),
    "triggers-list": Case("triggers list", answer(_BOTH)),
    "triggers-list-pipe": Case("triggers list", answer(_BOTH), width=None),
    "triggers-list-colour": Case("triggers list", answer(_BOTH), colour=True),
    "triggers-list-json": Case("triggers list --json", answer({"items": [OFF], "next": None})),
    "triggers-list-empty": Case("triggers list", answer({"items": [], "next": None})),
    "triggers-show": Case("triggers show trg_1", answer(TRIGGER)),
    "triggers-create": Case(
        "triggers create --name n --endpoint https://x.example",
        answer({**OFF, "endpoint": {"url": "https://x.example", "secret": "whsec_c2VjcmV0"}, "warnings": ["w"]}, 201),
    ),
    "triggers-delete": Case("triggers delete trg_1", answer(None, 204)),
    "triggers-test": Case("triggers test trg_1", answer(OUTCOME)),
    "triggers-rotate-secret": Case("triggers rotate-secret trg_1", answer({"id": "trg_1", "name": "n"})),
    "triggers-missing": Case("triggers show trg_9", [refusal(404, "not_found", "There is no trigger 'trg_9'.")]),
    "deliveries-list": Case("deliveries list", answer(_TWO)),
    "deliveries-list-colour": Case("deliveries list", answer(_TWO), colour=True),
    "deliveries-show": Case("deliveries show dlv_1", answer({**DEAD, "attempts": ATTEMPTS})),
    "deliveries-show-json": Case("deliveries show dlv_1 --json", answer({**DEAD, "attempts": ATTEMPTS})),
    "deliveries-show-untried": Case("deliveries show dlv_1", answer({**PENDING, "attempts": []})),
    "deliveries-retry": Case("deliveries retry dlv_1", answer(PENDING)),
    "deliveries-cancel": Case("deliveries cancel dlv_1", answer({**PENDING, "in_flight": True})),
    "replay": Case("replay --state dead --since 2026-01-02T03:04:05Z", answer({**REPLAY, "filter_error": "odd"}, 201)),
    "replay-dry-run": Case("replay --state dead --dry-run", answer({"count": 1200, "exact": True})),
    "replay-dry-run-inexact": Case(
        "replay --to trg_1 --dry-run", answer({"count": 90000, "exact": False, "filter_error": "Key not found"})
    ),
    "replay-dry-run-json": Case("replay --state dead --dry-run --json", answer({"count": 1200, "exact": True})),
    "replay-follow": Case("replay --state dead --follow", answer(REPLAYED, 201)),
    "replay-failed": Case(
        "replay --to trg_1 --follow",
        answer({**REPLAYED, "state": "failed", "reason": "The trigger 'trg_1' was deleted."}, 201),
    ),
    "replay-refused": Case("replay", [refusal(400, "invalid", "Say what to replay.")]),
    "replays-list": Case("replays list", answer({"items": [REPLAY, REPLAYED], "next": None})),
    "replays-list-empty": Case("replays list", answer({"items": [], "next": None})),
    "replays-show": Case("replays show rpl_1", answer(REPLAY)),
    "demo": Case("demo --count 1200", [*answer(_BOTH), *answer(_DEMO, 201)]),
    "demo-json": Case("demo --count 1200 --json", [*answer(_BOTH), *answer(_DEMO, 201)]),
    "demo-twice": Case("demo", answer({"items": [TRIGGER, _OF_THE_DEMO], "next": None})),
    "demo-again": Case("demo --again", answer(_DEMO, 201)),
    "replays-cancel": Case("replays cancel rpl_1 --deliveries", answer({**REPLAYED, "state": "cancelled"})),
}
"""Commands that speak to a server."""

_HOUSE: Final = Path("/srv/ensue data")

_FINDINGS: Final = [
    {"check": "data", "ok": True, "detail": "/srv/ensue data: its schema and instance key fit"},
    {"check": "store", "ok": False, "detail": "The disk of /srv/ensue data has 12 MB left; free some space."},
    {"check": "lanes", "ok": True, "detail": "12 with something pending, none late"},
    {"check": "server", "ok": True, "detail": "http://127.0.0.1:4122 answers and is ready"},
]
_KEY: Final = Key(
    id="key_06h00wr0zfqzgcf84y25zgawms",
    project="prj_1",
    scopes=("events:write", "events:read", "triggers", "deliveries"),
    created_at=1_767_323_045_678,
    token_hash="hash",
    secret="sealed",
    name="the till in the shop",
)


class _Keys:
    """Keys as the store would give them."""

    async def create(self, project: str, scopes: Sequence[str], name: str, **_kind: object) -> NewKey:
        """Always the same."""
        made = Project(id="prj_1", slug=project, created_at=0)
        return NewKey(_KEY, made, "ens_token", "whsec_c2VjcmV0", "head.claims.signature")

    async def find_project(self, name: str) -> Project:
        """It is there."""
        return Project(id="prj_1", slug=name, created_at=0)

    async def list(self, project: str, before: str | None) -> Sequence[Key]:
        """Two, on one page."""
        return [] if before else [_KEY, replace(_KEY, name="", scopes=SCOPES, revoked_at=1_767_323_050_000)]

    async def revoke(self, project: str, key_id: str) -> Key:
        """Done."""
        return replace(_KEY, revoked_at=1_767_323_050_000)


async def _close() -> None:
    """Nothing is open."""


def _keys(argv: str) -> str:
    """What a `keys` command says."""

    async def open_beside(config: Config) -> SimpleNamespace:
        return SimpleNamespace(keys=_Keys(), close=_close)

    with patch("ensue.app.open_beside", open_beside):
        return _written(argv, run_here(argv.split()))


def _doctor(*, as_json: bool) -> str:
    """What a doctor says who found something."""
    out = io.StringIO()
    code = report(_FINDINGS, Terminal(out, out, width=80), as_json=as_json)
    return f"{out.getvalue()}-- exit code {code}\n"


TEXTS: Final[Mapping[str, Callable[[], str]]] = {
    "serve-first": lambda: welcome("http://127.0.0.1:4122", "ens_token", _HOUSE) + "\n",
    "serve-again": lambda: welcome("http://127.0.0.1:4122", "ens_token", _HOUSE, show_key=False) + "\n",
    "serve-setup": lambda: (
        welcome("http://127.0.0.1:4122", "ens_token", _HOUSE, setup="http://127.0.0.1:4122/setup#link") + "\n"
    ),
    "serve-without-key": lambda: welcome("http://127.0.0.1:4122", None, _HOUSE) + "\n",
    "keys-create": lambda: _keys("keys create --project shop"),
    "keys-create-json": lambda: _keys("keys create --project shop --json"),
    "keys-list": lambda: _keys("keys list"),
    "keys-list-json": lambda: _keys("keys list --json"),
    "keys-revoke": lambda: _keys("keys revoke key_1"),
    "doctor": lambda: _doctor(as_json=False),
    "doctor-json": lambda: _doctor(as_json=True),
}
"""What the commands say that work on this machine."""


def transcript(name: str) -> str:
    """What a case says now."""
    return TEXTS[name]() if name in TEXTS else _written(CASES[name].argv, CASES[name].run())


def _written(argv: str, ran: Ran) -> str:
    parts = [f"$ ensue {argv}", ran.out.rstrip("\n"), *(["-- stderr", ran.err.rstrip()] if ran.err else [])]
    return "\n".join([*(part for part in parts if part), f"-- exit code {ran.code}", ""])


def main() -> None:
    """Write all files."""
    DIRECTORY.mkdir(exist_ok=True)
    for name in (*CASES, *TEXTS):
        (DIRECTORY / f"{name}.txt").write_text(transcript(name), encoding="utf-8")


if __name__ == "__main__":
    main()

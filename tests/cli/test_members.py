"""`ensue members …`: what lets people in and out beside a server, and what it refuses by name."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import run_here

LOCAL = "http://127.0.0.1:4122"


@pytest.fixture(autouse=True)
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Data of its own, with the project `default`."""
    for variable in ("ENSUE_CONFIG", "ENSUE_SECRET_KEY", "ENSUE_PUBLIC_URL", "ENSUE_SMTP_URL", "ENSUE_PORT"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("ENSUE_DATA", str(tmp_path / "data"))
    assert run_here(["keys", "create"]).code == 0
    return tmp_path


def told(*argv: str) -> Any:
    """What a command says in JSON, once it went well."""
    ran = run_here(["members", *argv, "--json"])
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_an_invitation(monkeypatch: pytest.MonkeyPatch) -> None:
    """The link begins with the public address, else with the local one; a second one is another."""
    one = told("invite", "ada@example.com")["link"]
    assert one.startswith(f"{LOCAL}/invitation#")
    monkeypatch.setenv("ENSUE_PUBLIC_URL", "https://ensue.example/")
    other = run_here(["members", "invite", "ada@example.com", "--role", "owner"])
    assert other.out.startswith("https://ensue.example/invitation#")
    assert "once" in other.err
    assert one.partition("#")[2] != other.out.strip().partition("#")[2]


def test_nobody_is_there_yet() -> None:
    """A list without members says so."""
    assert told("list") == {"items": []}
    assert run_here(["members", "list"]).err == "No members.\n"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["invite", "ada"], "'ada' is no e-mail address"),
        (["invite", "ada@example.com", "--role", "king"], "There is no role 'king'"),
        (["invite", "ada@example.com", "--project", "none"], "There is no project 'none'"),
        (["list", "--project", "none"], "There is no project 'none'"),
        (["remove", "ada@example.com"], "Nobody has an account by the address 'ada@example.com'"),
        (["reset", "ada@example.com"], "Nobody has an account by the address 'ada@example.com'"),
    ],
)
def test_what_is_refused(argv: list[str], message: str) -> None:
    """By name, with an exit code that says so."""
    ran = run_here(["members", *argv])
    assert ran.code == 1
    assert message in ran.err

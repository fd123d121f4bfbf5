"""What a command does when something is wrong, and what its exit code says."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ensue.cli import main
from ensue.cli.exits import MEANINGS
from ensue.cli.program import run
from ensue.cli.terminal import Terminal
from ensue.client import Client, Streamed
from ensue.version import VERSION
from tests.answering import Say, answering, refusal
from tests.cli.program import run_against, run_here


class GonePipe(io.StringIO):
    """A reader that went away."""

    def write(self, text: str) -> int:
        """Nobody is there."""
        raise BrokenPipeError(32, text)


@pytest.fixture(autouse=True)
def nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No server, no key and no settings of this machine; the data directory is an empty one."""
    for variable in ("ENSUE_URL", "ENSUE_KEY", "ENSUE_CONFIG", "ENSUE_PORT"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("ENSUE_DATA", str(tmp_path / "none"))
    return tmp_path


def test_the_release_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """`version` and `--version` say the same, and end well."""
    assert main(["version"]) == main(["--version"]) == 0
    assert capsys.readouterr().out == f"ensue {VERSION}\n" * 2
    assert json.loads(run_here(["version", "--json"]).out) == {"version": VERSION}


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["triggers"],
        ["nonsense"],
        ["send"],
        ["send", "a", "--data", "{"],
        ["send", "a", "--data", "@/nowhere.json"],
        ["send", "a", "--delay", "soon"],
        ["send", "a", "--subj", "x"],
        ["triggers", "create", "--name", "n"],
        ["triggers", "create", "--name", "n", "--endpoint", "u", "--header", "no colon"],
        ["triggers", "create", "--name", "n", "--endpoint", "u", "--attempts", "0"],
        ["deliveries", "list", "--state", "lost"],
        ["serve", "--port", "http"],
        ["serve", "--secret-key", "x"],
    ],
)
def test_wrong_usage_is_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be understood does nothing, says how it is meant, and is 2."""
    assert run_here(argv).code == 2
    assert "usage: ensue" in capsys.readouterr().err


@pytest.mark.parametrize("argv", [["send", "a"], ["tail"], ["triggers", "list"], ["deliveries", "show", "x"]])
def test_without_a_key_the_way_out_is_told(argv: list[str]) -> None:
    """Where no key can be found, nothing is sent, and the message says how to give one."""
    ran = run_here(argv)
    assert ran.code == 2
    assert "ENSUE_KEY" in ran.err
    assert "ensue serve" in ran.err


def test_no_server_is_3() -> None:
    """A server that does not answer is 3, and the message names it."""
    with answering(Say()) as server:
        url = server.url
    ran = run_here(["triggers", "list", "--url", url, "--key", "ens_x"])
    assert ran.code == 3
    assert url in ran.err


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_a_refusal_is_4(status: int) -> None:
    """What the server refuses is 4, in its words."""
    ran = run_against(["deliveries", "retry", "d"], [refusal(status, "conflict", "It has arrived.")])
    assert (ran.code, ran.err) == (4, "ensue: It has arrived.\n")


def test_a_wrong_address_is_2() -> None:
    """An address that is none is a matter of usage."""
    ran = run_here(["triggers", "list", "--url", "here", "--key", "ens_x"])
    assert ran.code == 2
    assert "http://127.0.0.1:4122" in ran.err


def test_a_wrong_setting_is_2(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that cannot be read is named, as JSON where that was asked for."""
    monkeypatch.setenv("ENSUE_LEASE", "soon")
    ran = run_here(["serve", "--json"])
    assert ran.code == 2
    assert "ENSUE_LEASE" in json.loads(ran.err)["error"]["message"]


def test_a_wrong_log_level_is_2() -> None:
    """The logging settings are checked before anything is started."""
    ran = run_here(["serve", "--log-level", "loud"])
    assert (ran.code, "log_level" in ran.err) == (2, True)


def test_ctrl_c_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends a command with 130 and not a word."""

    def interrupted(client: Client, after: str | None = None, **filters: str) -> Iterator[Streamed]:
        raise KeyboardInterrupt

    monkeypatch.setattr(Client, "stream", interrupted)
    ran = run_against(["tail"], [Say()])
    assert (ran.code, ran.out, ran.err) == (130, "", "")


def test_a_reader_that_went_away_is_quiet() -> None:
    """`ensue … | head` ends with 141 and not a word."""
    err = io.StringIO()
    assert run(["version"], Terminal(GonePipe(), err)) == 141
    assert err.getvalue() == ""


def test_a_real_pipe_may_be_closed() -> None:
    """The process itself is as quiet: the interpreter does not complain at its end."""
    code = "import sys; sys.stdin.read(); from ensue.cli import main; sys.exit(main(['version']))"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stdin.close()
        complaint = process.stderr.read()
        assert (process.wait(), complaint) == (141, b"")


def test_every_code_is_told() -> None:
    """Each exit code that can come has its meaning on the page."""
    assert set(MEANINGS) == {0, 1, 2, 3, 4, 130, 141}


def test_sending_does_not_load_the_server() -> None:
    """`ensue send` starts fast: neither the engine nor a database nor a web server is imported for it."""
    code = (
        "import sys, ensue.cli; ensue.cli.main(['send', 'a', '--url', 'http://127.0.0.1:1', '--key', 'x']);"
        "print(sorted({name.split('.')[1] for name in sys.modules if name.startswith('ensue.')}));"
        "heavy = ('asyncio', 'apsw', 'starlette', 'uvicorn', 'pycurl', 'logging');"
        "print([name for name in heavy if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    lines = ran.stdout.splitlines()
    assert lines[0] == "['cli', 'client', 'config', 'domain', 'version']"
    assert lines[1] == "[]"

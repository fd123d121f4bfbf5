"""The README's commands, run as they stand: an event by curl, a receiver, a trigger, a webhook that arrives."""

import asyncio
import contextlib
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.acceptance.server import PATIENCE, PROGRAM, Server, environment, free_port
from tests.docs.test_docs import ROOT, blocks, page

pytestmark = pytest.mark.processes

LINE = re.compile(r"^dlv_\w+\s+(\{.*\})$")


def told(beginning: str) -> str:
    """The README's shell block that begins so."""
    found = [block.text for block in blocks(page("README.md")) if block.language == "sh"]
    assert [text for text in found if text.startswith(beginning)] != [], f"the README has no block {beginning!r}"
    return next(text for text in found if text.startswith(beginning))


async def shell(text: str, server: Server, receiver_port: int) -> str:
    """What the block prints, run below the server's directory with the ports and programs of this test."""
    text = text.replace(":4122", f":{server.port}").replace(":9000", f":{receiver_port}")
    text = text.replace(".venv/bin/ensue", str(PROGRAM))
    process = await asyncio.create_subprocess_shell(
        text,
        cwd=server.data.parent,
        env=environment(server.settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, error = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 0, error.decode()
    return out.decode()


@contextlib.asynccontextmanager
async def receiving(port: int) -> AsyncIterator[asyncio.StreamReader]:
    """The example receiver, started as the README starts it but for its port; what it prints."""
    script = told("python3 ").split()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(ROOT / script), "--port", str(port), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        process.terminate()
        await process.wait()


async def test_the_first_screen_holds(tmp_path: Path) -> None:
    """Each command does what the README says, in its order; the event arrives at the receiver."""
    server, port = Server(tmp_path / "ensue-data"), free_port()
    try:
        await server.start()
        assert '"duplicate":false' in (await shell(told("curl "), server, port)).replace(" ", "")
        async with receiving(port) as printed, asyncio.timeout(PATIENCE):
            assert f":{port}".encode() in await printed.readline()
            assert "whsec_" in await shell(told(".venv/bin/ensue triggers create"), server, port)
            event = (await shell(told(".venv/bin/ensue send"), server, port)).strip()
            line = (await printed.readline()).decode().strip()
        found = LINE.match(line)
        assert found, line
        assert event in found[1]
        assert '"amount": 120' in found[1]
    finally:
        server.kill()
        print(server.log())  # noqa: T201 - shown when the test failed


@pytest.mark.parametrize("name", ["curl", "make", "python3"])
def test_only_these_are_needed(name: str) -> None:
    """The README's commands name no other program than these and our own."""
    programs = {
        text.split()[0]
        for block in blocks(page("README.md"))
        if block.language == "sh"
        for text in _commands(block.text)
    }
    assert name in programs
    assert programs <= {"curl", "make", "python3", ".venv/bin/ensue"}


def _commands(text: str) -> list[str]:
    lines = text.replace("\\\n", " ").strip().splitlines()
    return [line.split(" ", 1)[1] if re.match(r"[A-Z_]+=", line) else line for line in lines]


def test_settings_that_the_readme_names_exist() -> None:
    """A variable that the README sets is one that the server reads."""
    named = set(re.findall(r"\bENSUE_[A-Z_]+", page("README.md")))
    settings = page("docs/reference/settings.md")
    assert named
    assert [name for name in sorted(named) if f"`{name}`" not in settings] == []

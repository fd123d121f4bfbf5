"""Hides how a server is looked after by hand: a copy of its data beside its work, and what a doctor would ask."""

import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from ensue.cli.exits import FAILED, OK
from ensue.cli.parsing import Group, housed
from ensue.cli.serving import read_config
from ensue.cli.terminal import Column, Terminal

_MEBIBYTE: Final = 1024 * 1024


def add(commands: Group) -> None:
    """`ensue backup` and `ensue doctor`."""
    about = (
        "Write a snapshot of the data, beside a running server. Secrets in it stay sealed: keep DATA/instance.key "
        "(or ENSUE_SECRET_KEY) with it, or they are lost."
    )
    backup = housed(
        commands.command("backup", "Write a snapshot of the data.", _backup, takes="FILE", description=about)
    )
    backup.add_argument("path", metavar="FILE", help="a file that does not exist yet")
    doctor = housed(commands.command("doctor", "Look for what is wrong; exit code 1 if something is.", _doctor))
    doctor.add_argument(
        "--reindex",
        action="store_true",
        help="first make search and counts anew from the log, beside a running server too; meanwhile they show a part",
    )


def _backup(arguments: Namespace, terminal: Terminal) -> int:
    import asyncio

    from ensue import app
    from ensue.cli.checks import require_data

    config = read_config(arguments)
    require_data(config.directory)
    target = Path(arguments.path)

    async def work() -> None:
        beside = await app.open_beside(config)
        try:
            writing = asyncio.ensure_future(beside.store.backup(str(target)))
            while not (await asyncio.wait([writing], timeout=0.2))[0]:
                terminal.progress(f"backup: {_size(target) / _MEBIBYTE:,.0f} MiB")
            terminal.progress("")
            await writing
        finally:
            await beside.close()

    began = time.monotonic()
    asyncio.run(work())
    seconds = time.monotonic() - began
    if arguments.json:
        terminal.json({"path": str(target), "bytes": _size(target), "seconds": round(seconds, 3)})
        return OK
    terminal.say(f"{target}: {_size(target) / _MEBIBYTE:,.1f} MiB in {seconds:.1f} s")
    if not config.secret_key:
        terminal.note(f"Keep {config.directory / 'instance.key'} with it: it opens the secrets inside.")
    return OK


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _doctor(arguments: Namespace, terminal: Terminal) -> int:
    import asyncio

    from ensue.cli.checks import derive_anew, examine

    config = read_config(arguments)
    if arguments.reindex:

        def told(done: int, left: int) -> None:
            terminal.progress(f"search and counts: {done:,} of {done + left:,} events")

        done = asyncio.run(derive_anew(config, told))
        terminal.progress("")
        terminal.note(f"Search and counts are made anew from {done:,} events.")
    findings = asyncio.run(examine(config, round(time.time() * 1000)))
    return report([finding.shown() for finding in findings], terminal, as_json=arguments.json)


def report(findings: Sequence[dict[str, Any]], terminal: Terminal, *, as_json: bool) -> int:
    """Tell what was found: `check`, `ok` and `detail` of each; 1 where something is wrong."""
    healthy = all(finding["ok"] for finding in findings)
    if as_json:
        terminal.json({"ok": healthy, "checks": findings})
        return OK if healthy else FAILED
    rows = [
        ["ok" if one["ok"] else "problem", one["check"], "" if not one["ok"] else one["detail"]] for one in findings
    ]
    terminal.table([Column("STATE"), Column("CHECK"), Column("DETAIL", flexible=True)], rows, "Nothing was looked at.")
    for finding in findings:
        if not finding["ok"]:
            terminal.say(f"\n{finding['check']}: {finding['detail']}")
    return OK if healthy else FAILED

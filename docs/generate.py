"""Hides how reference pages stay true: those that code can tell are written from it, and a test compares.

`python -m docs.generate` writes them; `tests/test_reference.py` fails where one is not what would be written.
"""

from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from docs.api import api_page
from ensue.cli.exits import MEANINGS
from ensue.cli.program import build_parser
from ensue.cli.serving import NO_FLAGS
from ensue.config import SETTINGS, Setting
from ensue.telemetry import METRICS

ROOT: Final = Path(__file__).parent

_MADE: Final = "<!-- Made by `python -m docs.generate`; change the code, not this page. -->"

_SETTINGS: Final = """\
# Settings

{made}

A setting is a flag of `ensue serve`, a variable of the environment, or a line of a TOML file that `--config FILE` or
`ENSUE_CONFIG=FILE` names. Flags win over the environment, the environment over the file.
In the file a setting has its variable's name without `ENSUE_`, in small letters: `port = 4122`.

A time is a number of seconds, or has a unit: `250ms`, `5s`, `2m`, `1h`, `7d`. Sizes are bytes. A secret is no flag,
since everybody on a machine can read the arguments of its processes.

| variable | flag | kind | default | what it does |
|---|---|---|---|---|
{rows}
"""

_METRICS: Final = """\
# Metrics

{made}

`GET /metrics` answers in Prometheus' text format: to this machine without a key, to others with one that is not
public. Counters count since the process started. No metric has a label per trigger or project, so their number does
not grow. Beside these stand the client library's `process_*` (memory, processor, open files). A histogram has
`_bucket`, `_sum` and `_count`.

| metric | type | label | what it says |
|---|---|---|---|
{rows}

## The two wide log lines

With `ENSUE_LOG_LEVEL=info` each event is one line, `event.received`, on the logger `ensue.events`, and each try of a
delivery one, `delivery.attempted`, on `ensue.deliveries`. Failed tries, and results that came too late, are warnings,
so they are there by default. `ENSUE_LOG_FORMAT=json` writes every line as one JSON object instead of text. Neither
data, cards, headers nor paths of URLs are ever in a line.
"""

_CLI: Final = """\
# Command line

{made}

`serve`, `keys`, `members`, `backup` and `doctor` work on the data directory of this machine; all but `serve` do so
beside a running server too. The other commands speak to a server. Where it is, and by which key, they find by
themselves on the same machine: the port of the settings, and the key in `DATA/first-key`. `--url` and `--key`, or
`ENSUE_URL` and `ENSUE_KEY`, name others; a key that was found here is never sent elsewhere.

Results go to standard output, remarks and errors to standard error. Tables are cut to a terminal's width and coloured
only there (`NO_COLOR` is honoured); in a pipe nothing is cut. With `--json` a result is JSON on one line (`tail`: one
for each event), and an error is `{{"error": {{"code", "message", "field"?}}}}` on standard error.

## Exit codes

| code | what it tells |
|---|---|
{codes}

{helps}"""

_KINDS: Final = {
    "text": "text",
    "path": "path",
    "integer": "integer",
    "number": "number",
    "seconds": "time",
    "flag": "true or false",
}


def settings_page() -> str:
    """Every setting, as the table in `ensue.config` has it."""
    return _SETTINGS.format(made=_MADE, rows="\n".join(_setting_row(setting) for setting in SETTINGS))


def _setting_row(setting: Setting) -> str:
    cells = [f"`{setting.variable}`", _flag(setting), _KINDS[setting.kind], setting.shown_default, setting.help]
    return f"| {' | '.join(cells)} |"


def _flag(setting: Setting) -> str:
    """Its flag, if it is one."""
    return "–" if setting.name in NO_FLAGS else "`--" + setting.name.replace("_", "-") + "`"


def metrics_page() -> str:
    """Every metric of ours."""
    rows = [f"| `{row.name}` | {row.type} | {f'`{row.label}`' if row.label else ''} | {row.help} |" for row in METRICS]
    return _METRICS.format(made=_MADE, rows="\n".join(rows))


def cli_page() -> str:
    """Every command's help, and the exit codes."""
    codes = [f"| {code} | {meaning} |" for code, meaning in MEANINGS.items()]
    helps = [
        f"## {parser.prog}\n\n```text\n{parser.format_help().rstrip()}\n```\n" for parser in commands(build_parser())
    ]
    return _CLI.format(made=_MADE, codes="\n".join(codes), helps="\n".join(helps))


def commands(parser: ArgumentParser) -> Iterator[ArgumentParser]:
    """A parser and all that stand under it, in order."""
    yield parser
    for action in parser._actions:  # noqa: SLF001 - argparse has no public way to walk
        if isinstance(action, _SubParsersAction):
            for child in action.choices.values():
                yield from commands(child)


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "reference/api.md": lambda: api_page(_MADE),
    "reference/cli.md": cli_page,
    "reference/metrics.md": metrics_page,
    "reference/settings.md": settings_page,
}
"""Each page that code writes."""


def main() -> None:
    """Write all pages."""
    for name, page in PAGES.items():
        path = ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()

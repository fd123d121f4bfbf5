"""The pages of docs/ and the README against the code that they speak of: numbers, codes, files, examples, links."""

import importlib.util
import json
import re
import textwrap
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any, NamedTuple

import msgspec
import pytest
from msgspec import Struct

from ensue.cli.serving import welcome
from ensue.config import SETTINGS
from ensue.dialects.native.events import Accepted
from ensue.domain.decoding import decode
from ensue.domain.errors import STATUS
from ensue.domain.intake import Draft
from ensue.domain.signature import check_secret, sign
from ensue.http.exchange import Problem

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])

UNITS = {"KiB": 1024, "MiB": 1024**2, "ms": 0.001, "s": 1, "h": 3600, "days": 86_400}


class Block(NamedTuple):
    """A block of code in a page: its language and its text."""

    language: str
    text: str


def page(name: str) -> str:
    """A page by its path from the root."""
    return (ROOT / name).read_text(encoding="utf-8")


def tables(text: str) -> Iterator[list[str]]:
    """The rows of all tables of a page, cell by cell, without heads and rules."""
    lines = [line.strip() for line in text.splitlines()]
    for at, line in enumerate(lines):
        rule = at + 1 < len(lines) and re.fullmatch(r"\|[-| ]+\|", lines[at + 1])
        if line.startswith("|") and not rule and not re.fullmatch(r"\|[-| ]+\|", line):
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a page."""
    return [Block(*found) for found in re.findall(r"^```(\w*)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)]


def quantity(text: str) -> float:
    """`256 KiB`, `1,000`, `10 ms` as a number of bytes, things or seconds."""
    number, _, unit = text.replace(",", "").partition(" ")
    return float(number) * (UNITS[unit] if unit else 1)


def of_code(name: str) -> Any:
    """What stands under a dotted name below `ensue.`; of a Struct, its default."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        module = "ensue." + ".".join(parts[:end])
        try:
            value: Any = importlib.import_module(module)
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            value = getattr(value() if isinstance(value, type) and issubclass(value, Struct) else value, part)
        return value
    raise AssertionError(f"there is no {name}")


def test_every_limit_that_is_a_setting_is_told() -> None:
    """Sizes, room and times: each setting of these kinds has its row in limits.md, with its default."""
    told = {
        row[1].strip("`"): quantity(row[2])
        for row in tables(page("docs/reference/limits.md"))
        if row[1].startswith("`ENSUE_")
    }
    limits = {
        setting.variable: float(setting.default)
        for setting in SETTINGS
        if setting.kind == "seconds"
        or setting.name.startswith("max_")
        or setting.name.endswith(("_room", "_entries", "_rate", "_burst"))
    }
    assert len(limits) > 20
    assert told == limits


def test_limits_that_are_no_settings_are_those_of_the_code() -> None:
    """The last column of the last table names the number; milliseconds in the code are seconds in the page."""
    rows = [row for row in tables(page("docs/reference/limits.md")) if not row[1].startswith("`ENSUE_")]
    assert len(rows) > 20
    wrong = [row for row in rows if of_code(row[-1].strip("`")) not in (quantity(row[1]), quantity(row[1]) * 1000)]
    assert wrong == []


def test_codes_have_their_status() -> None:
    """The table of errors.md is `domain.errors.STATUS`, and its remedies are not empty."""
    rows = [row for row in tables(page("docs/reference/errors.md")) if row[0].startswith("`")]
    assert {row[0].strip("`"): int(row[1]) for row in rows} == STATUS
    assert all(row[2] and row[3] for row in rows)


def test_the_error_body_is_what_is_sent() -> None:
    """The example of errors.md decodes as the type that answers are made of, unknown fields refused."""
    example = next(block.text for block in blocks(page("docs/reference/errors.md")) if block.language == "json")
    problem = msgspec.json.decode(example, type=Problem)
    assert json.loads(example) == msgspec.to_builtins(problem)
    assert problem.error.code in STATUS


def test_the_curl_line_is_what_serve_prints() -> None:
    """The README's first event is sent by the very line that `ensue serve` prints, but for the key."""
    printed = welcome("http://127.0.0.1:4122", "THE-KEY", Path("ensue-data"))
    told = next(block.text for block in blocks(page("README.md")) if block.text.startswith("curl "))
    line = textwrap.dedent(printed[printed.index("  curl ") :]).strip()
    assert _words(line) == _words(told.replace("$(cat ensue-data/first-key)", "THE-KEY"))


def _words(line: str) -> list[str]:
    return line.replace("\\\n", " ").split()


def test_what_serve_says_is_told() -> None:
    """The README shows the lines that `ensue serve` begins with."""
    printed = welcome("http://127.0.0.1:4122", "ens_secret", Path("ensue-data"))
    shown = next(block.text for block in blocks(page("README.md")) if block.language == "text")
    fixed = [line.split("…")[0].rstrip() for line in shown.splitlines()]
    assert len(fixed) > 5
    assert all(line in printed for line in fixed)


def test_the_first_event_and_its_answer_are_typed() -> None:
    """What the README sends is an event to the strict decoder, and what it shows as the answer is one."""
    sent = re.findall(r"-d '(.*)'", page("README.md"))
    answers = [block.text for block in blocks(page("README.md")) if block.language == "json"]
    assert [decode(body.encode(), Draft).type for body in sent] == ["order.paid"]
    assert [msgspec.json.decode(answer, type=Accepted).duplicate for answer in answers] == [False]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_json_is_json(path: Path) -> None:
    """Every block that calls itself JSON can be parsed."""
    found = [block.text for block in blocks(path.read_text(encoding="utf-8")) if block.language == "json"]
    assert all(json.loads(text) is not None for text in found)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path: Path) -> None:
    """Every relative link names a file that is there."""
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (path.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("name", ["life-of-an-event", "performance", "delivery-guarantees"])
def test_named_files_are_there(name: str) -> None:
    """The files that an explanation names exist, below src/ensue or below the root."""
    named = set(re.findall(r"`([\w/]+\.(?:py|sql))", page(f"docs/explanation/{name}.md")))
    assert named
    assert {
        file for file in named if not (ROOT / file).is_file() and not (ROOT / "src/ensue" / file).is_file()
    } == set()


def test_the_glossary_has_every_word() -> None:
    """The words of the house, each once, in order within its table."""
    words = [row[0].strip("*") for row in tables(page("docs/glossary.md"))]
    needed = (
        "action attempt attributes card claim context cursor dead_letter delivery document endpoint entry event key"
    )
    needed += " idempotency_key lane lease outcome project subject tenant trigger type workflow step run subscriber"
    assert {word.replace("_", " ") for word in needed.split()} - set(words) == set()
    assert len(words) == len(set(words))
    later = words.index("message")
    assert words[:later] == sorted(words[:later])
    assert words[later:] == sorted(words[later:])


def test_the_index_names_every_page() -> None:
    """No page stands where nobody finds it."""
    index = page("docs/index.md")
    pages = [path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md") if path.name != "index.md"]
    assert [name for name in pages if f"({name})" not in index] == []


def _receiver() -> ModuleType:
    spec = importlib.util.spec_from_file_location("receiver", DOCS / "examples" / "receiver.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("wrong", "good"),
    [({}, True), ({"webhook-timestamp": "1800000001"}, False), ({"webhook-id": "dlv_2"}, False)],
    ids=["as sent", "another time", "another id"],
)
def test_the_example_receiver_believes_only_us(wrong: dict[str, str], good: bool) -> None:  # noqa: FBT001
    """What we sign it takes; another id or time, another body, or a message of yesterday it does not."""
    secret, body, moment = "whsec_" + "A" * 44, b'{"a": 1}', 1_800_000_000
    signature = sign((check_secret(secret),), "dlv_1", moment, body)
    headers = {"webhook-id": "dlv_1", "webhook-timestamp": str(moment), "webhook-signature": signature} | wrong
    is_signed = _receiver().is_signed
    assert is_signed(secret, headers, body, moment) is good
    assert not is_signed(secret, headers, body + b" ", moment)
    assert not is_signed(secret, headers, body, moment + 86_400)


@pytest.mark.parametrize("secret", ["", "whsec_" + "A" * 44])
def test_the_example_receiver_finishes_buttons(secret: str) -> None:
    """200 for what it takes, since a pressed button is done by that; 401 for what is not signed."""
    example = _receiver()
    example.Receiver.secret = secret
    with example.ThreadingHTTPServer(("127.0.0.1", 0), example.Receiver) as server:
        serving = Thread(target=server.serve_forever, daemon=True)
        serving.start()
        wire = HTTPConnection("127.0.0.1", server.server_port)
        wire.request("POST", "/", b"{}", {"webhook-id": "dlv_1"})
        assert wire.getresponse().status == (401 if secret else 200)
        wire.close()
        server.shutdown()
        serving.join()

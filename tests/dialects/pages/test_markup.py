"""Nothing that was sent is more than text on a page without script, and the page looks as the console does."""

import re
from pathlib import Path
from typing import Any

import pytest

from ensue.dialects.pages.markup import document, element, sentence
from ensue.domain.press import press_page
from tests.dialects.edge import EVENTS, Edge
from tests.dialects.pages.reader import Reader
from tests.dialects.people import seated

ROOT = Path(__file__).resolve().parents[3]
EVIL = "\"><img src=x onerror=alert(1)><script>alert(1)</script></title></textarea>&amp;'<!--{x}"


def contents() -> list[dict[str, Any]]:
    """A content of each type, all of it hostile."""
    return [
        {"type": "text", "value": EVIL},
        {"type": "rows", "value": [{EVIL: EVIL}, [EVIL, EVIL], EVIL, {"label": EVIL, "value": {EVIL: EVIL}}, 1]},
        {"type": "json", "value": {EVIL: [EVIL]}},
        {"type": "image", "value": "https://evil.example/%22%3E%3Cscript%3E.png?x=<script>"},
    ]


@pytest.mark.parametrize("content", contents(), ids=[one["type"] for one in contents()])
@pytest.mark.parametrize("style", ["danger", EVIL[:48]])
async def test_whatever_is_sent_is_text(api: Edge, content: dict[str, Any], style: str) -> None:
    """Titles, categories, labels, keys, confirm texts, avatars, contents: shown as text, no element of theirs."""
    key = EVIL[:60]
    button = {"key": key, "label": EVIL[:48].strip(), "url": "https://a.example/", "confirm": EVIL, "style": style}
    card = {"title": EVIL, "avatar": EVIL, "category": EVIL[:60], "content": content, "actions": [button]}
    event = await api.send(type=EVIL, subject=EVIL, card=card)
    reader = Reader(api, ensue_session=(await seated(api, "maya@example.com", "member")).cookie)
    page = await reader("GET", press_page(event, key, "default"))
    assert page.status == 200
    assert not [tag for tag, _ in page.elements if tag in ("script", "img", "style", "iframe", "textarea")]
    assert not [
        name for _, attributes in page.elements for name in attributes if name.startswith("on") or name == "style"
    ]
    if content["type"] != "image":
        assert page.text.count(" ".join(EVIL.split())) >= 3
    assert (await api("GET", f"{EVENTS}/{event}")).json["card"]["title"] == EVIL


async def test_a_problem_page_says_only_text(api: Edge) -> None:
    """A path that is markup stays a path."""
    reader = Reader(api, ensue_session=(await seated(api, "maya@example.com", "member")).cookie)
    for method in ("GET", "POST", "PUT"):
        page = await reader(
            method, "/events/%22%3E%3Cscript%3E/actions/%3Cimg%20src=x%3E?project=default&%22%3E%3Cscript%3E"
        )
        assert page.status in (403, 404, 405)
        assert not page.all("script")
        assert not page.all("img")


def test_elements_escape_whatever_is_no_markup() -> None:
    """Children, attributes, and the values of sentences; markup of our own stays markup."""
    assert element("p", "<b>", element("i", "&"), None) == "<p>&lt;b&gt;<i>&amp;</i></p>"
    assert element("input", value='"x"', required=True, disabled=False, aria_label=None) == (
        '<input value="&quot;x&quot;" required>'
    )
    assert sentence("{a} < {b}", a="<", b=element("b", "x")) == "<bdi>&lt;</bdi> &lt; <b>x</b>"
    assert b"<title>&lt;/title&gt;</title>" in document("</title>", "/x.css")


async def test_cut_where_it_is_long(api: Edge) -> None:
    """A long text, many rows: the page says that there is more."""
    reader = Reader(api, ensue_session=(await seated(api, "maya@example.com", "member")).cookie)
    for content in ({"type": "text", "value": "x" * 1_001}, {"type": "rows", "value": [{"a": 1}] * 13}):
        button = {"key": "do", "label": "Do", "url": "https://a.example/"}
        event = await api.send(card={"title": "t", "content": content, "actions": [button]})
        page = await reader("GET", press_page(event, "do", "default"))
        assert "cut; the event has the rest" in page.text


async def test_the_style_is_the_consoles(api: Edge) -> None:
    """Served as a file that may be kept; each colour is that of `web/src/tokens.css`, in both themes."""
    got = await api.with_token(None)("GET", "/pages/style.css")
    assert (got.status, got.headers["content-type"]) == (200, "text/css; charset=utf-8")
    own, console = colours(got.body.decode()), colours((ROOT / "web/src/tokens.css").read_text("utf-8"))
    assert own["dark"].keys() <= own["light"].keys()
    for theme in ("light", "dark"):
        assert {name: console[theme].get(name) for name in own[theme]} == own[theme]


def colours(sheet: str) -> dict[str, dict[str, str]]:
    """The colours of a sheet's first block, and of the one for dark."""
    light, _, rest = sheet.partition("prefers-color-scheme: dark")
    found = re.compile(r"(--[\w-]+): (#[^;]+);")
    return {"light": dict(found.findall(light)), "dark": dict(found.findall(rest.partition("\n}")[0]))}

"""The console's files: who gets a page, what a browser may keep, and that no path leads out of the directory."""

import gzip
from pathlib import Path

import pytest

from ensue.http.console import POLICY, Console
from ensue.http.exchange import Answer, Call

PAGE = b"<!doctype html><title>Ensue</title>" + b" " * 600
BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A build with a page, a hashed script that is packed, and a secret beside it."""
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_bytes(PAGE)
    (static / "favicon.svg").write_bytes(b"<svg/>")
    (static / "assets" / "index-Ab12.js").write_bytes(b"run()")
    (static / "assets" / "index-Ab12.js.gz").write_bytes(gzip.compress(b"run()"))
    (static / "assets" / "index-Ab12.js.br").write_bytes(b"brotli")
    (static / "build.json").write_bytes(b"{}")
    (tmp_path / "secret.json").write_bytes(b"{}")
    return static


def ask(console: Console, path: str, method: str = "GET", *, owned: bool = False, **headers: str) -> Answer | None:
    """One call; `_` in header names is `-`."""
    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return console.answer(
        Call(method=method, path=path, raw_path=path.encode(), headers=sent, now=0),
        owned=owned,
    )


def answered(answer: Answer | None) -> tuple[Answer, dict[bytes, bytes]]:
    """The answer, which must be there, and its headers."""
    assert answer is not None
    return answer, dict(answer.headers)


@pytest.mark.parametrize("path", ["/", "/triggers/x", "/events/019a", "/no/such/page", "/index.html"])
def test_a_browser_gets_the_page_at_every_path_of_the_console(built: Path, path: str) -> None:
    """Its own router knows what is there; the page is asked for anew each time, and holds the policy."""
    answer, headers = answered(ask(Console(built), path, accept=BROWSER))
    assert (answer.status, answer.body, answer.content_type) == (200, PAGE, "text/html; charset=utf-8")
    assert headers[b"cache-control"] == b"no-cache"
    assert headers[b"content-security-policy"] == POLICY.encode()
    assert headers[b"cross-origin-opener-policy"] == b"same-origin"
    assert headers[b"referrer-policy"] == b"same-origin"


def test_the_policy_lets_nothing_inline_and_nobody_frame() -> None:
    """No `unsafe-` anything; scripts and styles come from here alone."""
    assert "default-src 'self'" in POLICY
    assert "frame-ancestors 'none'" in POLICY
    assert "unsafe" not in POLICY


@pytest.mark.parametrize("path", ["/api/v1/none", "/api", "/api/v2/x", "/v1/none", "/assets/gone-0000.js", "/assets"])
def test_paths_of_programs_are_never_pages(built: Path, path: str) -> None:
    """A browser that opens one gets the same JSON as everybody."""
    assert ask(Console(built), path, accept=BROWSER) is None


def test_a_path_that_a_dialect_owns_is_not_the_consoles(built: Path) -> None:
    """Its refusal is answered in its words."""
    assert ask(Console(built), "/event/x", accept=BROWSER, owned=True) is None


@pytest.mark.parametrize(("accept", "status"), [("*/*", 200), ("", 200), ("application/json", None)])
def test_whoever_takes_anything_gets_the_root(built: Path, accept: str, status: int | None) -> None:
    """Those who look whether a server is up find one."""
    answer = ask(Console(built), "/", accept=accept)
    assert (answer and answer.status) == status


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html;q=0, */*", ""])
def test_a_program_gets_no_page(built: Path, accept: str) -> None:
    """Who does not ask for text/html is told that nothing is there."""
    assert ask(Console(built), "/nothing", accept=accept) is None


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_only_reading_is_answered(built: Path, method: str) -> None:
    """Nothing of the console changes anything."""
    assert ask(Console(built), "/", method, accept=BROWSER) is None


def test_what_is_named_by_its_hash_is_kept_for_ever(built: Path) -> None:
    """It never changes under its name; whoever asks gets it."""
    answer, headers = answered(ask(Console(built), "/assets/index-Ab12.js"))
    assert answer.body == b"run()"
    assert answer.content_type == "text/javascript; charset=utf-8"
    assert headers[b"cache-control"] == b"public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip, deflate, br", b"br"), ("gzip", b"gzip"), ("br;q=0, gzip", b"gzip"), ("identity", b""), ("zstd", b"")],
)
def test_the_smallest_that_the_client_takes_is_sent(built: Path, accepted: str, encoding: bytes) -> None:
    """Packed at build time; each encoding has a tag of its own, and caches are told of it."""
    answer, headers = answered(ask(Console(built), "/assets/index-Ab12.js", accept_encoding=accepted))
    assert headers.get(b"content-encoding", b"") == encoding
    assert answer.body == {b"br": b"brotli", b"": b"run()"}.get(encoding, answer.body)
    assert encoding in headers[b"etag"]
    assert headers[b"vary"] == b"accept-encoding"


def test_what_a_browser_has_already_is_not_sent_again(built: Path) -> None:
    """By its tag, weak or strong, alone or among others; another tag gets the page."""
    console = Console(built)
    tag = answered(ask(console, "/", accept=BROWSER))[1][b"etag"].decode()
    for given in (tag, f"W/{tag}", f'"other", {tag}'):
        answer, headers = answered(ask(console, "/", accept=BROWSER, if_none_match=given))
        assert (answer.status, answer.body) == (304, b"")
        assert headers[b"etag"].decode() == tag
    assert answered(ask(console, "/", accept=BROWSER, if_none_match='"other"'))[0].status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.json",
        "/assets/../../secret.json",
        "//secret.json",
        "/..\\secret.json",
        "/%2e%2e/secret.json",
        "/secret.json\0",
        "/build.json",
        "/assets/index-Ab12.js.gz",
    ],
)
def test_no_path_leads_out_of_the_directory(built: Path, path: str) -> None:
    """A file is found in a table or not at all; what the build left for itself is not in it."""
    assert ask(Console(built), path, accept="*/*") is None


def test_a_server_without_a_build_says_what_is_missing(tmp_path: Path) -> None:
    """In plain HTML, without script or style, with the way out; programs see no difference."""
    console = Console(tmp_path / "static")
    answer, headers = answered(ask(console, "/triggers", accept=BROWSER))
    assert answer.status == 503
    assert b"make web" in answer.body
    assert b"/docs" in answer.body
    assert headers[b"content-security-policy"] == POLICY.encode()
    assert ask(console, "/triggers", accept="*/*") is None

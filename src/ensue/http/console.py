"""Hides how the console reaches a browser: files that were built, in memory, each with what a browser may keep of it.

Whatever path nobody else owns is the console's, when a browser asks for a page: its own router knows what is there. The
root is a page for programs too.
Files are looked up in a table that is made at the start, so that no path can lead out of it.
"""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Final

from msgspec import Struct

from ensue.http.exchange import Answer, Call, Headers

BUILT: Final = Path(__file__).resolve().parents[1] / "static"
"""Where `make web` puts what it builds, and where the wheel has it."""

POLICY: Final = (
    "default-src 'self'; img-src 'self' https: data:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'"
)
_PAGE: Final = "/index.html"
_HASHED: Final = "/assets/"
_OTHERS: Final = ("/api", "/v1", "/v2", "/assets")
"""Below these there are no pages, whoever asks."""
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
_ENCODINGS: Final = ((b"br", ".br"), (b"gzip", ".gz"))
"""What a file may also be there as, the smallest first."""
PAGE_HEADERS: Final[Headers] = (
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", POLICY.encode("ascii")),
)
_NOT_BUILT: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Ensue</title>
<h1>Ensue runs; its console is not built</h1>
<p>There is no page in {place}.
   Build it with <code>make web</code> (it needs Node 20.19 or newer), then start the server again.
   Installed packages have it already.</p>
<p>The API is complete without it: <a href="/docs">read about it</a>.</p>
</html>
"""


class File(Struct, frozen=True):
    """One file: its bytes as they are (`b""`) and packed, by encoding; each has a tag of its own."""

    bodies: Mapping[bytes, bytes]
    tag: str
    content_type: str
    caching: bytes


class Console:
    """The built files of a directory, or a page that says how they are made."""

    def __init__(self, built: Path = BUILT) -> None:
        self._files = _read(built)
        self._missing = _NOT_BUILT.format(place=escape(str(built))).encode("utf-8")

    def answer(self, call: Call, *, owned: bool) -> Answer | None:
        """A file, or the page for a path that is not `owned` by a dialect; None where this is not the console's."""
        if call.method not in {"GET", "HEAD"}:
            return None
        file = self._files.get(call.path)
        if file is not None and call.path != _PAGE:
            return _answer(file, call)
        if owned or not _asks_for_page(call) or any(_under(call.path, other) for other in _OTHERS):
            return None
        page = self._files.get(_PAGE)
        if page is None:
            return Answer(503, self._missing, PAGE_HEADERS, _TYPES[".html"])
        return _answer(page, call)


@cache
def built_console() -> Console:
    """The console of this package; its files are read once for all servers of a process."""
    return Console()


def _read(built: Path) -> dict[str, File]:
    """Every file below `built` by its path in a URL."""
    return {
        "/" + path.relative_to(built).as_posix(): _file(path, path.relative_to(built).as_posix())
        for path in sorted(built.rglob("*"))
        if path.is_file() and path.suffix in _TYPES and path.name != "build.json"
    }


def _file(path: Path, name: str) -> File:
    body = path.read_bytes()
    bodies = {b"": body}
    for encoding, suffix in _ENCODINGS:
        packed = path.with_name(path.name + suffix)
        if packed.is_file():
            bodies[encoding] = packed.read_bytes()
    hashed = f"/{name}".startswith(_HASHED)
    caching = b"public, max-age=31536000, immutable" if hashed else b"no-cache"
    return File(bodies, sha256(body).hexdigest()[:20], _TYPES[path.suffix], caching)


def _answer(file: File, call: Call) -> Answer:
    encoding = _best(file, call)
    tag = f'"{file.tag}{"-" if encoding else ""}{encoding.decode("ascii")}"'
    headers = (
        *PAGE_HEADERS,
        (b"cache-control", file.caching),
        (b"etag", tag.encode("ascii")),
        (b"vary", b"accept-encoding" if file.content_type != _TYPES[".html"] else b"accept, accept-encoding"),
    )
    if tag in _tags(call):
        return Answer(304, b"", headers, None)
    if encoding:
        headers = (*headers, (b"content-encoding", encoding))
    return Answer(200, file.bodies[encoding], headers, file.content_type)


def _best(file: File, call: Call) -> bytes:
    """The smallest encoding that the client takes."""
    taken = _accepted(call, "accept-encoding")
    return next((encoding for encoding, _ in _ENCODINGS if encoding in file.bodies and encoding.decode() in taken), b"")


def _tags(call: Call) -> set[str]:
    given = ",".join(call.header_values("if-none-match"))
    return {tag.strip().removeprefix("W/") for tag in given.split(",")}


def _asks_for_page(call: Call) -> bool:
    """A browser does, by name; at the root whoever takes anything, as those do who look whether a server is up."""
    accepted = _accepted(call, "accept")
    return "text/html" in accepted or (call.path == "/" and (accepted <= {""} or "*/*" in accepted))


def _accepted(call: Call, name: str) -> set[str]:
    """What a header of the family Accept names, without what it refuses (`q=0`)."""
    found = set()
    for part in ",".join(call.header_values(name)).lower().split(","):
        value, *parameters = (piece.strip() for piece in part.split(";"))
        if not any(parameter.replace(" ", "") in {"q=0", "q=0.0", "q=0.00", "q=0.000"} for parameter in parameters):
            found.add(value)
    return found


def _under(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix + "/")

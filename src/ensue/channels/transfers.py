"""Hides libcurl's easy handle: one request to one address, its answer bounded, nothing taken from the surroundings.

Callbacks run inside libcurl, where nothing may raise and nothing may be added or removed.
"""

import asyncio
import os
import select
import socket
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, Final

import msgspec
import pycurl

MAX_BODY: Final = 64 * 1024
"""How much of an answer is kept, in bytes after decompression (design section 8)."""
MAX_HEADERS: Final = 64 * 1024
"""How many bytes of status lines and headers an answer may have, interim answers and trailers included."""

# Why a transfer was stopped from within; `""` is not at all.
RUNNING: Final = ""
TRUNCATED: Final = "truncated"
FLOODED: Final = "flooded"
STRAYED: Final = "strayed"
STALE: Final = "stale"
REPEATED: Final = "repeated"
WITHERED: Final = "withered"

_SOCKET_BAD: Final[int] = pycurl.SOCKET_BAD
_GO: Final[int] = pycurl.PREREQFUNC_OK
_STOP: Final[int] = pycurl.PREREQFUNC_ABORT
_MAX_SOCKETS: Final = 8192
_PLAIN_METHODS: Final = {"GET": pycurl.HTTPGET, "HEAD": pycurl.NOBODY, "POST": pycurl.POST}


class Fixed(msgspec.Struct, frozen=True):
    """What all transfers of one client share. `ca_file` is a PEM file in place of the system's authorities."""

    user_agent: str
    ca_file: str | None = None
    idle_s: int = 30
    lifetime_s: int = 300
    body_bytes: int = MAX_BODY


class Order(msgspec.Struct, frozen=True, gc=False):
    """One request as libcurl gets it. `pin` is the vetted address as text, `headers` are lines without their end, and
    `fresh` asks for a new connection.
    """

    method: str
    url: str
    pin: str
    connect_to: str | None
    headers: list[str]
    body: bytes
    timeout_ms: int
    connect_timeout_ms: int
    about_to_write: Callable[[], bool] | None
    fresh: bool = False


Sockets = dict[tuple[str, int, str, int], select.poll]
"""What looks at the file descriptor of a connection, known by its two ends."""


class Transfer:
    """A reusable easy handle and what its callbacks gathered."""

    __slots__ = (
        "_connect_timeout_ms",
        "_connect_to",
        "_fresh",
        "_header_bytes",
        "_headers_done",
        "_method",
        "_most",
        "_room",
        "_socket",
        "_sockets",
        "_timeout_ms",
        "_url",
        "asked",
        "chunks",
        "curl",
        "error",
        "future",
        "lines",
        "order",
        "stopped",
    )

    def __init__(self, fixed: Fixed, sockets: Sockets) -> None:
        self._sockets = sockets
        self._fresh = False
        self.curl: Any = pycurl.Curl()
        self.future: asyncio.Future[tuple[int, str]] | None = None
        self._url = ""
        self._method = ""
        self._connect_to: str | None = None
        self._timeout_ms = self._connect_timeout_ms = -1
        self._fix(fixed)

    def _fix(self, fixed: Fixed) -> None:
        """Sets what never changes; whatever libcurl would take from its surroundings is turned off."""
        web = pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS
        for option, value in (
            (pycurl.NOSIGNAL, 1),
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
            (pycurl.HTTP09_ALLOWED, 0),
            (pycurl.PROTOCOLS, web),
            (pycurl.REDIR_PROTOCOLS, web),
            (pycurl.FOLLOWLOCATION, 0),
            (pycurl.PROXY, ""),
            (pycurl.NOPROXY, "*"),
            (pycurl.NETRC, pycurl.NETRC_IGNORED),
            (pycurl.PATH_AS_IS, 1),
            (pycurl.SSL_VERIFYPEER, 1),
            (pycurl.SSL_VERIFYHOST, 2),
            (pycurl.ACCEPT_ENCODING, "gzip"),
            (pycurl.USERAGENT, fixed.user_agent),
            (pycurl.MAXAGE_CONN, fixed.idle_s),
            (pycurl.MAXLIFETIME_CONN, fixed.lifetime_s),
            (pycurl.HEADERFUNCTION, self._on_header),
            (pycurl.WRITEFUNCTION, self._on_body),
            (pycurl.OPENSOCKETFUNCTION, self._on_open),
            (pycurl.SOCKOPTFUNCTION, self._on_opened),
            (pycurl.PREREQFUNCTION, self._on_request),
        ):
            self.curl.setopt(option, value)
        self._most = fixed.body_bytes
        if fixed.ca_file is not None:
            self.curl.setopt(pycurl.CAINFO, fixed.ca_file)

    def prepare(self, order: Order) -> None:
        """Makes the handle ready for one request; only what differs from the last one is set again."""
        self.order = order
        self.lines: list[bytes] = []
        self.chunks: list[bytes] = []
        self.stopped = RUNNING
        self.asked = False
        self.error: BaseException | None = None
        self._header_bytes = 0
        self._headers_done = False
        self._room = self._most
        self._socket = -1
        curl = self.curl
        if order.url != self._url:
            curl.setopt(pycurl.URL, order.url)
            self._url = order.url
        if order.connect_to != self._connect_to:
            curl.setopt(pycurl.CONNECT_TO, [order.connect_to] if order.connect_to else [])
            self._connect_to = order.connect_to
        if order.timeout_ms != self._timeout_ms:
            curl.setopt(pycurl.TIMEOUT_MS, order.timeout_ms)
            self._timeout_ms = order.timeout_ms
        if order.connect_timeout_ms != self._connect_timeout_ms:
            curl.setopt(pycurl.CONNECTTIMEOUT_MS, order.connect_timeout_ms)
            self._connect_timeout_ms = order.connect_timeout_ms
        if order.fresh != self._fresh:
            curl.setopt(pycurl.FRESH_CONNECT, int(order.fresh))
            self._fresh = order.fresh
        if order.method != self._method:
            self._set_method(order.method)
        if self._method not in {"GET", "HEAD"}:
            curl.setopt(pycurl.POSTFIELDS, order.body)
        curl.setopt(pycurl.HTTPHEADER, order.headers)

    def _set_method(self, method: str) -> None:
        """GET and HEAD have no body; everything else is sent as POST is, under its own name."""
        self.curl.setopt(pycurl.NOBODY, 0)
        self.curl.unsetopt(pycurl.CUSTOMREQUEST)
        self.curl.setopt(_PLAIN_METHODS.get(method, pycurl.POST), 1)
        if method not in _PLAIN_METHODS:
            self.curl.setopt(pycurl.CUSTOMREQUEST, method)
        self._method = method

    def forget(self) -> None:
        """Lets go of what belonged to one request, so that an idle handle holds no large body."""
        if len(self.order.body) > 4096 and self._method not in {"GET", "HEAD"}:
            self.curl.setopt(pycurl.POSTFIELDS, b"")
        del self.order, self.lines, self.chunks
        self.future = self.error = None

    @property
    def status(self) -> int:
        """The status of the last answer that began; 0 where none did."""
        return int(self.curl.getinfo(pycurl.RESPONSE_CODE))

    def _on_header(self, line: bytes) -> int:
        """Keeps the header lines of the last answer; interim answers and trailers count, but are not kept."""
        self._header_bytes += len(line)
        if self._header_bytes > MAX_HEADERS:
            self.stopped = FLOODED
            return 0
        if line.startswith(b"HTTP/"):
            self.lines.clear()
            self._headers_done = False
        elif line in {b"\r\n", b"\n"}:
            self._headers_done = True
        elif not self._headers_done:
            self.lines.append(line)
        return len(line)

    def _on_body(self, chunk: bytes) -> int:
        """Keeps the body up to its cap; what comes beyond ends the transfer, so that a bomb is never unpacked."""
        size = len(chunk)
        if size > self._room:
            self.chunks.append(chunk[: self._room])
            self._room = 0
            self.stopped = TRUNCATED
            return 0
        self._room -= size
        self.chunks.append(chunk)
        return size

    def _on_open(self, _purpose: int, address: Any) -> "int | _Opened":
        """The second line of the guard: a socket is made for the vetted address only."""
        if not _same(address.addr[0], self.order.pin):
            self.stopped = STRAYED
            return _SOCKET_BAD
        try:
            return _Opened(socket.socket(address.family, address.socktype, address.protocol).detach())
        except OSError:
            return _SOCKET_BAD

    def _on_opened(self, descriptor: int, _purpose: int) -> int:
        """Learns the descriptor of a new connection; nothing is set on it."""
        self._socket = descriptor
        return int(pycurl.SOCKOPT_OK)

    def _on_request(self, remote: str, local: str, remote_port: int, local_port: int) -> int:
        """Called before each request, on reused connections too: checks the address, then asks whether to send at all.

        libcurl would send again by itself where a reused connection died without an answer; a receiver may have seen
        the first one, so that is left to the retry policy.
        """
        if self.asked:
            self.stopped = REPEATED
            return _STOP
        if remote != self.order.pin and not _same(remote, self.order.pin):
            self.stopped = STRAYED
            return _STOP
        if not self._stands((remote, remote_port, local, local_port)):
            self.stopped = WITHERED
            return _STOP
        self.asked = True
        ask = self.order.about_to_write
        if ask is None:
            return _GO
        try:
            willing = ask()
        except BaseException as error:  # noqa: BLE001 - handed to who waits for the transfer; libcurl would drop it
            self.error = error
            willing = False
        if willing:
            return _GO
        self.stopped = STALE
        return _STOP

    def _stands(self, ends: tuple[str, int, str, int]) -> bool:
        """Whether the connection is new, or still open on the other side.

        libcurl looks at idle connections once a second only, which leaves time to write a request into a closed one. An
        idle connection has nothing to read but its end.
        """
        if self._socket >= 0:
            if len(self._sockets) >= _MAX_SOCKETS:
                self._sockets.clear()
            poll = self._sockets[ends] = select.poll()
            poll.register(self._socket, select.POLLIN)
            return True
        known = self._sockets.get(ends)
        return known is not None and not known.poll(0)


class _Opened:
    """A new socket on its way to libcurl, which duplicates it; ours closes with this object."""

    __slots__ = ("_descriptor",)

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def fileno(self) -> int:
        """What libcurl duplicates."""
        return self._descriptor

    def __del__(self) -> None:
        os.close(self._descriptor)


def _same(one: str, other: str) -> bool:
    """Whether two texts spell one address; C libraries and Python write IPv6 differently."""
    return one == other or ip_address(one) == ip_address(other)

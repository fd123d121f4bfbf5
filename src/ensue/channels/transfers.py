"""Hides libcurl: one transfer is a future on the running loop, its answer bounded, its connection held to one address.

libcurl's multi-socket interface is driven by the loop itself (add_reader, call_later), so it works under asyncio and
uvloop without a thread. Callbacks run inside libcurl, where nothing may raise and nothing may be added or removed.
"""

import asyncio
import os
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

_NEVER: Final = float("inf")
_SOCKET_BAD: Final[int] = pycurl.SOCKET_BAD
_GO: Final[int] = pycurl.PREREQFUNC_OK
_STOP: Final[int] = pycurl.PREREQFUNC_ABORT
_PLAIN_METHODS: Final = {"GET": pycurl.HTTPGET, "HEAD": pycurl.NOBODY, "POST": pycurl.POST}


class Fixed(msgspec.Struct, frozen=True):
    """What all transfers of one client share. `ca_file` is a PEM file in place of the system's authorities."""

    user_agent: str
    ca_file: str | None = None
    idle_s: int = 30
    lifetime_s: int = 300


class Order(msgspec.Struct, frozen=True, gc=False):
    """One request as libcurl gets it. `pin` is the vetted address as text; `headers` are lines without their end."""

    method: str
    url: str
    pin: str
    connect_to: str | None
    headers: list[str]
    body: bytes
    timeout_ms: int
    connect_timeout_ms: int
    about_to_write: Callable[[], bool] | None


class Transfer:
    """A reusable easy handle and what its callbacks gathered."""

    __slots__ = (
        "_connect_timeout_ms",
        "_connect_to",
        "_header_bytes",
        "_headers_done",
        "_method",
        "_room",
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

    def __init__(self, fixed: Fixed) -> None:
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
            (pycurl.PREREQFUNCTION, self._on_request),
        ):
            self.curl.setopt(option, value)
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
        self._room = MAX_BODY
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

    def _on_request(self, remote: str, _local: str, _remote_port: int, _local_port: int) -> int:
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


class Driver:
    """Runs transfers on one event loop. Not for use from several threads or loops."""

    def __init__(self, loop: asyncio.AbstractEventLoop, max_connections: int) -> None:
        self._loop = loop
        self._multi: Any = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)
        self._multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_NOTHING)
        self._multi.setopt(pycurl.M_MAXCONNECTS, max_connections)
        self._running: dict[Any, Transfer] = {}
        self._watched: dict[int, int] = {}
        self._timer: asyncio.Handle | None = None
        self._due = self._armed = _NEVER
        self._closed = False

    def start(self, transfer: Transfer) -> asyncio.Future[tuple[int, str]]:
        """Begins a prepared transfer; the future gets libcurl's code and message, 0 for success."""
        future: asyncio.Future[tuple[int, str]] = self._loop.create_future()
        transfer.future = future
        self._running[transfer.curl] = transfer
        self._multi.add_handle(transfer.curl)
        return future

    def stop(self, transfer: Transfer) -> None:
        """Ends a transfer that nobody waits for any more; its connection is closed."""
        if self._running.pop(transfer.curl, None) is not None:
            self._multi.remove_handle(transfer.curl)

    def close(self) -> None:
        """Ends every transfer (their futures say so) and closes every connection."""
        self._closed = True
        for transfer in list(self._running.values()):
            self._finish(transfer.curl, pycurl.E_ABORTED_BY_CALLBACK, "the client was closed")
        if self._timer is not None:
            self._timer.cancel()
        self._multi.close()
        for descriptor in list(self._watched):
            self._watch(descriptor, 0)

    def _on_socket(self, what: int, descriptor: int, _multi: Any, _data: Any) -> None:
        self._watch(descriptor, 0 if what == pycurl.POLL_REMOVE else what)

    def _watch(self, descriptor: int, wanted: int) -> None:
        """Brings the loop's readers and writers of a socket to what libcurl wants."""
        before = self._watched.get(descriptor, 0)
        if before == wanted:
            return
        changed = before ^ wanted
        if changed & pycurl.POLL_IN:
            if wanted & pycurl.POLL_IN:
                self._loop.add_reader(descriptor, self._act, descriptor, pycurl.CSELECT_IN)
            else:
                self._loop.remove_reader(descriptor)
        if changed & pycurl.POLL_OUT:
            if wanted & pycurl.POLL_OUT:
                self._loop.add_writer(descriptor, self._act, descriptor, pycurl.CSELECT_OUT)
            else:
                self._loop.remove_writer(descriptor)
        if wanted:
            self._watched[descriptor] = wanted
        else:
            del self._watched[descriptor]

    def _on_timer(self, wait_ms: int) -> None:
        """Notes when libcurl wants to be called. A timer that fires too early is cheaper than one set anew."""
        if self._closed:
            return
        if wait_ms < 0:
            self._due = _NEVER
            return
        self._due = self._loop.time() + wait_ms / 1000
        if self._due < self._armed:
            self._arm(wait_ms / 1000)

    def _arm(self, wait_s: float) -> None:
        """Sets the one timer; a wait of nothing is the loop's next turn."""
        if self._timer is not None:
            self._timer.cancel()
        self._armed = self._due
        self._timer = self._loop.call_later(wait_s, self._fire) if wait_s else self._loop.call_soon(self._fire)

    def _fire(self) -> None:
        self._timer = None
        self._armed = _NEVER
        if self._due == _NEVER or self._closed:
            return
        left = self._due - self._loop.time()
        if left > 0:
            self._arm(left)
            return
        self._due = _NEVER
        self._act(pycurl.SOCKET_TIMEOUT, 0)

    def _act(self, descriptor: int, events: int) -> None:
        """Lets libcurl work, then settles what ended meanwhile."""
        if self._closed:
            return
        try:
            _, running = self._multi.socket_action(descriptor, events)
        except pycurl.error as error:
            for curl in list(self._running):
                self._finish(curl, pycurl.E_FAILED_INIT, str(error))
            return
        if running < len(self._running):
            self._settle()

    def _settle(self) -> None:
        queued = 1
        while queued:
            queued, done, failed = self._multi.info_read()
            for curl in done:
                self._finish(curl, 0, "")
            for curl, code, message in failed:
                self._finish(curl, code, message)

    def _finish(self, curl: Any, code: int, message: str) -> None:
        transfer = self._running.pop(curl, None)
        if transfer is None:
            return
        self._multi.remove_handle(curl)
        if transfer.future is not None and not transfer.future.done():
            transfer.future.set_result((code, message))

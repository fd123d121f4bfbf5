"""Hides how a request to a URL that a user gave is made safely: the one guarded HTTP client (design section 8).

Order of every send: the URL is read (`domain/guard`), its host resolved once, every address vetted, and the connection
made to a vetted address and kept under it. Nothing is left to a second resolution, a redirect or the environment.
What goes wrong is a value; an exception is a programmer's error or a cancellation.
"""

import asyncio
from collections.abc import Callable
from ipaddress import ip_address
from time import monotonic
from typing import Final

import msgspec
import pycurl

from ensue.channels import transfers
from ensue.channels.driver import Driver
from ensue.channels.resolver import Resolver, SystemResolver
from ensue.channels.transfers import MAX_BODY, Fixed, Order, Transfer
from ensue.domain.errors import EnsueError
from ensue.domain.guard import Address, Allowed, Target, check_header, check_url, loopbacks, vet
from ensue.domain.hostname import is_nobodys

LOOKUP_S: Final = 2.0
"""How long `lookup` waits for a name, in seconds."""
_MAX_ADDRESSES: Final = 3
_MAX_REMEMBERED: Final = 4096
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_KINDS: Final[dict[int, str]] = {
    pycurl.E_COULDNT_CONNECT: "connect",
    pycurl.E_OPERATION_TIMEDOUT: "timeout",
    pycurl.E_SSL_CONNECT_ERROR: "tls",
    pycurl.E_SSL_CERTPROBLEM: "tls",
    pycurl.E_SSL_CIPHER: "tls",
    pycurl.E_PEER_FAILED_VERIFICATION: "tls",
    pycurl.E_SSL_CACERT_BADFILE: "tls",
    pycurl.E_SSL_ISSUER_ERROR: "tls",
    pycurl.E_SSL_INVALIDCERTSTATUS: "tls",
    pycurl.E_GOT_NOTHING: "closed",
    pycurl.E_SEND_ERROR: "closed",
    pycurl.E_RECV_ERROR: "closed",
    pycurl.E_PARTIAL_FILE: "closed",
}
_STOPPED: Final[dict[str, tuple[str, str]]] = {
    transfers.FLOODED: ("protocol", f"The answer's headers are longer than {transfers.MAX_HEADERS // 1024} KiB."),
    transfers.STRAYED: ("refused", "The connection leads to an address that was not vetted."),
    transfers.STALE: ("stale", "The delivery was no longer ours when its request was about to be written."),
    transfers.REPEATED: ("closed", "The connection closed before an answer came."),
}
_UNREADABLE: Final = frozenset({pycurl.E_BAD_CONTENT_ENCODING, pycurl.E_WRITE_ERROR})
_CONNECTING: Final = frozenset({pycurl.E_COULDNT_CONNECT, pycurl.E_OPERATION_TIMEDOUT})


class Request(msgspec.Struct, frozen=True, gc=False):
    """What is to be sent. `timeout_ms` bounds everything from the resolution to the answer's last byte.
    `encoding` is the coding of the body, which only a channel of ours may name."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    timeout_ms: int
    connect_timeout_ms: int = 5000
    encoding: str = ""


class Reply(msgspec.Struct, frozen=True, gc=False):
    """An answer, whatever its status. `body` is decompressed, at most 64 KiB; `truncated` says that more is missing."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    truncated: bool
    duration_ms: int


class Failure(msgspec.Struct, frozen=True, gc=False):
    """No usable answer. Kinds: `refused` by the guard, `resolve`, `connect`, `tls`, `timeout`, `protocol`, `closed`,
    and `stale`, where `about_to_write` said no and nothing was sent.
    """

    kind: str
    message: str
    duration_ms: int


class _Way(msgspec.Struct, frozen=True):
    """One vetted address: as text, and as libcurl is told to connect to it (None where the URL holds the address)."""

    pin: str
    connect_to: str | None


class Outbound:
    """The guarded client. It belongs to the event loop on which it is first used."""

    def __init__(
        self,
        allowed: Allowed,
        *,
        resolve: Resolver | None = None,
        ca_file: str | None = None,
        user_agent: str = "Ensue",
        max_connections: int = 1024,
        max_idle: int = 256,
        max_reply: int = MAX_BODY,
        connect_timeout_ms: int = 5_000,
    ) -> None:
        self.connect_timeout_ms = connect_timeout_ms
        self._allowed = allowed
        self._system = SystemResolver() if resolve is None else None
        self._resolve: Resolver = self._system or resolve  # type: ignore[assignment]  # one of the two is there
        self._fixed = Fixed(user_agent=user_agent, ca_file=ca_file, body_bytes=max_reply)
        self._max_connections = max_connections
        self._max_idle = max_idle
        self._driver: Driver | None = None
        self._idle: list[Transfer] = []
        self._closed = False
        self._targets: dict[str, tuple[Target, tuple[_Way, ...]]] = {}
        self._vetted: dict[tuple[str, int, tuple[str, ...]], tuple[_Way, ...]] = {}
        self._names: dict[str, bool] = {}
        self._last: dict[tuple[str, int], str] = {}

    async def send(self, request: Request, about_to_write: Callable[[], bool] | None = None) -> Reply | Failure:
        """Makes one request, at most once.

        `about_to_write` is asked when the connection stands and the request would be written next; what it raises is
        raised here.
        """
        begun = monotonic()
        try:
            lines = self._lines(request)
            target, ways = self._target(request.url)
            if not ways:
                ways = await self._ways(target, min(request.timeout_ms, request.connect_timeout_ms) / 1000)
        except EnsueError as error:
            kind = "resolve" if error.code == "unavailable" else "refused"
            return Failure(kind, error.message, _since(begun))
        if len(ways) > 1:
            return await self._try(request, target, ways, lines, about_to_write, begun)
        order = _order(request, target.url, ways[0], lines, about_to_write, _since(begun))
        return (await self._run(order, begun))[0]

    async def lookup(self, url: str, field: str | None = "url") -> str | None:
        """For the making of a trigger: a warning where the host does not resolve within 2 s, else None.

        Raises EnsueError('invalid', …, field) where the URL or one of its addresses is refused.
        """
        target = check_url(url, self._allowed, field)
        if self._literal(target):
            return None
        try:
            await self._ways(target, LOOKUP_S)
        except EnsueError as error:
            if error.code == "unavailable":
                return error.message
            raise EnsueError("invalid", error.message, field) from None
        return None

    async def close(self) -> None:
        """Ends every send (each returns a Failure `closed`) and every connection."""
        self._closed = True
        if self._system is not None:
            self._system.close()
        if self._driver is not None:
            self._driver.close()
        for transfer in self._idle:
            transfer.curl.close()
        self._idle.clear()

    async def _try(
        self,
        request: Request,
        target: Target,
        ways: tuple[_Way, ...],
        lines: list[str],
        about_to_write: Callable[[], bool] | None,
        begun: float,
    ) -> Reply | Failure:
        """Tries one vetted address after the other until a connection stands; then the request is written, once."""
        result: Reply | Failure | None = None
        for place, way in enumerate(ways):
            order = _order(request, target.url, way, lines, about_to_write, _since(begun), len(ways) - place)
            result, final = await self._run(order, begun)
            if final:
                self._prefer(target, way)
                return result
        return result or Failure("resolve", f"{target.host} has no address.", 0)

    async def _run(self, order: Order, begun: float) -> tuple[Reply | Failure, bool]:
        """One transfer, and whether its result is final: where no connection came about, another address may do."""
        if self._closed:
            return Failure("closed", "The client was closed.", _since(begun)), True
        driver = self._driver
        if driver is None:
            driver = self._driver = Driver(asyncio.get_running_loop(), self._max_connections)
        transfer = self._idle.pop() if self._idle else Transfer(self._fixed, driver.sockets)
        try:
            transfer.prepare(order)
            code, message = await driver.start(transfer)
            if transfer.stopped == transfers.WITHERED:  # nothing was written, and nobody asked whether to write
                transfer.prepare(msgspec.structs.replace(order, fresh=True))
                code, message = await driver.start(transfer)
            duration = _since(begun)
            if transfer.error is not None:
                raise transfer.error
            final = transfer.asked or bool(transfer.stopped) or code not in _CONNECTING or self._closed
            return self._result(transfer, code, message, duration), final
        except pycurl.error as error:
            return Failure("protocol", f"The request could not be made: {error}.", 0), True
        finally:
            driver.stop(transfer)
            self._release(transfer)

    def _result(self, transfer: Transfer, code: int, message: str, duration: int) -> Reply | Failure:
        """What became of a transfer, in our words."""
        if self._closed and code:
            return Failure("closed", "The client was closed.", duration)
        if transfer.stopped in _STOPPED:
            kind, words = _STOPPED[transfer.stopped]
            return Failure(kind, words, duration)
        # The receiver has answered, even where its body is too long or cannot be decompressed.
        truncated = bool(transfer.stopped) or code in _UNREADABLE
        if code and not truncated:
            return Failure(_KINDS.get(code, "protocol"), _sentence(transfer, code, message), duration)
        return Reply(transfer.status, _headers(transfer.lines), b"".join(transfer.chunks), truncated, duration)

    def _release(self, transfer: Transfer) -> None:
        transfer.forget()
        if self._closed or len(self._idle) >= self._max_idle:
            transfer.curl.close()
        else:
            self._idle.append(transfer)

    def _target(self, url: str) -> tuple[Target, tuple[_Way, ...]]:
        """The URL as read by the guard, and its ways where it needs no DNS; remembered, since both never change."""
        known = self._targets.get(url)
        if known is None:
            target = check_url(url, self._allowed)
            if len(self._targets) >= _MAX_REMEMBERED:
                self._targets.clear()
            known = self._targets[url] = (target, self._literal(target))
        return known

    def _literal(self, target: Target) -> tuple[_Way, ...]:
        if target.address is not None:
            return (_Way(str(target.address), None),)
        return tuple(_way(address, target.port) for address in loopbacks(target.host, self._allowed))

    async def _ways(self, target: Target, patience_s: float) -> tuple[_Way, ...]:
        """Resolves the host once and vets every address; one that is refused refuses the host.

        Raises EnsueError: 'unavailable' where there is no address, 'invalid' where one is refused.
        """
        host = target.host
        try:
            async with asyncio.timeout(patience_s):
                texts = tuple(await self._resolve(host))
            ways = self._vetted.get((host, target.port, texts)) or self._vet(target, texts)
        except TimeoutError:
            raise EnsueError("unavailable", f"{host} did not resolve in time; look at its name server.") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise _unresolved(host, f"{reason}.") from None
        if not ways:
            raise _unresolved(host, "it has no address.")
        if len(ways) > 1:
            last = self._last.get((host, target.port))
            ways = tuple(sorted(ways, key=lambda way: way.pin != last))
        return ways[:_MAX_ADDRESSES]

    def _vet(self, target: Target, texts: tuple[str, ...]) -> tuple[_Way, ...]:
        """The ways to a host that has these addresses; the same answer gets the same verdict, so it is remembered.

        Raises EnsueError('invalid') where one is refused, ValueError where a text is no address.
        """
        addresses = [ip_address(text) for text in texts]
        for address in addresses:
            reason = vet(address, self._allowed, target.host)
            if reason is not None:
                message = f"{target.host} resolves to {address}, which is {reason}. "
                raise EnsueError("invalid", message + "Let the operator add it to ENSUE_ALLOW_NETWORKS.")
        ways = tuple(_way(address, target.port) for address in addresses)
        if len(self._vetted) >= _MAX_REMEMBERED:
            self._vetted.clear()
        self._vetted[target.host, target.port, texts] = ways
        return ways

    def _prefer(self, target: Target, way: _Way) -> None:
        """Remembers which of several addresses answered, so that its connection is used again."""
        if len(self._last) >= _MAX_REMEMBERED:
            self._last.clear()
        self._last[target.host, target.port] = way.pin

    def _lines(self, request: Request) -> list[str]:
        """The headers as libcurl takes them, each checked again; raises EnsueError('invalid')."""
        if request.method not in _METHODS:
            raise EnsueError("invalid", f"The method {request.method!a} is not one of {', '.join(sorted(_METHODS))}.")
        lines = ["Expect:"]
        typed = False
        for name, value in request.headers:
            known = self._names.get(name)
            if known is None or not value.isascii() or not value.isprintable():
                known = self._check(name, value)
            typed = typed or known
            lines.append(f"{name}: {value}" if value.strip() else f"{name};")
        if not typed:
            lines.append("Content-Type:")
        if request.encoding:
            lines.append(f"Content-Encoding: {request.encoding}")
        return lines

    def _check(self, name: str, value: str) -> bool:
        """Checks a header by the guard; remembers its name, and whether that is the content type."""
        check_header(name, value)
        if len(self._names) >= _MAX_REMEMBERED:
            self._names.clear()
        typed = self._names[name] = name.lower() == "content-type"
        return typed


def _since(begun: float) -> int:
    """Milliseconds since then. Not by the loop's clock: to ask which loop runs is a system call."""
    return int((monotonic() - begun) * 1000)


def _order(
    request: Request,
    url: str,
    way: _Way,
    lines: list[str],
    about_to_write: Callable[[], bool] | None,
    spent_ms: int,
    ways_left: int = 1,
) -> Order:
    """What libcurl is told of one way; the time that is left to connect is shared with the ways after it."""
    return Order(
        method=request.method,
        url=url,
        pin=way.pin,
        connect_to=way.connect_to,
        headers=lines,
        body=request.body,
        timeout_ms=max(1, request.timeout_ms - spent_ms),
        connect_timeout_ms=max(1, (request.connect_timeout_ms - spent_ms) // ways_left),
        about_to_write=about_to_write,
    )


def _headers(lines: list[bytes]) -> tuple[tuple[str, str], ...]:
    """Header lines as names and values; a line that begins with a blank goes on with the one before (RFC 9112, 5.2)."""
    found: list[tuple[str, str]] = []
    for line in lines:
        text = line.decode("latin-1")
        if text[0] in " \t" and found:
            name, value = found[-1]
            found[-1] = (name, f"{value} {text.strip()}")
        else:
            name, _, value = text.partition(":")
            found.append((name.strip(), value.strip()))
    return tuple(found)


def _unresolved(host: str, why: str) -> EnsueError:
    if is_nobodys(host):
        why = "names with this ending are for examples, and nobody has one."
    return EnsueError("unavailable", f"{host} does not resolve: {why}")


def _way(address: Address, port: int) -> _Way:
    pin = str(address)
    return _Way(pin, f"::[{pin}]:{port}" if address.version == 6 else f"::{pin}:{port}")


def _sentence(transfer: Transfer, code: int, message: str) -> str:
    """What libcurl says, with what was being waited for."""
    if code == pycurl.E_OPERATION_TIMEDOUT:
        what = (
            f"no complete answer from {transfer.order.pin}"
            if transfer.asked
            else f"no connection to {transfer.order.pin}"
        )
        return f"Timed out: {what}."
    return f"{message or 'The transfer failed'} ({transfer.order.pin})."

"""Hides how a request becomes an answer: one path for every dialect, from the route to the words of a refusal.

`Application` is an ASGI application. `respond` is what stands between a `Call` and its `Answer`, whatever carried it:
ASGI here, or the protocol's short way for hot routes (`shortcut.py`).
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from msgspec.structs import force_setattr

from ensue.domain.errors import EnsueError
from ensue.domain.key import Key
from ensue.http import asgi
from ensue.http.auth import CHALLENGE, admit, body_limit, preflight
from ensue.http.console import Console
from ensue.http.dialect import Dialect, Engine
from ensue.http.exchange import Answer, Call, Headers, Route, Stream, problem_answer
from ensue.http.forwarded import TrustedProxies
from ensue.http.hot import HotRoutes
from ensue.http.pace import Buckets, Pace
from ensue.http.routing import Bound, Found, Router

log = logging.getLogger("ensue")

Clock = Callable[[], int]
"""The time in milliseconds UTC."""

_OPEN: Final = ((b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", b"*"))
"""A page of another origin may read the answer, its headers too: when to try again, ids that dialects put there."""


class Application:
    """All dialects on one port.

    `clock` gives the `now` of each call. `hot` knows what a POST to a raw path means, for the short way.
    """

    def __init__(
        self,
        engine: Engine,
        dialects: Sequence[Dialect],
        *,
        clock: Clock,
        proxies: TrustedProxies | None = None,
        pace: Pace | None = None,
        console: Console | None = None,
    ) -> None:
        self.engine = engine
        self.clock = clock
        self.proxies = proxies or TrustedProxies()
        self._buckets = Buckets(pace or Pace())
        self._console = console
        self.table = [Bound(route, dialect) for dialect in dialects for route in dialect.routes(engine)]
        self.hot = HotRoutes(self.table)
        self._router = Router(self.table)
        self._prefixes = sorted(
            ((prefix.rstrip("/"), dialect) for dialect in dialects for prefix in dialect.prefixes),
            key=lambda pair: -len(pair[0]),
        )
        self._streams: set[asyncio.Task[None]] = set()
        self._stopping = False

    @property
    def routes(self) -> Sequence[Route]:
        """The table of all dialects."""
        return [bound.route for bound in self.table]

    async def start(self) -> None:
        """Start the engine: after this, requests can be answered."""
        await self.engine.start()

    def close_streams(self) -> None:
        """End every live answer, and begin no other: the first act of a graceful stop."""
        self._stopping = True
        for task in self._streams:
            task.cancel()

    async def stop(self) -> None:
        """End live answers and stop the engine."""
        self.close_streams()
        await self.engine.stop()

    async def __call__(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        """The ASGI entry (3.0): HTTP and lifespan; anything else is closed."""
        if scope["type"] == "http":
            try:
                await self._http(scope, receive, send)
            except Exception:
                log.exception("The answer of %s cannot be sent.", scope["path"])
                raise
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _lifespan(self, receive: asgi.Receive, send: asgi.Send) -> None:
        await receive()
        await self.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _http(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        call = asgi.call_of(scope, self.clock(), self.proxies)
        found = self._router.find(call.raw_path)
        bound = found.bound(call.method) if found is not None else None
        if found is None or bound is None:
            await asgi.send_answer(send, self._no_route(found, call), call)
            return
        force_setattr(call, "parameters", found.parameters(bound.route))  # ours alone until a handler has it
        try:
            answer = await self.respond(bound, call, receive)
        except asgi.ClientGoneError:
            return
        if isinstance(answer, Answer):
            await asgi.send_answer(send, answer, call)
        elif call.method == "HEAD":
            await asgi.send_answer(send, Answer(answer.status, b"", answer.headers, answer.content_type), call)
        else:
            await self._live(bound, call, answer, receive, send)

    async def _live(self, bound: Bound, call: Call, stream: Stream, receive: asgi.Receive, send: asgi.Send) -> None:
        if self._stopping:
            error = EnsueError("unavailable", "The server is stopping; connect again.", retry_after=1)
            await asgi.send_answer(send, self._problem(bound.dialect, error, call), call)
            return
        try:
            await asgi.send_stream(receive, send, stream, self._streams)
        except Exception:
            log.exception("A live answer of %s failed.", bound.route.path)

    async def respond(self, bound: Bound, call: Call, receive: asgi.Receive | None = None) -> Answer | Stream:
        """The answer of a route to a call, whatever happens; `receive` reads the body where the call has none yet.

        Raises nothing but ClientGoneError.
        """
        try:
            answer = await self._handled(bound, call, receive)
        except EnsueError as error:
            answer = self._problem(bound.dialect, error, call)
        except asgi.ClientGoneError:
            raise
        except Exception:
            log.exception("%s %s failed.", call.method, call.path)
            answer = self._problem(bound.dialect, _fault(), call)
        if bound.route.public and call.has_header(b"origin"):
            return _open_to_origins(answer)
        return answer

    async def _handled(self, bound: Bound, call: Call, receive: asgi.Receive | None) -> Answer | Stream:
        route, dialect = bound.route, bound.dialect
        key = call.key
        if route.authenticated:
            if key is None:
                key = await self._key(bound, call)
                force_setattr(call, "key", key)
            if key is not None and not dialect.signs_bodies:
                self._admit(key, route, call)
        if receive is not None:
            await self._read(route, call, receive)
        elif len(call.body) > body_limit(route, key):
            raise asgi.too_large(body_limit(route, key))
        if key is not None and dialect.signs_bodies:
            dialect.verify(self.engine, call)
            self._admit(key, route, call)
        return await route.handler(self.engine, call)

    async def _key(self, bound: Bound, call: Call) -> Key | None:
        """The key of the call; None only where the route lets those in who have none."""
        try:
            return await bound.dialect.authenticate(self.engine, call, bound.route)
        except EnsueError as error:
            if bound.route.anonymous and error.code == "unauthorized":
                return None
            raise

    def _admit(self, key: Key, route: Route, call: Call) -> None:
        admit(key, route, call)
        if key.public:
            self._buckets.take(key.id, call.client, call.now)

    async def _read(self, route: Route, call: Call, receive: asgi.Receive | None) -> None:
        if route.body_limit is None or receive is None:
            return
        encoding = call.header("content-encoding")
        if encoding is not None and encoding.strip().lower() not in {"", "identity"}:
            raise EnsueError("unsupported", f"Bodies encoded as {encoding[:40]!r} are not read here; send it plain.")
        force_setattr(call, "body", await asgi.read_body(receive, call, body_limit(route, call.key)))

    def refusal(self, error: EnsueError, call: Call) -> Answer:
        """A refusal in the words of whoever owns the path, else in the native form."""
        dialect = self._owner(call.path)
        return self._problem(dialect, error, call) if dialect is not None else _with_hints(problem_answer(error), error)

    def _problem(self, dialect: Dialect, error: EnsueError, call: Call) -> Answer:
        return _with_hints(dialect.problem(error, call), error)

    def _owner(self, path: str) -> Dialect | None:
        for prefix, dialect in self._prefixes:
            if _under(path, prefix):
                return dialect
        return None

    def _no_route(self, found: Found | None, call: Call) -> Answer:
        if found is None:
            owned = any(prefix and _under(call.path, prefix) for prefix, _ in self._prefixes)
            page = self._console.answer(call, owned=owned) if self._console is not None else None
            if page is not None:
                return page
            return self.refusal(EnsueError("not_found", f"There is nothing at {call.path[:200]!r}."), call)
        allow: Headers = ((b"allow", ", ".join(found.allow).encode("ascii")),)
        if call.method == "OPTIONS":
            wanted = found.bound(call.header("access-control-request-method") or "")
            answer = preflight(wanted.route.method, wanted.route.public) if wanted else Answer(204, content_type=None)
        else:
            error = EnsueError("not_allowed", f"{call.method} is not done here; {', '.join(found.allow)} are.")
            answer = self._problem(next(iter(found.methods.values())).dialect, error, call)
        return Answer(answer.status, answer.body, answer.headers + allow, answer.content_type)


def _under(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix + "/")


def _fault() -> EnsueError:
    return EnsueError("internal", "Something went wrong here; the server's log says what.")


def _with_hints(answer: Answer, error: EnsueError) -> Answer:
    hints: list[tuple[bytes, bytes]] = []
    if error.retry_after is not None:
        hints.append((b"retry-after", b"%d" % error.retry_after))
    if answer.status == 401:
        hints.append(CHALLENGE)
    return Answer(answer.status, answer.body, answer.headers + tuple(hints), answer.content_type) if hints else answer


def _open_to_origins(answer: Answer | Stream) -> Answer | Stream:
    if isinstance(answer, Stream):
        return answer
    return Answer(answer.status, answer.body, answer.headers + _OPEN, answer.content_type)

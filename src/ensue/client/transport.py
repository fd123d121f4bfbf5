"""Hides how a call of the API gets there: connections that are kept, time-outs, and when it is safe to ask again.

What was never sent, and what the server says it did not do (429, 503), is asked again; what may have happened (a
connection lost after sending, 502, 504) only where a repeat does no harm: reading, replacing, and what carries an
idempotency key.
"""

import random
import select
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from itertools import count
from typing import Any, Final, TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import Struct

from ensue.domain.errors import STATUS, EnsueError
from ensue.version import VERSION

T = TypeVar("T")

_AGAIN: Final = frozenset({429, 502, 503, 504})
_UNDONE: Final = frozenset({429, 503})
"""Statuses that are worth another try, and those by which the server says that it did nothing."""

_FIRST_WAIT: Final = 0.2
_LONGEST_WAIT: Final = 30.0
_KEPT: Final = 8
_CODES: Final = {status: code for code, status in STATUS.items()}

QueryValue = str | int | float | bool | datetime | Sequence[str] | None
"""What a filter may be: None leaves it out, a list repeats it, a datetime has a zone."""


class ApiError(EnsueError):
    """A refusal by the server, or `unreachable`: it did not answer.

    `code`, `message` and `field` are those of its error body, `status` its HTTP status (0: there was no answer),
    `retry_after` the seconds that it asked to wait.
    """

    def __init__(
        self, code: str, message: str, field: str | None = None, status: int = 0, *, retry_after: int | None = None
    ) -> None:
        super().__init__(code, message, field, retry_after=retry_after)
        self._status = status

    @property
    def status(self) -> int:
        """The HTTP status of the answer; 0 when there was none."""
        return self._status


class _UnsentError(ApiError):
    """The server never saw the request."""


class Call(Struct, frozen=True, kw_only=True):
    """One request. `repeatable`: a second time does no harm."""

    method: str
    path: str
    query: Mapping[str, QueryValue] = {}
    body: bytes | None = None
    repeatable: bool = True
    headers: Mapping[str, str] = {}


class Transport:
    """Connections to one server; threads may share it. Raises ApiError `invalid` for what is no address."""

    def __init__(
        self,
        url: str,
        key: str | None,
        *,
        timeout: float = 15.0,
        retries: int = 4,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = url.rstrip("/")
        self.timeout = timeout
        self._secure, self._host, self._port, self._prefix = _parts(url)
        self._key = _checked(key)
        self._retries = retries
        self._sleep = sleep
        self._idle: list[HTTPConnection] = []

    def call(self, call: Call) -> Any:
        """The answer's JSON (None for an empty one). Raises ApiError."""
        return self._persist(call, self._whole)

    @contextmanager
    def open(self, call: Call, timeout: float) -> Iterator[Iterator[bytes]]:
        """The lines of an answer as they come, until it ends or breaks, on a connection of its own.

        `timeout`: seconds that may pass without a byte. Raises ApiError when it does not begin.
        """
        connection, response = self._persist(call, partial(self._begun, timeout=timeout))
        try:
            yield _lines(response)
        finally:
            response.close()
            connection.close()

    def problems(self) -> Sequence[str]:
        """What keeps the server from serving, as it says itself (`/readyz`); empty when ready. Raises ApiError."""
        connection = self._connection()
        response = self._ask(connection, Call(method="GET", path="/readyz"))
        try:
            body = response.read()
        except (OSError, HTTPException) as error:
            raise self._unreachable(error) from None
        finally:
            connection.close()
        try:
            return [str(problem) for problem in msgspec.json.decode(body)["problems"]]
        except (ValueError, KeyError, TypeError):
            raise _refusal(response, body) from None

    def close(self) -> None:
        """Let go of idle connections."""
        while self._idle:
            self._idle.pop().close()

    def pause(self, tries: int) -> None:
        """Wait as long as is right after `tries` failures in a row."""
        self._sleep(_back_off(tries))

    def _persist(self, call: Call, attempt: Callable[[Call], T]) -> T:
        for tries in count():
            try:
                return attempt(call)
            except ApiError as error:
                wait = None if tries >= self._retries else _wait(error, call, tries)
                if wait is None:
                    raise
            self._sleep(wait)
        raise AssertionError

    def _whole(self, call: Call) -> Any:
        connection = self._connection()
        response = self._ask(connection, call)
        try:
            body = response.read()
        except (OSError, HTTPException) as error:
            connection.close()
            raise self._unreachable(error) from None
        if response.will_close or len(self._idle) >= _KEPT:
            connection.close()
        else:
            self._idle.append(connection)
        return _judged(response, body)

    def _begun(self, call: Call, timeout: float) -> tuple[HTTPConnection, HTTPResponse]:
        connection = self._connect(timeout)
        response = self._ask(connection, call)
        if response.status >= 300:
            try:
                _judged(response, response.read())
            except (OSError, HTTPException) as error:
                raise self._unreachable(error) from None
            finally:
                connection.close()
        return connection, response

    def _ask(self, connection: HTTPConnection, call: Call) -> HTTPResponse:
        try:
            connection.request(call.method, self._target(call), call.body, self._headers(call))
            return connection.getresponse()
        except (OSError, HTTPException) as error:
            connection.close()
            raise self._unreachable(error) from None

    def _target(self, call: Call) -> str:
        given = {name: _query_text(value) for name, value in call.query.items() if value is not None}
        return f"{self._prefix}{call.path}" + (f"?{urlencode(given, doseq=True)}" if given else "")

    def _headers(self, call: Call) -> dict[str, str]:
        headers = {"Accept": "application/json", "User-Agent": f"ensue-python/{VERSION}", **call.headers}
        if call.body is not None:
            headers.setdefault("Content-Type", "application/json")
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        return headers

    def _connection(self) -> HTTPConnection:
        while self._idle:
            connection = self._idle.pop()
            if _is_open(connection):
                return connection
            connection.close()
        return self._connect(self.timeout)

    def _connect(self, timeout: float) -> HTTPConnection:
        kind = HTTPSConnection if self._secure else HTTPConnection
        connection = kind(self._host, self._port, timeout=timeout)
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            raise self._unreachable(error, unsent=True) from None
        return connection

    def _unreachable(self, error: Exception, *, unsent: bool = False) -> ApiError:
        kind = _UnsentError if unsent else ApiError
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return kind(
            "unreachable", f"{self.url} does not answer ({reason}). Is the server running, and is this its address?"
        )


def _parts(url: str) -> tuple[bool, str, int, str]:
    """Whether it is https, host, port and path of an address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ApiError("invalid", f"{url!r} is no address of a server; one looks like http://127.0.0.1:4122.", "url")
    secure = parts.scheme == "https"
    return secure, parts.hostname, port or (443 if secure else 80), parts.path.rstrip("/")


def _checked(key: str | None) -> str | None:
    key = key.strip() if key else None
    if key and not (key.isascii() and key.isprintable()):
        raise ApiError("unauthorized", "This is no key: keys look like ens_… and are plain ASCII.", "key")
    return key or None


def _is_open(connection: HTTPConnection) -> bool:
    """Whether an idle connection is still good: one that the other side closed has something to read, its end."""
    if connection.sock is None:
        return False
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return not poll.poll(0)


def _query_text(value: QueryValue) -> str | Sequence[str]:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str | Sequence) else str(value)


def _wait(error: ApiError, call: Call, tries: int) -> float | None:
    """Seconds until the next try, or None where there must be none."""
    undone = isinstance(error, _UnsentError) or error.status in _UNDONE
    worth_it = error.code == "unreachable" or error.status in _AGAIN
    if not worth_it or not (call.repeatable or undone):
        return None
    wait = _back_off(tries) if error.retry_after is None else float(error.retry_after)
    return wait if wait <= _LONGEST_WAIT else None


def _back_off(tries: int) -> float:
    wait = _FIRST_WAIT * 2.0 ** min(tries, 6)
    return wait * random.uniform(0.75, 1.0)  # noqa: S311 - spreads clients, hides nothing


def _lines(response: HTTPResponse) -> Iterator[bytes]:
    try:
        yield from response
    except (OSError, HTTPException):
        return


def _judged(response: HTTPResponse, body: bytes) -> Any:
    """The JSON of a good answer. Raises ApiError for a refusal, and for what is no answer of Ensue's."""
    if response.status >= 300:
        raise _refusal(response, body)
    try:
        return msgspec.json.decode(body) if body else None
    except ValueError:
        raise ApiError(
            "internal", "The answer is no JSON; is this the address of Ensue?", status=response.status
        ) from None


def _refusal(response: HTTPResponse, body: bytes) -> ApiError:
    status = response.status
    after = response.headers.get("Retry-After", "")
    retry_after = int(after) if after.isascii() and after.isdigit() else None
    try:
        said = msgspec.json.decode(body)["error"]
        return ApiError(said["code"], said["message"], said.get("field"), status, retry_after=retry_after)
    except (ValueError, KeyError, TypeError, AttributeError):
        message = f"The answer was {status} {response.reason}, not in Ensue's words; is this its address?"
        return ApiError(_CODES.get(status, "internal"), message, status=status, retry_after=retry_after)

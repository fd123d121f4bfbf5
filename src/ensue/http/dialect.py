"""Hides in whose words Ensue is spoken to: the protocol of a dialect, which translates and nothing else (design 5).

A dialect is found by the entry point group `ensue.dialects`. The native one has no privileges.
"""

from collections.abc import Sequence
from typing import Protocol

from ensue.domain.errors import EnsueError
from ensue.domain.key import Key
from ensue.http.exchange import Answer, Call, Route


class Keys(Protocol):
    """What the edge asks of the engine about credentials."""

    def known(self, token: str) -> Key | None:
        """The key of a token, if it is at hand and holds; never waits."""

    async def authenticate(self, token: str) -> Key:
        """The key of a token. Raises EnsueError `unauthorized` for one that is unknown or revoked."""


class Engine(Protocol):
    """What the edge itself asks of an engine; handlers know more of it."""

    @property
    def keys(self) -> Keys:
        """Who may do what."""

    async def start(self) -> None:
        """Open the store and begin to work."""

    async def stop(self) -> None:
        """Finish, release what is unfinished, and close the store."""


class Dialect(Protocol):
    """A language that clients speak, as a table of routes and three translations.

    `prefixes` are the paths that it owns: what is wrong under them is answered in its words; the longest prefix wins,
    and "" owns whatever no other does. `signs_bodies`: a credential may cover the body, so that `verify` is asked once
    the body is read. Whoever names no key that holds makes the server read none, in every dialect.
    """

    @property
    def name(self) -> str:
        """By what the entry point is called."""

    @property
    def prefixes(self) -> Sequence[str]:
        """The paths that are its own."""

    @property
    def signs_bodies(self) -> bool:
        """Whether `verify` is to be asked."""

    def routes(self, engine: Engine) -> Sequence[Route]:
        """Its table, the same for the life of the engine."""

    def known(self, engine: Engine, call: Call, route: Route) -> Key | None:
        """The key of the call, if headers and what is at hand suffice; None sends the call to `authenticate`.

        Asked for hot routes before the body is read. Never waits, never raises.
        """

    async def authenticate(self, engine: Engine, call: Call, route: Route) -> Key:
        """The key that the call names, whatever its rights, by its headers alone. Raises EnsueError `unauthorized`."""

    def verify(self, engine: Engine, call: Call) -> None:
        """Whether `call`, with its key and its body, is proved where its credential covers the body; never waits.

        Raises EnsueError `unauthorized` where it is not.
        """

    def problem(self, error: EnsueError, call: Call) -> Answer:
        """A refusal in its words. `retry-after`, `allow` and `www-authenticate` are added by the application."""

"""Hides how the edge speaks with the dialect of Operational: its credentials, its refusals, its table of routes."""

from collections.abc import Sequence

from ensue.http.auth import ByToken
from ensue.http.dialect import Engine
from ensue.http.exchange import Route


class OperationalDialect(ByToken):
    """Operational."""

    name = "operational"
    prefixes = ("/api/v1/log", "/api/v1/ingest", "/api/v1/identify")

    def routes(self, engine: Engine) -> Sequence[Route]:  # noqa: ARG002 - the protocol's shape
        """The table."""
        return ()

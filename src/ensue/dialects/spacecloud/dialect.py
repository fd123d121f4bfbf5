"""Hides how the edge speaks with the dialect of Space Cloud: its credentials, its refusals, its table of routes."""

from collections.abc import Sequence

from ensue.http.auth import ByToken
from ensue.http.dialect import Engine
from ensue.http.exchange import Route


class SpaceCloudDialect(ByToken):
    """Space Cloud."""

    name = "spacecloud"
    prefixes = ("/v1/api", "/v1/config")

    def routes(self, engine: Engine) -> Sequence[Route]:  # noqa: ARG002 - the protocol's shape
        """The table."""
        return ()

"""Hides how the edge speaks with the dialect of SuprSend: its credentials, its refusals, its table of routes."""

from collections.abc import Sequence

from ensue.http.auth import ByToken
from ensue.http.dialect import Engine
from ensue.http.exchange import Route


class SuprSendDialect(ByToken):
    """SuprSend."""

    name = "suprsend"
    prefixes = ("/event", "/v2", "/trigger", "/v1/user")

    def routes(self, engine: Engine) -> Sequence[Route]:  # noqa: ARG002 - the protocol's shape
        """The table."""
        return ()

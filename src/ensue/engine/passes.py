"""Hides how a receiver that knows Space Cloud is told who calls: by tokens that the project's oldest live key signs.

They are made anew for each second, so that none outlives its end by being remembered, nor the key that signed it.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from ensue.channels.base import Destination
from ensue.domain import ids
from ensue.domain.conversation import passes
from ensue.engine.keys import Keys
from ensue.engine.tokens import mint

_REMEMBERED: Final = 1_000


class _Made(Struct, frozen=True):
    """The headers of one project, signed by `key_id` in the second `made_at`."""

    key_id: str
    made_at: int
    headers: Mapping[str, str]


class Passes:
    """Adds the tokens to what is sent; this process is one node."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._node = ids.prefixed_id("node_", 0)
        self._made: dict[str, _Made] = {}

    async def added(self, destination: Destination, project: str, now: int) -> Destination:
        """`destination` with the tokens of `project` at `now` (ms), to be masked like every secret header; a header
        that the trigger gives itself wins. A project without a live key that can sign has none."""
        headers = await self._headers(project, now)
        own = {name.lower() for name in (*destination.headers, *destination.secret_headers)}
        missing = {name: value for name, value in headers.items() if name.lower() not in own}
        return replace(destination, secret_headers=missing | destination.secret_headers)

    async def _headers(self, project: str, now: int) -> Mapping[str, str]:
        signer = await self._keys.signer(project)
        if signer is None:
            return {}
        key, secret = signer
        made = self._made.get(project)
        if made is None or made.key_id != key.id or made.made_at != now // 1000:
            if len(self._made) >= _REMEMBERED:
                self._made.clear()
            claims = passes(self._node, now)
            headers = {name: f"Bearer {mint(claimed, key.id, secret)}" for name, claimed in claims.items()}
            made = self._made[project] = _Made(key.id, now // 1000, headers)
        return made.headers

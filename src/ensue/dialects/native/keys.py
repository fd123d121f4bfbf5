"""Hides how keys are spoken of in the native API: made by an admin of their project, shown once, listed, revoked."""

from typing import Final

from msgspec import Struct

from ensue.dialects.native.paging import LIMIT, NEXT, Parameters, next_page
from ensue.dialects.native.render import KeyPage, key_view, new_key_view
from ensue.domain.decoding import decode
from ensue.domain.errors import EnsueError
from ensue.domain.key import check_scopes
from ensue.engine.engine import Engine
from ensue.http.exchange import Answer, Call, json_answer

PAGE: Final = (LIMIT, NEXT)
MAX_NAME: Final = 255
_OF: Final = "key"


class KeyDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """A key to be made: a name to know it by, and what it may do (everything in its project, if left out).

    A `public` one, for browsers, may only send events, from pages of `origins` where any are given
    (`https://shop.example`). `verifier` is an RSA public key in PEM: whoever holds the private half signs the key's
    JWTs, by RS256. Neither kind has a secret.
    """

    name: str = ""
    scopes: list[str] | None = None
    public: bool = False
    origins: list[str] = []
    verifier: str | None = None


async def create(engine: Engine, call: Call) -> Answer:
    """`POST /keys`: what is secret is in this answer only."""
    call.query_values()
    draft = decode(call.body, KeyDraft) if call.body.strip() else KeyDraft()
    name = draft.name.strip()
    if len(name) > MAX_NAME or not name.isprintable():
        raise EnsueError("invalid", f"'name' is up to {MAX_NAME} printable characters.", "name")
    scopes = () if draft.scopes is None else check_scopes(draft.scopes)
    new = await engine.keys.create(
        call.project, scopes, name, public=draft.public, origins=draft.origins, verifier=draft.verifier
    )
    return json_answer(201, new_key_view(new))


async def page(engine: Engine, call: Call) -> Answer:
    """`GET /keys`, revoked ones too."""
    parameters = Parameters(call, PAGE)
    limit = parameters.limit()
    found = list(await engine.keys.list(call.project, parameters.before(_OF), limit + 1))
    shown = found[:limit]
    place = shown[-1].id if len(found) > limit else None
    return json_answer(200, KeyPage([key_view(key) for key in shown], next_page(_OF, place)))


async def read(engine: Engine, call: Call) -> Answer:
    """`GET /keys/{id}`."""
    call.query_values()
    return json_answer(200, key_view(await engine.keys.get(call.project, call.parameters["id"])))


async def revoke(engine: Engine, call: Call) -> Answer:
    """`DELETE /keys/{id}`: it ends for good, and stays in the list."""
    call.query_values()
    return json_answer(200, key_view(await engine.keys.revoke(call.project, call.parameters["id"])))

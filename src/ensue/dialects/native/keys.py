"""Hides how keys are spoken of in the native API: made by an admin of their project, shown once, listed, revoked."""

from typing import Final

from msgspec import Struct

from ensue.dialects.native.paging import LIMIT, NEXT, Parameters, next_page
from ensue.dialects.native.render import KeyPage, NewKeyView, key_view
from ensue.domain.decoding import decode
from ensue.domain.errors import EnsueError
from ensue.domain.key import check_scopes
from ensue.domain.schedule import format_time
from ensue.engine.engine import Engine
from ensue.http.exchange import Answer, Call, json_answer

PAGE: Final = (LIMIT, NEXT)
MAX_NAME: Final = 255
_OF: Final = "key"


class KeyDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """A key to be made: a name to know it by, and what it may do (everything in its project, if left out)."""

    name: str = ""
    scopes: list[str] | None = None


async def create(engine: Engine, call: Call) -> Answer:
    """`POST /keys`: token, secret and JWT are in this answer only."""
    call.query_values()
    draft = decode(call.body, KeyDraft) if call.body.strip() else KeyDraft()
    name = draft.name.strip()
    if len(name) > MAX_NAME or not name.isprintable():
        raise EnsueError("invalid", f"'name' is up to {MAX_NAME} printable characters.", "name")
    scopes = () if draft.scopes is None else check_scopes(draft.scopes)
    new = await engine.keys.create(call.project, scopes, name)
    view = NewKeyView(
        id=new.key.id,
        name=new.key.name,
        scopes=new.key.scopes,
        created_at=format_time(new.key.created_at),
        project=new.project.slug,
        token=new.token,
        secret=new.secret,
        jwt=new.jwt,
    )
    return json_answer(201, view)


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

"""Hides how keys are spoken of in the native API: made by an admin of their project, shown once, listed, revoked."""

from typing import Final

from msgspec import Struct

from ensue.dialects.native.paging import LIMIT, NEXT, Parameters, next_page
from ensue.domain.decoding import decode
from ensue.domain.errors import EnsueError
from ensue.domain.key import Key, Scope, check_scopes
from ensue.domain.schedule import format_time
from ensue.engine.engine import Engine
from ensue.engine.keys import NewKey
from ensue.engine.tokens import Algorithm, algorithm_of
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


class KeyView(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A key as it comes out: never its token or secret. `algorithm` is what its JWTs are signed by. `last_used_at` is
    to the hour, and missing where it never was."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: str
    algorithm: Algorithm
    revoked_at: str | None = None
    last_used_at: str | None = None
    public: bool = False
    origins: tuple[str, ...] = ()


class KeyPage(Struct, frozen=True):
    """Keys, newest first; `next` goes on, null at the end."""

    items: list[KeyView]
    next: str | None = None


class NewKeyView(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A key as it is shown once. `project` is the slug; `jwt` is for Space Cloud's clients.

    A public key, and one with a verifier, has neither `secret` nor `jwt`.
    """

    id: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: str
    algorithm: Algorithm
    project: str
    token: str
    secret: str = ""
    jwt: str = ""
    public: bool = False
    origins: tuple[str, ...] = ()


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
    used = await engine.keys.uses.of(call.project, [key.id for key in shown])
    return json_answer(200, KeyPage([key_view(key, used.get(key.id)) for key in shown], next_page(_OF, place)))


async def read(engine: Engine, call: Call) -> Answer:
    """`GET /keys/{id}`."""
    call.query_values()
    return await _shown(engine, await engine.keys.get(call.project, call.parameters["id"]))


async def _shown(engine: Engine, key: Key) -> Answer:
    used = await engine.keys.uses.of(key.project, [key.id])
    return json_answer(200, key_view(key, used.get(key.id)))


class FirstKeyView(Struct, frozen=True):
    """The token of the very first key, to be pasted into a first call."""

    token: str


async def first(engine: Engine, call: Call) -> Answer:
    """`GET /keys/first`, as long as the file with it is beside the data."""
    call.query_values()
    token = await engine.keys.first(call.project)
    if token is None:
        raise EnsueError("not_found", "The first key of this project is not at hand; make another one.")
    return json_answer(200, FirstKeyView(token))


async def revoke(engine: Engine, call: Call) -> Answer:
    """`DELETE /keys/{id}`: it ends for good, and stays in the list."""
    call.query_values()
    return await _shown(engine, await engine.keys.revoke(call.project, call.parameters["id"]))


def key_view(key: Key, used: int | None) -> KeyView:
    """A key as it comes out; `used` is when it was last used (ms)."""
    return KeyView(
        id=key.id,
        name=key.name,
        scopes=key.scopes,
        created_at=format_time(key.created_at),
        algorithm=algorithm_of(key),
        revoked_at=None if key.revoked_at is None else format_time(key.revoked_at),
        last_used_at=None if used is None else format_time(used),
        public=key.public,
        origins=key.origins,
    )


def new_key_view(new: NewKey) -> NewKeyView:
    """A key as it is shown once."""
    key = new.key
    return NewKeyView(
        id=key.id,
        name=key.name,
        scopes=key.scopes,
        created_at=format_time(key.created_at),
        algorithm=algorithm_of(key),
        project=new.project.slug,
        token=new.token,
        secret=new.secret,
        jwt=new.jwt,
        public=key.public,
        origins=key.origins,
    )

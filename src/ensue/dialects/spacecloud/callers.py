"""Hides who speaks: a JWT signed with a key of the project, or the key's plain token, and what both of them allow.

Rights are the token's claims *and* the key's scopes: an admin is who claims so with a key that may (design section 8).
"""

from typing import Any, Final

from ensue.dialects.spacecloud.words import RefusedError
from ensue.domain.errors import EnsueError
from ensue.domain.key import Key
from ensue.domain.project import Project
from ensue.engine import tokens
from ensue.engine.engine import Engine
from ensue.engine.tokens import Identity
from ensue.http.exchange import Call

INTERNAL: Final = "internal-sc-user"
"""The claim `id` of a token that passes every security rule; it counts only if its key is an admin's."""

_PLAIN: Final = "ens_"
_RECEIVERS: Final = "SpaceCloud"
"""The role in the tokens that go out with each webhook (`domain/conversation.py`): they say who calls, and no more."""
_MALFORMED: Final = "Unable to parse token, token is malformed"
_UNKNOWN_KEY: Final = "Unable to parse token or secret with given kid does not exists"
_NOT_SIGNED: Final = "Failed to parse token or authentication secrets not set in space cloud config"


async def project_of(engine: Engine, call: Call) -> Project:
    """The project that the path names by slug or id."""
    name = call.parameters["project"]
    project = engine.rules.project(name) or await engine.keys.find_project(name)
    if project is None:
        raise RefusedError(400, f"project ({name[:80]}) not found in server state", None)
    return project


def token_of(call: Call) -> str:
    """The token of `Authorization: Bearer`, empty where there is none."""
    given = call.header("authorization") or ""
    return given[7:].strip() if given[:7].lower() == "bearer " else ""


def known_identity(engine: Engine, token: str, project: Project) -> Identity | None:
    """Whose token this is, if that is at hand and no reason to refuse it; never waits."""
    if token.startswith(_PLAIN):
        key = engine.keys.known(token)
        return Identity(key, plain_claims(key)) if key is not None and key.project == project.id else None
    speaker = engine.keys.remembered(token, project.id)
    return None if speaker is None or _is_of_receiver(speaker) else speaker


async def identity(engine: Engine, token: str, project: Project) -> Identity:
    """Whose token this is, and what it claims. EnsueError `unauthorized`."""
    found = known_identity(engine, token, project)
    if found is not None:
        return found
    if token.startswith(_PLAIN):
        key = await engine.keys.authenticate(token)
        if key.project != project.id:
            raise EnsueError("unauthorized", f"This key is of another project than '{project.slug}'.")
        return Identity(key, plain_claims(key))
    speaker = await engine.keys.verified(token, project.id)
    if _is_of_receiver(speaker):
        raise EnsueError("unauthorized", "This token tells a receiver who calls it; it is no credential here.")
    return speaker


def _is_of_receiver(speaker: Identity) -> bool:
    return bool(speaker.claims.get("role") == _RECEIVERS)


def plain_claims(key: Key) -> dict[str, Any]:
    """What a key's plain token stands for: the claims of the JWT that was handed out with it."""
    return {"id": key.id} | ({"role": "admin"} if key.may("admin") else {})


def is_admin(speaker: Identity) -> bool:
    """Whether both the claims and the key say so."""
    role = speaker.claims.get("role")
    return isinstance(role, str) and "admin" in role and speaker.key.may("admin")


def is_internal(speaker: Identity) -> bool:
    """Whether every security rule is passed."""
    return speaker.claims.get("id") == INTERNAL and speaker.key.may("admin")


async def admin(engine: Engine, call: Call, project: Project, status: int) -> Key:
    """The key of an admin; anybody else is refused with `status`."""
    token = token_of(call)
    try:
        speaker = await identity(engine, token, project)
    except EnsueError as error:
        raise await refused_token(engine, token, error, status) from None
    if not isinstance(speaker.claims.get("role"), str):
        raise RefusedError(status, "Invalid token provided. Claim `role` is absent.")
    if not is_admin(speaker):
        message = "Only admins are authorised to make this request."
        raise RefusedError(
            status,
            message,
            f"It takes the claim 'role': 'admin' and a key with the scope 'admin'; "
            f"the key {speaker.key.id} has {', '.join(speaker.key.scopes)}.",
        )
    return speaker.key


async def refused_token(engine: Engine, token: str, error: EnsueError, status: int) -> EnsueError:
    """The refusal of a token in their words; any other error as it is."""
    if error.code != "unauthorized":
        return error
    return RefusedError(status, await _what_is_wrong(engine, token), error.message)


async def _what_is_wrong(engine: Engine, token: str) -> str:
    if token.startswith(_PLAIN):
        return _NOT_SIGNED
    try:
        key_id = tokens.read(token).key_id
    except EnsueError:
        return _MALFORMED
    try:
        if key_id is not None:
            await engine.keys.by_id(key_id)
    except EnsueError:
        return _UNKNOWN_KEY
    return _NOT_SIGNED

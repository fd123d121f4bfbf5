"""Hides how eventing is configured in Space Cloud's words: settings, triggers, rules and schemas, read and written.

Whoever gets here is an admin of the project (`dialect.py`). What is wrong is a 400.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct, field

from ensue.dialects.spacecloud.callers import INTERNAL, project_of
from ensue.dialects.spacecloud.triggers import in_their_words, read_trigger, shown_trigger
from ensue.dialects.spacecloud.words import DONE, RefusedError, result
from ensue.domain.decoding import decode
from ensue.domain.errors import EnsueError
from ensue.domain.eventing import EventingSettings
from ensue.domain.trigger import Format
from ensue.engine import tokens
from ensue.engine.engine import Engine
from ensue.http.exchange import Answer, Call

ALL: Final = "*"
TOKEN_FOR: Final = 30 * 60
"""Seconds that a generated token holds."""


class SettingsBody(Struct, frozen=True):
    """The settings as they are sent; older clients name the database by its kind."""

    enabled: bool = False
    alias: str | None = field(default=None, name="dbAlias")
    kind: str | None = field(default=None, name="dbType")


class SchemaBody(Struct, frozen=True):
    """A schema as it is sent."""

    schema: str


async def read_settings(engine: Engine, call: Call) -> Answer:
    """`GET …/eventing/config`."""
    settings = engine.eventing.admission((await project_of(engine, call)).id).settings
    return result([{"enabled": settings.enabled, "dbAlias": settings.database}])


async def write_settings(engine: Engine, call: Call) -> Answer:
    """`POST …/eventing/config[/{id}]` and `…/event-triggers/config`."""
    sent = decode(call.body, SettingsBody)
    database = sent.alias or sent.kind or ""
    if len(database) > 255:
        raise EnsueError("invalid", "'dbAlias' is up to 255 characters.", "dbAlias")
    await engine.eventing.configure((await project_of(engine, call)).id, EventingSettings(sent.enabled, database))
    return DONE


async def read_triggers(engine: Engine, call: Call) -> Answer:
    """`GET …/eventing/triggers?id=`."""
    triggers = engine.eventing.triggers((await project_of(engine, call)).id)
    shown = [shown_trigger(trigger) for trigger in triggers]
    return result(_chosen(call, shown, "Trigger rule ({}) does not exists for eventing config"))


async def write_trigger(engine: Engine, call: Call) -> Answer:
    """`POST …/eventing/triggers/{id}`."""
    return await _write_trigger(engine, call, "spacecloud")


async def write_old_trigger(engine: Engine, call: Call) -> Answer:
    """`POST …/event-triggers/rules/{id}`: what it sends has the older `specversion`."""
    return await _write_trigger(engine, call, "spacecloud-1.0-rc1")


async def _write_trigger(engine: Engine, call: Call, kind: Format) -> Answer:
    draft = read_trigger(call.body, call.parameters["id"], kind)
    try:
        await engine.eventing.put_trigger((await project_of(engine, call)).id, draft)
    except EnsueError as error:
        raise in_their_words(error) from None
    return DONE


async def delete_trigger(engine: Engine, call: Call) -> Answer:
    """`DELETE …/eventing/triggers/{id}` and `…/event-triggers/rules/{id}`."""
    await engine.eventing.delete_trigger((await project_of(engine, call)).id, call.parameters["id"])
    return DONE


async def read_rules(engine: Engine, call: Call) -> Answer:
    """`GET …/eventing/rules?id=`."""
    rules = engine.eventing.rules((await project_of(engine, call)).id)
    shown = [{"id": kind} | _without_id(rule) for kind, rule in rules.items()]
    return result(_chosen(call, shown, "Security rule ({}) does not exists for eventing config"))


def _without_id(rule: Struct) -> dict[str, Any]:
    members: dict[str, Any] = msgspec.to_builtins(rule)
    members.pop("id", None)
    return members


async def write_rule(engine: Engine, call: Call) -> Answer:
    """`POST …/eventing/rules/{id}`."""
    await engine.eventing.put_rule((await project_of(engine, call)).id, call.parameters["id"], Raw(call.body))
    return DONE


async def delete_rule(engine: Engine, call: Call) -> Answer:
    """`DELETE …/eventing/rules/{id}`."""
    await engine.eventing.delete_rule((await project_of(engine, call)).id, call.parameters["id"])
    return DONE


async def read_schemas(engine: Engine, call: Call) -> Answer:
    """`GET …/eventing/schema?id=`."""
    schemas = engine.eventing.schemas((await project_of(engine, call)).id)
    shown = [{"id": kind, "schema": text} for kind, text in schemas.items()]
    return result(_chosen(call, shown, "Schema ({}) does not exists in eventing config"))


async def write_schema(engine: Engine, call: Call) -> Answer:
    """`POST …/eventing/schema/{id}`."""
    text = decode(call.body, SchemaBody).schema
    await engine.eventing.put_schema((await project_of(engine, call)).id, call.parameters["id"], text)
    return DONE


async def delete_schema(engine: Engine, call: Call) -> Answer:
    """`DELETE …/eventing/schema/{id}`."""
    await engine.eventing.delete_schema((await project_of(engine, call)).id, call.parameters["id"])
    return DONE


async def internal_token(engine: Engine, call: Call) -> Answer:
    """`POST …/generate-internal-token`: a token that passes every security rule, for half an hour."""
    key = call.key
    if key is None or not key.secret:
        raise EnsueError("invalid", "The key has no secret to sign a token with; ask with a key that has one.")
    claims = {"id": INTERNAL, "role": "internal", "exp": engine.clock() // 1000 + TOKEN_FOR}
    return result(tokens.mint(claims, key.id, engine.keys.secret(key)))


def _chosen(call: Call, shown: Sequence[dict[str, Any]], missing: str) -> Sequence[dict[str, Any]]:
    """What `?id=` asks for: those of one name, or all of them. Triggers may share a name that the native API gave."""
    asked = next((value for name, value in call.query_pairs() if name == "id"), ALL)
    if asked in ("", ALL):
        return shown
    found = [one for one in shown if one["id"] == asked]
    if not found:
        raise RefusedError(400, missing.format(asked[:80]))
    return found

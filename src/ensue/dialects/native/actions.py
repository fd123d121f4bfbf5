"""Hides how buttons are spoken of in the native API: pressed, and the secret that signs their requests."""

from typing import Literal

from msgspec import Struct

from ensue.dialects.native.render import AttemptView, SecretView, attempt_view
from ensue.domain.errors import EnsueError
from ensue.domain.press import Presser
from ensue.domain.schedule import format_time
from ensue.engine.actions import Pressed
from ensue.engine.engine import Engine
from ensue.http.exchange import Answer, Call, json_answer


class Outcome(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What came of a press. `running`: the server stopped before the answer came, and tries it again when it is back.

    `status` is what the receiver answered, `duration_ms` how long that took, `reason` why it failed; `attempt` is the
    try, as `GET /deliveries/{id}` has it.
    """

    state: Literal["done", "failed", "running"]
    event: str
    action: str
    delivery: str
    at: str
    by: Presser
    status: int | None = None
    duration_ms: int | None = None
    reason: str | None = None
    attempt: AttemptView | None = None


async def press(engine: Engine, call: Call) -> Answer:
    """`POST /events/{id}/actions/{key}`: press a button, and wait for what comes of it."""
    call.query_values()
    event, action = call.parameters["id"], call.parameters["key"]
    return json_answer(200, _outcome(event, action, await engine.actions.press(call.project, event, action, by(call))))


def by(call: Call) -> Presser:
    """Who presses: the key of the call."""
    if call.key is None:
        raise EnsueError("unauthorized", "This needs a key; send it as 'Authorization: Bearer <token>'.")
    return Presser(call.key.id, call.key.name)


def _outcome(event: str, action: str, pressed: Pressed) -> Outcome:
    button = pressed.button
    return Outcome(
        state=button.state,
        event=event,
        action=action,
        delivery=button.delivery,
        at=format_time(button.at),
        by=button.by,
        status=button.status,
        duration_ms=button.duration_ms,
        reason=button.reason,
        attempt=None if pressed.attempt is None else attempt_view(pressed.attempt),
    )


async def secret(engine: Engine, call: Call) -> Answer:
    """`GET /actions/secret`."""
    call.query_values()
    return json_answer(200, SecretView(await engine.actions.secret(call.project)))


async def rotate(engine: Engine, call: Call) -> Answer:
    """`POST /actions/rotate-secret`."""
    call.query_values()
    return json_answer(200, SecretView(await engine.actions.rotate(call.project)))

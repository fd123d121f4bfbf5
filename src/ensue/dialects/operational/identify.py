"""Hides what is learned of a user by `identify`: every field is a property, an address among them a way to reach them.

Their server answers without looking; here the fields are kept. An e-mail address or a telephone number that cannot be
one stays a property: nobody is refused for what was never checked.
"""

from collections.abc import Sequence
from typing import Any, Final

from ensue.dialects.operational.fields import text_of
from ensue.dialects.operational.intake import check_size, in_their_words, is_plain_text, wrong_media
from ensue.domain.channel_identity import Channel, check_identity
from ensue.domain.decoding import decode
from ensue.domain.errors import EnsueError
from ensue.domain.operation import Operation
from ensue.engine.engine import Engine
from ensue.http.exchange import Answer, Call

_REACHED: Final[tuple[tuple[str, Channel], ...]] = (("email", "email"), ("phone", "sms"))


async def identify(engine: Engine, call: Call) -> Answer:
    """`POST /api/v1/identify`: the subscriber of that id, made if new."""
    if is_plain_text(call):
        raise wrong_media(call)
    check_size(call, engine.limits)
    user, fields = _said(call.body)
    try:
        await engine.subscribers.edit(call.project, user, operations_of(fields), call.now)
    except EnsueError as error:
        raise in_their_words(error) from None
    return Answer(200, b"{}")


def _said(body: bytes) -> tuple[str, dict[str, Any]]:
    """The user's id, and all other fields."""
    try:
        fields = decode(body, dict[str, Any]) if body.strip() else {}
    except EnsueError:
        decode(body, object)  # raises again, unless it is JSON that is no object
        fields = {}
    name = "userId" if fields.get("userId") is not None else "id"
    user = text_of(fields.pop(name, None), name)
    if user is None:
        raise EnsueError("invalid", "userId field is required", "userId")
    fields.pop("userId", None)
    return user, fields


def operations_of(fields: dict[str, Any]) -> Sequence[Operation]:
    """How to edit the subscriber."""
    reached = {f"${channel}": fields[name] for name, channel in _REACHED if _can_reach(channel, fields.get(name))}
    return [Operation("$set", fields | reached)] if fields else []


def _can_reach(channel: Channel, value: Any) -> bool:
    try:
        check_identity(channel, value, {})
    except (ValueError, EnsueError):
        return False
    return True

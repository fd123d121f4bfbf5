"""Hides how a subscriber is edited: operators applied one after the other, what cannot be taken in told, not guessed.

Names that begin with `$` are of the platform: `$email`, `$timezone`. All others are properties, free for the product.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ensue.domain.channel_identity import CHANNELS, Channel, ChannelIdentity, check_identity
from ensue.domain.errors import EnsueError
from ensue.domain.items import Items
from ensue.domain.locale import check_locale, check_timezone
from ensue.domain.subscriber import Subscriber, knows_edit, with_edit

Verb = Literal["$set", "$set_once", "$add", "$append", "$remove", "$unset"]

MOST_ACTIVE: Final = 50
"""So many ways to reach somebody there can be on one channel …"""
MOST_INACTIVE: Final = 10
"""… and so many removed ones are remembered."""
MAX_KEY: Final = 255

_ABOUT: Final = {
    "$id_provider": "provider",
    "$pushvendor": "provider",
    "$bundle_id": "bundle_id",
    "$device_id": "device_id",
}
"""What stands beside a channel and says more of its value."""
_OWN: Final = {"$timezone": "timezone", "$locale": "locale", "$preferred_language": "language"}
_CHANNELS: Final[dict[str, Channel]] = {f"${channel}": channel for channel in CHANNELS}
_RESERVED: Final = ("$", "ss_")
_SHOWN: Final = 80


class Operation(Struct, frozen=True):
    """One step of an edit. `values` are by name; of `$unset` a list of names."""

    verb: Verb
    values: Any


class Edit(NamedTuple):
    """Whom to edit, and how. `once` is the sender's own id of the edit: the same one again does nothing for a day."""

    subscriber: str
    operations: Sequence[Operation]
    once: str | None = None


class Rejected(Struct, frozen=True):
    """What was not taken in: the name it came under, and why."""

    field: str
    reason: str


class Edited(Struct, frozen=True):
    """A subscriber after an edit, without what was rejected."""

    subscriber: Subscriber
    rejected: tuple[Rejected, ...] = ()


def apply(subscriber: Subscriber, operations: Iterable[Operation], now: int) -> Edited:
    """`subscriber` after all of `operations`, in their order; `updated_at` is `now` where anything changed."""
    draft = _Draft(subscriber)
    for operation in operations:
        draft.take(operation)
    changed = draft.result()
    if changed != subscriber:
        changed = replace(changed, updated_at=now)
    return Edited(changed, tuple(draft.rejected))


def apply_once(subscriber: Subscriber, edit: Edit, now: int) -> Edited:
    """`subscriber` after `edit`, or as they are where its `once` was applied to them within a day."""
    if edit.once is None:
        return apply(subscriber, edit.operations, now)
    if knows_edit(subscriber, edit.once, now):
        return Edited(subscriber)
    edited = apply(subscriber, edit.operations, now)
    return replace(edited, subscriber=with_edit(edited.subscriber, edit.once, now))


def refusal(rejected: Sequence[Rejected], whose: str = "") -> EnsueError:
    """What was rejected as one EnsueError `invalid` that names each, the first one's name as its field.

    `whose` is the subscriber, named where an edit is one of many.
    """
    named = [one.reason for one in rejected[:10]]
    more = [f"and {len(rejected) - 10} more"] if len(rejected) > 10 else []
    about = f"user [distinct_id: '{whose}']: " if whose else ""
    return EnsueError("invalid", about + "; ".join(named + more), rejected[0].field)


class _Draft:
    """A subscriber while it is edited."""

    def __init__(self, subscriber: Subscriber) -> None:
        self._before = subscriber
        self._properties = dict(subscriber.properties)
        self._channels = dict(subscriber.channels)
        self._own: dict[str, str | None] = {name: getattr(subscriber, name) for name in _OWN.values()}
        self.rejected: list[Rejected] = []
        self._about: dict[str, Any] = {}

    def result(self) -> Subscriber:
        """What has become of it."""
        channels = {name: known for name, known in self._channels.items() if known}
        properties = {name: _plain(value) for name, value in self._properties.items()}
        return replace(self._before, properties=properties, channels=channels, **self._own)

    def take(self, operation: Operation) -> None:
        """Apply one operation."""
        if operation.verb == "$unset":
            self._unset(operation.values)
            return
        if not isinstance(operation.values, Mapping):
            kind = type(operation.values).__name__
            self._reject(operation.verb, f"decoding failed: '{operation.verb}' must be an object, not a {kind}")
            return
        self._about = {_ABOUT[name]: value for name, value in operation.values.items() if name in _ABOUT}
        for name, value in operation.values.items():
            if name not in _ABOUT:
                self._take_one(operation.verb, name, value)

    def _take_one(self, verb: Verb, name: str, value: Any) -> None:
        if name in _CHANNELS:
            self._take_channel(verb, name, value)
        elif name in _OWN:
            self._take_own(verb, name, value)
        elif self._is_property(name):
            self._take_property(verb, name, value)

    def _is_property(self, name: str) -> bool:
        """Whether a property may be called so; what may not is rejected."""
        if name.startswith(_RESERVED):
            self._reject(name, f"'{_short(name)}' is not a property: names with '$' or 'ss_' in front are reserved")
            return False
        if not 0 < len(name) <= MAX_KEY:
            self._reject(_short(name), f"the name of a property has 1 to {MAX_KEY} characters")
            return False
        return True

    # channels

    def _take_channel(self, verb: Verb, name: str, value: Any) -> None:
        channel = _CHANNELS[name]
        if verb == "$add":
            self._reject(name, f"{name}: $add is for numbers; use $append")
            return
        if verb == "$set_once" and any(one.status == "active" for one in self._channels.get(channel, ())):
            return
        for one in value if isinstance(value, list) else [value]:
            try:
                identity = check_identity(channel, one, self._about)
            except ValueError as error:
                self._reject(name, f"invalid value for channel '{channel}': {_shown(one)}. error: {error}")
            else:
                self._place(channel, identity, active=verb != "$remove")

    def _place(self, channel: Channel, identity: ChannelIdentity, *, active: bool) -> None:
        """Put an identity where the same one stands, or at the end; or make inactive the one that stands there."""
        known = self._channels.get(channel, ())
        key = identity.key(channel)
        same = next((one for one in known if one.key(channel) == key), None)
        if not active:
            if same is not None:
                gone = replace(same, status="inactive")
                self._channels[channel] = _bounded((*(one for one in known if one is not same), gone))
            return
        if same is None and len([one for one in known if one.status == "active"]) >= MOST_ACTIVE:
            self._reject(f"${channel}", f"a user has at most {MOST_ACTIVE} identities on channel '{channel}'")
        elif same is None:
            self._channels[channel] = (*known, identity)
        else:
            self._channels[channel] = tuple(identity if one is same else one for one in known)

    # time zone, locale and language

    def _take_own(self, verb: Verb, name: str, value: Any) -> None:
        own = _OWN[name]
        if verb == "$remove":
            if self._own[own] == value:
                self._own[own] = None
            return
        if verb not in {"$set", "$set_once"}:
            self._reject(name, f"{name}: use $set")
            return
        if verb == "$set_once" and self._own[own] is not None:
            return
        self._set_own(name, own, value)

    def _set_own(self, name: str, own: str, value: Any) -> None:
        if value is None:
            self._own[own] = None
        elif not isinstance(value, str):
            self._reject(name, f"{name}: value must be of string type")
        else:
            try:
                self._own[own] = check_timezone(value) if own == "timezone" else check_locale(value)
            except ValueError as error:
                self._reject(name, str(error))

    # properties

    def _take_property(self, verb: Verb, name: str, value: Any) -> None:
        known = self._properties
        if verb == "$set" or (verb == "$set_once" and name not in known):
            known[name] = value
        elif verb == "$add":
            self._add(name, value)
        elif verb == "$append":
            self._append(name, value)
        elif verb == "$remove":
            items = self._items(name)
            if items is not None:
                items.remove(value)

    def _add(self, name: str, value: Any) -> None:
        before = self._properties.get(name, 0)
        if not _is_number(value):
            self._reject(name, f"$add: '{_short(name)}' can be raised by a number only, not by {_shown(value)}")
        elif not _is_number(before):
            self._reject(name, f"$add: '{_short(name)}' is {_known(before)}, which is no number")
        else:
            total = _sum(before, value)
            if total is None:
                self._reject(name, f"$add: '{_short(name)}' would be beyond what a number can hold")
            else:
                self._properties[name] = total

    def _append(self, name: str, value: Any) -> None:
        if self._properties.get(name) is None:
            self._properties[name] = []
        items = self._items(name)
        if items is None:
            self._reject(name, f"$append: '{_short(name)}' is {_known(self._properties[name])}, which is no list")
        else:
            items.append(value)

    def _items(self, name: str) -> Items | None:
        """The list that a property is, to be edited in place; None for what is no list."""
        known = self._properties.get(name)
        if isinstance(known, list):
            known = self._properties[name] = Items(known)
        return known if isinstance(known, Items) else None

    def _unset(self, values: Any) -> None:
        names = [values] if isinstance(values, str) else values
        if not isinstance(names, list | tuple | Mapping):
            self._reject("$unset", f"decoding failed: '$unset' must be a list of names, not {_shown(values)}")
            return
        for name in names:
            if not isinstance(name, str):
                self._reject("$unset", f"decoding failed: '$unset' must be a list of names, {_shown(name)} is none")
            elif name in _CHANNELS:
                self._channels.pop(_CHANNELS[name], None)
            elif name in _OWN:
                self._own[_OWN[name]] = None
            elif self._is_property(name):
                self._properties.pop(name, None)

    def _reject(self, field: str, reason: str) -> None:
        self.rejected.append(Rejected(field, reason))


def _bounded(known: tuple[ChannelIdentity, ...]) -> tuple[ChannelIdentity, ...]:
    """Without those that were removed longest ago."""
    inactive = [one for one in known if one.status == "inactive"]
    surplus = inactive[: max(0, len(inactive) - MOST_INACTIVE)]
    return tuple(one for one in known if all(one is not other for other in surplus))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _sum(before: float, value: float) -> float | None:
    try:
        total = before + value
        return total if math.isfinite(total) else None
    except OverflowError:  # a whole number beyond all floats
        return None


def _plain(value: Any) -> Any:
    """A property as it is kept."""
    return value.values() if isinstance(value, Items) else value


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _shown(value: Any) -> str:
    return _short(msgspec.json.encode(value).decode("utf-8"))


def _known(value: Any) -> str:
    """What is said of a property that was there; however long it is, to say so costs the same."""
    if isinstance(value, Items | list):
        return "a list"
    return "an object" if isinstance(value, Mapping) else _shown(value[:_SHOWN] if isinstance(value, str) else value)

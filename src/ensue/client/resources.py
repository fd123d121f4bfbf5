"""Hides the paths of configured things and debts: triggers, deliveries and keys, as verbs on dictionaries."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from ensue.client.events import encode
from ensue.client.transport import Call, QueryValue, Transport

ROOT: Final = "/api/v1"


def item(kind: str, name: str, verb: str = "") -> str:
    """The path of one thing, or of a verb on it; any text may be its id."""
    return f"{ROOT}/{kind}/{quote(name, safe='')}" + (f"/{verb}" if verb else "")


def pages(transport: Transport, path: str, query: Mapping[str, QueryValue]) -> Iterator[dict[str, Any]]:
    """The items of all pages, newest first; each page is asked for when it is needed."""
    after: str | None = None
    while True:
        page = transport.call(Call(method="GET", path=path, query={**query, "next": after}))
        yield from page["items"]
        after = page.get("next")
        if after is None:
            return


class _Resource:
    """One kind of thing."""

    def __init__(self, transport: Transport, kind: str) -> None:
        self._transport = transport
        self._kind = kind

    def _list(self, query: Mapping[str, QueryValue]) -> Iterator[dict[str, Any]]:
        return pages(self._transport, f"{ROOT}/{self._kind}", query)

    def _get(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self._transport.call(Call(method="GET", path=item(self._kind, name)))
        return found

    def _post(self, path: str, body: Mapping[str, Any] | None = None, *, repeatable: bool = True) -> dict[str, Any]:
        content = None if body is None else encode(body)
        call = Call(method="POST", path=path, body=content, repeatable=repeatable)
        answer: dict[str, Any] = self._transport.call(call) or {}
        return answer

    def _delete(self, name: str) -> Any:
        return self._transport.call(Call(method="DELETE", path=item(self._kind, name)))


class Triggers(_Resource):
    """`/triggers`: when an event like this happens, that."""

    def list(self, **filters: QueryValue) -> Iterator[dict[str, Any]]:
        """All triggers, newest first."""
        return self._list(filters)

    def create(self, **fields: Any) -> dict[str, Any]:
        """A new trigger: `name` and `endpoint` at least. `endpoint.secret` of the answer is shown only now."""
        return self._post(f"{ROOT}/{self._kind}", fields, repeatable=False)

    def get(self, trigger: str) -> dict[str, Any]:
        """One trigger."""
        return self._get(trigger)

    def update(self, trigger: str, **changes: Any) -> dict[str, Any]:
        """What is given replaces, the rest stays; what is queued goes by the new settings."""
        call = Call(method="PATCH", path=item(self._kind, trigger), body=encode(changes))
        changed: dict[str, Any] = self._transport.call(call)
        return changed

    def delete(self, trigger: str) -> None:
        """Remove a trigger; what it still owes is cancelled."""
        self._delete(trigger)

    def enable(self, trigger: str) -> dict[str, Any]:
        """Send again, beginning with what waited."""
        return self._post(item(self._kind, trigger, "enable"))

    def disable(self, trigger: str) -> dict[str, Any]:
        """Send nothing; what is owed waits."""
        return self._post(item(self._kind, trigger, "disable"))

    def test(self, trigger: str, **fields: Any) -> dict[str, Any]:
        """Send it a test event (`type` and `data`, if it matters), now or at `send_at`, or after `delay` seconds; the
        answer tells how that went, or for when it waits."""
        return self._post(item(self._kind, trigger, "test"), fields or None, repeatable=False)

    def secret(self, trigger: str) -> dict[str, Any]:
        """The secret that signs now."""
        found: dict[str, Any] = self._transport.call(Call(method="GET", path=item(self._kind, trigger, "secret")))
        return found

    def rotate_secret(self, trigger: str, secret: str | None = None) -> dict[str, Any]:
        """A new signing secret, made by the server or given; the old one signs beside it for a day."""
        body = None if secret is None else {"secret": secret}
        return self._post(item(self._kind, trigger, "rotate-secret"), body, repeatable=False)


class Actions(_Resource):
    """`/actions`: what the buttons of cards send; `Client.press` presses one."""

    def secret(self) -> dict[str, Any]:
        """The secret that signs the requests of this project's buttons."""
        return self._get("secret")

    def rotate_secret(self) -> dict[str, Any]:
        """A new one; the old one signs beside it for a day."""
        return self._post(item(self._kind, "rotate-secret"), repeatable=False)


class Deliveries(_Resource):
    """`/deliveries`: what is owed, and what became of it."""

    def list(self, **filters: QueryValue) -> Iterator[dict[str, Any]]:
        """Deliveries, newest first: by `state`, `trigger`, `event`, time."""
        return self._list(filters)

    def get(self, delivery: str) -> dict[str, Any]:
        """One delivery with its attempts."""
        return self._get(delivery)

    def retry(self, delivery: str) -> dict[str, Any]:
        """Try it again now. ApiError `conflict` while it is under way, or when it has arrived."""
        return self._post(item(self._kind, delivery, "retry"), repeatable=False)

    def cancel(self, delivery: str) -> dict[str, Any]:
        """Stop it; `in_flight` in the answer says that it may arrive all the same."""
        return self._post(item(self._kind, delivery, "cancel"), repeatable=False)


class Replays(_Resource):
    """`/replays`: what happened, sent again."""

    def create(self, **wanted: Any) -> dict[str, Any]:
        """Begin one: `trigger`, `type`, `state`, `since`, `until`, `filter`, `to`, as docs/reference/api.md says."""
        return self._post(f"{ROOT}/{self._kind}", wanted, repeatable=False)

    def count(self, **wanted: Any) -> dict[str, Any]:
        """How many deliveries it would make; nothing is begun."""
        return self._post(f"{ROOT}/{self._kind}", {**wanted, "dry_run": True})

    def list(self, **filters: QueryValue) -> Iterator[dict[str, Any]]:
        """Replays, newest first."""
        return self._list(filters)

    def get(self, replay: str) -> dict[str, Any]:
        """One replay: how far it is, and how its deliveries stand."""
        return self._get(replay)

    def cancel(self, replay: str, *, deliveries: bool = False) -> dict[str, Any]:
        """Make no more; with `deliveries` stop those too that did not arrive yet. ApiError `conflict` after its end."""
        body = {"deliveries": True} if deliveries else None
        return self._post(item(self._kind, replay, "cancel"), body, repeatable=False)


class Keys(_Resource):
    """`/keys`: the credentials of the project."""

    def list(self, **filters: QueryValue) -> Iterator[dict[str, Any]]:
        """Keys, newest first, without what is secret."""
        return self._list(filters)

    def create(self, **fields: Any) -> dict[str, Any]:
        """A new key; its token and secret are shown only now."""
        return self._post(f"{ROOT}/{self._kind}", fields, repeatable=False)

    def revoke(self, key: str) -> dict[str, Any]:
        """End a key for good; it stays in the list."""
        revoked: dict[str, Any] = self._delete(key)
        return revoked

"""Hides the table of Space Cloud's paths: those of today, and those of its older versions."""

from typing import Final

from ensue.dialects.spacecloud import configuration
from ensue.dialects.spacecloud.queue import queue_first, queue_many, queue_second
from ensue.http.exchange import Handler, Route

API: Final = "/v1/api/{project}"
CONFIG: Final = "/v1/config/projects/{project}"
MANY: Final = "scQueueMany"
ONE: Final = frozenset({"scQueueEventFirst", "scQueueEvent"})
"""The names of the routes that take one event."""

EVENT_BYTES: Final = 256 * 1024
BATCH_BYTES: Final = 8 * 1024 * 1024
"""What the queues read by default; the instance's settings replace them."""

RULE_BYTES: Final = 256 * 1024
"""The most bytes of a trigger, a rule or a schema as it is sent."""


def _queues_one(path: str, handler: Handler, name: str, summary: str) -> Route:
    return Route(
        method="POST",
        path=API + path,
        handler=handler,
        name=name,
        summary=summary,
        anonymous=True,
        public=True,
        hot=True,
        body_limit=EVENT_BYTES,
        documented=False,
    )


def _configures(method: str, path: str, handler: Handler, name: str, summary: str) -> Route:
    return Route(
        method=method,
        path=CONFIG + path,
        handler=handler,
        name=name,
        summary=summary,
        scope="admin",
        body_limit=RULE_BYTES if method == "POST" else None,
        documented=False,
    )


_QUEUE: Final = (
    _queues_one("/event-triggers/queue", queue_first, "scQueueEventFirst", "Queue one event, as before version 0.16."),
    _queues_one("/eventing/queue", queue_second, "scQueueEvent", "Queue one event."),
    Route(
        method="POST",
        path=f"{API}/eventing/admin-queue",
        handler=queue_many,
        name=MANY,
        summary="Queue many events at once, all of them or none.",
        scope="admin",
        body_limit=BATCH_BYTES,
        documented=False,
    ),
)

_SETTINGS: Final = (
    _configures("GET", "/eventing/config", configuration.read_settings, "scGetConfig", "Read the settings."),
    _configures("POST", "/eventing/config/{id}", configuration.write_settings, "scSetConfig", "Switch eventing."),
    _configures("POST", "/eventing/config", configuration.write_settings, "scSetConfig016", "The same, in 0.16."),
    _configures(
        "POST", "/event-triggers/config", configuration.write_settings, "scSetConfig013", "The same, before 0.16."
    ),
    _configures(
        "POST", "/generate-internal-token", configuration.internal_token, "scInternalToken", "A token past all rules."
    ),
)

_TRIGGERS: Final = (
    _configures("GET", "/eventing/triggers", configuration.read_triggers, "scGetTriggers", "Read triggers."),
    _configures("POST", "/eventing/triggers/{id}", configuration.write_trigger, "scSetTrigger", "Make or replace one."),
    _configures("DELETE", "/eventing/triggers/{id}", configuration.delete_trigger, "scDeleteTrigger", "Delete one."),
    _configures(
        "POST", "/event-triggers/rules/{id}", configuration.write_old_trigger, "scSetTrigger013", "Before 0.16."
    ),
    _configures(
        "DELETE", "/event-triggers/rules/{id}", configuration.delete_trigger, "scDeleteTrigger013", "Before 0.16."
    ),
)

_RULES: Final = (
    _configures("GET", "/eventing/rules", configuration.read_rules, "scGetRules", "Read security rules."),
    _configures("POST", "/eventing/rules/{id}", configuration.write_rule, "scSetRule", "Set the rule of a type."),
    _configures("DELETE", "/eventing/rules/{id}", configuration.delete_rule, "scDeleteRule", "Delete a rule."),
    _configures("GET", "/eventing/schema", configuration.read_schemas, "scGetSchemas", "Read schemas."),
    _configures("POST", "/eventing/schema/{id}", configuration.write_schema, "scSetSchema", "Set a schema."),
    _configures("DELETE", "/eventing/schema/{id}", configuration.delete_schema, "scDeleteSchema", "Delete a schema."),
)

ROUTES: Final[tuple[Route, ...]] = (*_QUEUE, *_SETTINGS, *_TRIGGERS, *_RULES)
"""Every path of Space Cloud's eventing that is spoken here."""

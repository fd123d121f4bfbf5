"""Hides what a project asks of events that are queued in Space Cloud's words: whether at all, of whom, in what shape.

Each security rule and each schema is a document of its own, by event type. On from the start in every project; where no
rule is set, whoever has a token of the project may queue (design section 9).
"""

from functools import lru_cache
from typing import Final

import msgspec
from msgspec import Struct

from ensue.domain.document import Document
from ensue.domain.errors import EnsueError
from ensue.domain.event_schema import Schema, parse_schema
from ensue.domain.rule import Rule

RULE: Final = "event_rule"
SCHEMA: Final = "event_schema"
SETTINGS: Final = "eventing"
KINDS: Final = frozenset({RULE, SCHEMA, SETTINGS})
"""Kinds of documents that `Admission` is learned from."""

DEFAULT: Final = "default"
"""The name of the rule for types that have none of their own."""

AUTHENTICATED: Final = Rule("authenticated")
"""The rule `default` where none was set."""

MAX_EACH: Final = 1_000
"""How many rules, and how many schemas, a project can have."""

parsed: Final = lru_cache(maxsize=1_024)(parse_schema)
"""As `parse_schema`, remembered."""


class EventingSettings(Struct, frozen=True, omit_defaults=True):
    """Whether events can be queued; `database` is kept for clients that ask for what they wrote, and nothing else."""

    enabled: bool = True
    database: str = ""


class Admission:
    """What one project asks of queued events, learned from its documents. Copied before it learns more."""

    __slots__ = ("rules", "schemas", "settings")

    def __init__(self) -> None:
        self.settings = EventingSettings()
        self.rules: dict[str, Rule] = {}
        self.schemas: dict[str, str] = {}

    def copied(self) -> "Admission":
        """The same, to learn more."""
        other = Admission()
        other.settings, other.rules, other.schemas = self.settings, dict(self.rules), dict(self.schemas)
        return other

    def learn(self, document: Document) -> None:
        """Take in a change of one of `KINDS`."""
        if document.kind == SETTINGS:
            kept = EventingSettings() if document.deleted else msgspec.json.decode(document.body, type=EventingSettings)
            self.settings = kept
        elif document.kind == RULE:
            self.rules.pop(document.id, None)
            if not document.deleted:
                self.rules[document.id] = msgspec.json.decode(document.body, type=Rule)
        else:
            self.schemas.pop(document.id, None)
            if not document.deleted:
                self.schemas[document.id] = document.body.decode()

    def rule(self, kind: str) -> Rule:
        """The rule for events of that type."""
        return self.rules.get(kind) or self.rules.get(DEFAULT, AUTHENTICATED)

    def schema(self, kind: str) -> Schema | None:
        """The schema of events of that type, if they have one."""
        text = self.schemas.get(kind)
        return None if text is None else parsed(text, kind)


def check_type(kind: str) -> str:
    """The event type that a rule or schema is for, or EnsueError `invalid`."""
    if not 0 < len(kind) <= 255 or not kind.isprintable():
        raise EnsueError("invalid", "The event type is 1 to 255 printable characters.", "id")
    return kind


def rule_document(project: str, kind: str, rule: Rule | None) -> Document:
    """The document that keeps a rule; None deletes it."""
    return Document(kind=RULE, project=project, id=kind, body=b"" if rule is None else msgspec.json.encode(rule))


def schema_document(project: str, kind: str, text: str) -> Document:
    """The document that keeps a schema; empty text deletes it."""
    return Document(kind=SCHEMA, project=project, id=kind, body=text.encode())


def settings_document(project: str, settings: EventingSettings) -> Document:
    """The document that keeps the settings of a project."""
    return Document(kind=SETTINGS, project=project, id=project, body=msgspec.json.encode(settings))

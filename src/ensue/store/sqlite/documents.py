"""Hides how documents are changed: checked all together before the first is written."""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec.structs import replace

from ensue.domain.document import RULES, Document, Put
from ensue.domain.errors import EnsueError
from ensue.store.sql import DOCUMENT_COLUMNS
from ensue.store.sqlite.turn import Turn

REVISION: Final = "SELECT revision, length(body) = 0 FROM document WHERE kind = ? AND project = ? AND id = ?"
HOLDER: Final = "SELECT project, id FROM document WHERE kind = ? AND alias = ?"
WRITE: Final = f"INSERT OR REPLACE INTO document ({DOCUMENT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"
DELETE: Final = "DELETE FROM document WHERE kind = ? AND project = ? AND id = ?"

Name = tuple[str, str, str]


def changed(turn: Turn, puts: Iterable[Put]) -> Sequence[Document]:
    """The documents as they would be after `puts`, in order; EnsueError `conflict`. Writes nothing."""
    now: dict[Name, Document] = {}
    done: list[Document] = []
    change = turn.change
    for put in puts:
        wanted = put.document
        name = (wanted.kind, wanted.project, wanted.id)
        revision = now[name].revision if name in now and not now[name].deleted else _revision(turn, name, now)
        if put.expected is not None and put.expected != revision:
            raise EnsueError(
                "conflict", f"The {wanted.kind} '{wanted.id}' was changed meanwhile; read it again and repeat."
            )
        if wanted.body and wanted.alias is not None:
            _require_free(turn, wanted.alias, name, now)
        exists = revision > 0 or bool(wanted.body)
        change += wanted.kind in RULES and exists
        now[name] = replace(
            wanted,
            alias=wanted.alias if wanted.body else None,
            revision=revision + 1 if exists else 0,
            change=change if wanted.kind in RULES and exists else 0,
        )
        done.append(now[name])
    return done


def _revision(turn: Turn, name: Name, now: dict[Name, Document]) -> int:
    """The revision as it stands, 0 for one that is not there or was deleted."""
    if name in now:
        return 0
    for revision, deleted in turn.execute(REVISION, name):
        return 0 if deleted else int(revision)
    return 0


def _require_free(turn: Turn, alias: str, name: Name, now: dict[Name, Document]) -> None:
    kind = name[0]
    taken = any(key[0] == kind and one.alias == alias and key != name for key, one in now.items())
    if not taken:
        holders = [(kind, *row) for row in turn.execute(HOLDER, (kind, alias))]
        taken = any(holder != name and holder not in now for holder in holders)
    if taken:
        raise EnsueError("conflict", f"The {kind} name '{alias}' is taken; choose another.")


def write(turn: Turn, documents: Sequence[Document]) -> None:
    """Write what `changed` returned. Old names first, so that one may take the alias that another gives up."""
    last = {(one.kind, one.project, one.id): one for one in documents if one.revision}
    for name in last:
        turn.execute("UPDATE document SET alias = NULL WHERE kind = ? AND project = ? AND id = ?", name)
    for name, one in last.items():
        if one.deleted and not one.change:
            turn.execute(DELETE, name)
        else:
            turn.execute(WRITE, (*name, one.body, one.alias, one.revision, one.change))
    turn.change = max([turn.change, *(one.change for one in documents)])
    turn.rows += len(last)
    turn.news = turn.news or bool(last)


def put(turn: Turn, puts: Sequence[Put]) -> Sequence[Document]:
    """Change all documents or none; EnsueError `conflict`."""
    documents = changed(turn, puts)
    write(turn, documents)
    return documents

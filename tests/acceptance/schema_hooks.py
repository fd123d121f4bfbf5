"""Hides that ids are not guessed: calls that schemathesis makes are about things that exist (module of its hooks).

`KNOWN_IDS` in the environment is JSON: for each word in a path (`triggers`), the id of one of them.
"""

import json
import os
from typing import Any

import schemathesis

KNOWN: dict[str, str] = json.loads(os.environ.get("KNOWN_IDS", "{}"))


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Put a known id in, but where it would be deleted; of keys only a spare one is, not that of the caller."""
    operation = context.operation
    word = operation.path.split("/")[3]
    if path_parameters and word == "keys" and operation.method.lower() == "delete":
        return path_parameters | {"id": KNOWN.get("spare", "key_none")}
    known = KNOWN.get(word)
    if not path_parameters or known is None or operation.method.lower() == "delete":
        return path_parameters
    return path_parameters | {"id": known}

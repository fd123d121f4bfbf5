"""Hides which CloudEvents are sent back and forth, and when two of them say the same."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote

from msgspec import Struct

TIME: Final = "2026-01-02T03:04:05.678Z"


class Sample(Struct, frozen=True):
    """A CloudEvent: its attributes, extensions too, as texts; its data as an object, a text, bytes or nothing."""

    attributes: dict[str, str]
    data: Any = None


def _sample(name: str, content_type: str | None, data: Any, **more: str) -> Sample:
    attributes = {"specversion": "1.0", "id": name, "source": "/interop", "type": f"interop.{name}"} | more
    return Sample(attributes | ({"datacontenttype": content_type} if content_type else {}), data)


ORDER: Final = {"amount": 12.5, "name": "Zoë 😀", "lines": [1, {"a": None}, '\\ " / \u2028'], "big": 9007199254740991}
PLAIN: Final = (
    _sample("object", "application/json", ORDER, subject="customer 7", time=TIME, region="eu-west", priority="7"),
    _sample("schema", "application/json", {"a": 1}, dataschema="https://schemas.example/order/1"),
    _sample("vendor", "application/vnd.order+json", {"a": {"b": [True, False]}}),
    _sample("text", "text/plain", "one\ntwo – drei"),
    _sample("bytes", "application/octet-stream", b"\x00\xff\x10 not text"),
    _sample("xml", "application/xml", "<order a='1'>&amp;</order>"),
)
"""What every client can send."""

NO_DATA: Final = _sample("empty", None, None)
BEYOND_ASCII: Final = _sample("subject", "application/json", {"a": 1}, subject='Grüße “7” 100% "x" €', place="Zürich")
"""What some clients cannot send in headers."""

ALL: Final = (*PLAIN, NO_DATA, BEYOND_ASCII)


class Meant(Struct, frozen=True):
    """What an event says, whoever read it: attributes as texts, times as moments, data as one value."""

    attributes: dict[str, Any]
    data: Any


def meaning(attributes: Mapping[str, Any], data: Any) -> Meant:
    """What is meant; attributes of headers that a client leaves percent-encoded are decoded."""
    shown: dict[str, Any] = {
        name: unquote(str(value)) for name, value in attributes.items() if value is not None and value != ""
    }
    if "time" in shown:
        moment = attributes["time"]
        shown["time"] = moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)
    return Meant(shown, _plain(data))


def _plain(data: Any) -> Any:
    """An object as it is; text, bytes and what a client made of them as text or, where they are none, as bytes."""
    if isinstance(data, dict) and set(data) == {"bytes"}:
        data = base64.b64decode(data["bytes"])
    if isinstance(data, bytes):
        try:
            data = data.decode("utf-8")
        except UnicodeDecodeError:
            return data
    if isinstance(data, str) and data[:1] == "{":
        return json.loads(data)
    return data or None


def of(sample: Sample) -> Meant:
    """What a sample says. JSON stands for no content type in structured mode, so it may be named in binary mode."""
    return meaning(sample.attributes, sample.data)

"""Hides what a media type says about data: whether it is JSON or text, and in which charset (RFC 9110, 8.3)."""

import re
from typing import Final

from msgspec import Struct

JSON: Final = "application/json"
BYTES: Final = "application/octet-stream"

_TOKEN: Final = r"[A-Za-z0-9!#$&^_.+%'*`|~-]{1,127}"  # noqa: S105 - the grammar's word, not a secret
_QUOTED: Final = r'"(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*"'
_MEDIA_TYPE: Final = re.compile(
    rf"({_TOKEN}/{_TOKEN})((?:[ \t]*;[ \t]*(?:{_TOKEN}=(?:{_TOKEN}|{_QUOTED}))?)*)", re.ASCII
)
_CHARSET: Final = re.compile(rf";[ \t]*charset=({_TOKEN}|{_QUOTED})", re.ASCII | re.IGNORECASE)
_TEXT: Final = re.compile(r"text/.*|.*/xml|.*\+xml|application/x-www-form-urlencoded", re.ASCII)

_CODECS: Final = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "latin-1",
    "windows-1252": "cp1252",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}


class MediaType(Struct, frozen=True):
    """A media type taken apart: `essence` and `charset` are in lower case, None if it names no charset."""

    essence: str
    charset: str | None = None

    @property
    def is_json(self) -> bool:
        """Whether it says JSON: `*/json` or `*/*+json`."""
        return self.essence.endswith(("/json", "+json"))

    @property
    def is_text(self) -> bool:
        """Whether its bytes are meant to be read as text."""
        return _TEXT.fullmatch(self.essence) is not None

    @property
    def codec(self) -> str | None:
        """The name of the codec of its charset, UTF-8 if it names none; None if it is one that we do not write."""
        return _CODECS.get(self.charset or "utf-8")

    @property
    def is_unicode(self) -> bool:
        """Whether its text is UTF-8, or a part of it."""
        return self.codec in ("utf-8", "ascii")


def media_type(text: str) -> MediaType | None:
    """The media type that `text` is; None if it is none."""
    found = _MEDIA_TYPE.fullmatch(text.strip(" \t"))
    if found is None:
        return None
    charset = _CHARSET.search(found[2])
    return MediaType(found[1].lower(), charset[1].strip('"').lower() if charset else None)

"""Hides which time zones there are (IANA), and what a tag of a language looks like (BCP 47)."""

import re
from functools import lru_cache
from importlib.resources import files
from typing import Final

MAX_LOCALE: Final = 35
"""As long a tag as software is asked to hold (RFC 5646, section 4.4.1)."""

_TAG: Final = re.compile(
    r"[a-z]{2,3}(?:-[a-z]{3}){0,3}"  # language, and what extends it
    r"(?:-[a-z]{4})?"  # script
    r"(?:-(?:[a-z]{2}|[0-9]{3}))?"  # region
    r"(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"  # variants
    r"(?:-[0-9a-wyz](?:-[a-z0-9]{2,8})+)*"  # extensions
    r"(?:-x(?:-[a-z0-9]{1,8})+)?"  # private use
)


@lru_cache(maxsize=1)
def timezones() -> frozenset[str]:
    """The names of all time zones, those of the package `tzdata`: the same on every machine."""
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split())


def check_timezone(text: str) -> str:
    """The name of a time zone: `Europe/Paris`, `UTC`. Raises ValueError for one that does not exist."""
    name = text.strip()
    if name not in timezones():
        raise ValueError(f"invalid timezone: {name[:80]}")
    return name


def check_locale(text: str) -> str:
    """A well-formed tag as it was written: `en`, `en-GB`, `zh_Hant_TW`. Raises ValueError for anything else."""
    tag = text.strip()
    if len(tag) > MAX_LOCALE or not _TAG.fullmatch(tag.lower().replace("_", "-")):
        raise ValueError(f"invalid locale/language: {tag[:80]!r}")
    return tag

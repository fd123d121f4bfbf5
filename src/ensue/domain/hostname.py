"""Hides what counts as one and the same host: UTS 46 names, and every spelling of IPv4 that a C library knows.

Two parsers that disagree about a host are how guards are passed (design section 8).
So a host is brought to one plain ASCII form here, and only that form is ever requested.
"""

import re
from ipaddress import IPv4Address, IPv6Address
from typing import Final

import idna

MAX_NAME: Final = 253
"""The longest host name in characters, without the trailing dot (RFC 1035)."""

_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER: Final = re.compile(r"0x[0-9a-f]*|[0-9]+")


def is_nobodys(name: str) -> bool:
    """Whether a host name is one that nobody can have: it is kept for examples (RFC 2606, section 2)."""
    return name.rpartition(".")[2] in {"example", "invalid"}


def normalise(text: str) -> str | IPv4Address | IPv6Address:
    """The host of a URL in its one form: a lower-case ASCII name, or the address that it spells.

    `text` is as it stands in the URL, IPv6 in brackets. Raises ValueError with what is wrong, as a verb phrase.
    """
    if text.startswith("["):
        return _bracketed(text)
    name = _ascii(text).removesuffix(".")
    labels = name.split(".")
    if len(name) > MAX_NAME:
        raise ValueError(f"has more than {MAX_NAME} characters")
    if _NUMBER.fullmatch(labels[-1]):
        return _dotted(labels)
    _check_labels(labels)
    return name


def _bracketed(text: str) -> IPv6Address:
    """`[::1]` as an address; a zone id is refused, since it names an interface of this machine."""
    inner = text[1:-1]
    if not text.endswith("]") or "%" in inner:
        raise ValueError("is not an IPv6 address in brackets (zone ids are not allowed)")
    try:
        return IPv6Address(inner)
    except ValueError:
        raise ValueError("is not an IPv6 address in brackets") from None


def _ascii(text: str) -> str:
    """UTS 46 mapping, then punycode for what is still not ASCII."""
    try:
        mapped = idna.uts46_remap(text, std3_rules=False)
        return mapped if mapped.isascii() else idna.encode(mapped).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise ValueError("is not a valid internationalised name") from None


def _dotted(labels: list[str]) -> IPv4Address:
    """What `inet_aton` makes of one to four numbers in decimal, octal (0…) or hexadecimal (0x…); the last fills up."""
    numbers = [_number(label) for label in labels]
    *head, tail = numbers
    if len(numbers) > 4 or any(number > 255 for number in head) or tail >= 256 ** (5 - len(numbers)):
        raise ValueError("looks like an IPv4 address, but is none")
    value = sum(number << (24 - 8 * place) for place, number in enumerate(head))
    return IPv4Address(value + tail)


def _number(label: str) -> int:
    """One part of an IPv4 address in any base."""
    base = 16 if label.startswith("0x") else 8 if label.startswith("0") and len(label) > 1 else 10
    try:
        return int(label.removeprefix("0x"), base)
    except ValueError:
        raise ValueError("looks like an IPv4 address, but is none") from None


def _check_labels(labels: list[str]) -> None:
    """A name that DNS could hold; underscores are let through, since container networks use them."""
    for label in labels:
        if not _LABEL.fullmatch(label):
            raise ValueError("is not a host name: labels have 1 to 63 letters, digits, hyphens or underscores")
        if label.startswith("xn--"):
            _check_punycode(label)


def _check_punycode(label: str) -> None:
    """An `xn--` label must be the one spelling of what it decodes to."""
    try:
        idna.ulabel(label)
    except (idna.IDNAError, UnicodeError):
        raise ValueError(f"has a label that is not valid punycode: {label}") from None

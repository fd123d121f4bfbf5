"""Hides what counts as an e-mail address and as a phone number: rules small enough to read, and no look at the network.

Whether somebody reads the mail or answers the phone only a message can tell; what is refused here could never arrive.
"""

import re
from typing import Final

from ensue.domain.hostname import normalise

MIN_EMAIL: Final = 6
MAX_EMAIL: Final = 320
"""The longest address in characters: 64 before the at sign, 255 behind it (RFC 5321, section 4.5.3.1)."""

_MAX_LOCAL: Final = 64
_LOCAL: Final = re.compile(r"[^\x00-\x20\"(),:;<>@\[\\\]\x7f]+")
_SEPARATORS: Final = re.compile(r"[\s().\-\u2010-\u2015\u00a0]")
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")


def check_email(text: str) -> str:
    """The address without blanks around it, its domain in lower case. Raises ValueError with what is wrong.

    Letters of any script are fine before the at sign (RFC 6531); quoted names and literal addresses are not.
    """
    address = text.strip()
    if not MIN_EMAIL <= len(address) <= MAX_EMAIL:
        raise ValueError(f"invalid email address. must be {MIN_EMAIL} <= len(email) <= {MAX_EMAIL}")
    local, at, domain = address.rpartition("@")
    if not at or not _is_local(local) or not _is_domain(domain):
        raise ValueError("invalid email address")
    return f"{local}@{domain.lower()}"


def _is_local(local: str) -> bool:
    if len(local) > _MAX_LOCAL or not _LOCAL.fullmatch(local) or not local.isprintable():
        return False
    return not (local.startswith(".") or local.endswith(".") or ".." in local)


def _is_domain(domain: str) -> bool:
    """A name with a dot in it, as mail needs one; no address."""
    if domain.endswith(".") or "_" in domain or domain.startswith("["):
        return False
    try:
        host = normalise(domain)
    except ValueError:
        return False
    return isinstance(host, str) and "." in host


def check_phone(text: str) -> str:
    """The number in the form of E.164, `+` and 7 to 15 digits; blanks, dots, hyphens and brackets fall out of it.

    Raises ValueError with what is wrong.
    """
    number = _SEPARATORS.sub("", text)
    if not _E164.fullmatch(number):
        raise ValueError("error while parsing number to E164 format; write it as +14155550100")
    return number

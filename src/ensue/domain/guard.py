"""Hides which URLs and headers of users may be acted upon: one reading of a URL, and that reading is what is requested.

Everything here is pure: syntax, literals and names. Names are resolved by `channels/outbound.py`, which vets every
address that they have with `vet` (design section 8, "Outbound guard").
"""

import re
import unicodedata
from ipaddress import IPv4Address, IPv6Address
from typing import Final
from urllib.parse import quote

import msgspec

from ensue.domain.errors import EnsueError
from ensue.domain.hostname import normalise
from ensue.domain.reachable import SETTING, Address, Allowed, vet

__all__ = ["MAX_URL", "Address", "Allowed", "Target", "check_header", "check_link", "check_url", "loopbacks", "vet"]

MAX_URL: Final = 2048
"""The longest URL in characters."""
MAX_HEADER_VALUE: Final = 8192
"""The longest header value in characters."""

_PORTS: Final = {"http": 80, "https": 443}
_URL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)://([^/?#]*)([^?#]*)(\?[^#]*)?(?:#.*)?")
_AUTHORITY: Final = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([0-9]{1,5}))?")
# What RFC 3986 lets stand in a path or a query, and the percent sign of what is encoded already.
_PLAIN: Final = "/:@!$&'()*+,;=-._~%?[]"
_LOCAL_NAMES: Final = frozenset(
    {"localhost", "localdomain", "ip6-localhost", "ip6-loopback", "metadata.google.internal"}
)
_LOCAL_ENDINGS: Final = (".localhost", ".localdomain")
_LOOPBACKS: Final[tuple[Address, ...]] = (IPv4Address("127.0.0.1"), IPv6Address("::1"))
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}")
# These say where a message ends, whom it is for or what the connection does; a proxy may believe them. They are ours.
_OURS: Final = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "expect",
        "host",
        "http2-settings",
        "keep-alive",
        "te",
        "trailer",
        "trailers",
        "transfer-encoding",
        "upgrade",
    }
)


class Target(msgspec.Struct, frozen=True):
    """A URL as it will be requested.

    `host` is the normalised name, or the address as text without brackets; `address` the same address where it is one;
    `url` is rebuilt from the parts, so that no second parser can read another host in it.
    """

    scheme: str
    host: str
    port: int
    address: Address | None
    url: str


def check_url(url: str, allowed: Allowed, field: str | None = "url") -> Target:
    """Reads a URL that a user gave and that we shall request; no DNS.

    Raises EnsueError('invalid', …, field) where its syntax, scheme, port, name or literal address is refused.
    """
    scheme, authority, path, query = _split(url, field)
    if "@" in authority:
        raise _refusal(url, "carries a user name or password; put credentials in a secret header instead", field)
    if "%" in authority:
        raise _refusal(url, "has percent-encoding or a zone id in its host; write the host plainly", field)
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None or not parts[1]:
        raise _refusal(url, "has no readable host and port", field)
    host = _host(url, parts[1], field)
    port = int(parts[2]) if parts[2] else _PORTS[scheme]
    if not 1 <= port <= 65535:
        raise _refusal(url, f"names port {port}; a port is 1 to 65535", field)
    address = None if isinstance(host, str) else host
    _check_place(str(host), address, allowed, field)
    return Target(scheme, str(host), port, address, _rebuild(scheme, host, port, path, query))


def check_link(url: str, field: str | None = "url") -> None:
    """Reads a link that people follow and that we never fetch: http or https, well-formed.

    Raises EnsueError('invalid', …, field). Where it leads is not our concern: an intranet is fine.
    """
    authority = _split(url, field)[1]
    parts = _AUTHORITY.fullmatch(authority.rpartition("@")[2])
    if parts is None or not parts[1]:
        raise _refusal(url, "has no readable host and port", field)


def check_header(name: str, value: str, field: str | None = "headers") -> None:
    """Reads a header that a user wants sent along.

    Raises EnsueError('invalid', …, field) for names that frame the message or steer the connection, and for control
    characters, which would smuggle further headers.
    """
    if not _TOKEN.fullmatch(name):
        message = f"{name[:100]!r} is not a header name: 1 to 100 letters, digits or !#$%&'*+-.^_`|~."
        raise EnsueError("invalid", message, field)
    lower = name.lower()
    if lower in _OURS or lower.startswith("proxy-"):
        raise EnsueError("invalid", f"The header {name} is set by the connection itself; leave it out.", field)
    if not value.isascii() or not value.isprintable():
        message = f"The value of the header {name} has characters that are not printable ASCII; encode them."
        raise EnsueError("invalid", message, field)
    if len(value) > MAX_HEADER_VALUE:
        message = f"The value of the header {name} is longer than {MAX_HEADER_VALUE} characters."
        raise EnsueError("invalid", message, field)


def loopbacks(host: str, allowed: Allowed) -> tuple[Address, ...]:
    """The addresses of `localhost` and its subdomains that are allowed; these names never ask DNS (RFC 6761)."""
    if host != "localhost" and not host.endswith(".localhost"):
        return ()
    return tuple(address for address in _LOOPBACKS if vet(address, allowed, host) is None)


def _split(url: str, field: str | None) -> tuple[str, str, str, str]:
    """Scheme (lower case), authority, path, query with its mark; the fragment is dropped."""
    if len(url) > MAX_URL:
        raise EnsueError("invalid", f"The URL is longer than {MAX_URL} characters.", field)
    for character in url:
        # Cc, Cf, Cs, Co, Cn: controls, invisible marks, lone surrogates; Zs, Zl, Zp: every blank.
        if unicodedata.category(character)[0] in "CZ":
            why = f"has a blank or control character (U+{ord(character):04X}); encode or remove it"
            raise _refusal(url, why, field)
    if "\\" in url:
        raise _refusal(url, "has a back-slash; write / or %5C", field)
    parts = _URL.fullmatch(url)
    if parts is None or parts[1].lower() not in _PORTS:
        raise _refusal(url, "does not begin with http:// or https://", field)
    return parts[1].lower(), parts[2], parts[3], parts[4] or ""


def _host(url: str, text: str, field: str | None) -> str | Address:
    try:
        return normalise(text)
    except ValueError as error:
        raise _refusal(url, f"has a host that cannot be used: {text!a} {error}", field) from None


def _check_place(host: str, address: Address | None, allowed: Allowed, field: str | None) -> None:
    """Refuses literals and names that mean this machine or its network, where the operator did not open them."""
    if address is not None:
        reason = vet(address, allowed)
        if reason is not None:
            raise EnsueError("invalid", f"{host} is {reason}. {_way_out(host)}", field)
    elif _is_local(host) and host not in allowed.hosts and not loopbacks(host, allowed):
        raise EnsueError("invalid", f"{host} names this machine or its own network. {_way_out(host)}", field)


def _is_local(host: str) -> bool:
    return host in _LOCAL_NAMES or host.endswith(_LOCAL_ENDINGS)


def _way_out(host: str) -> str:
    return f"Use a public host, or let the operator add {host} to {SETTING}."


def _rebuild(scheme: str, host: str | Address, port: int, path: str, query: str) -> str:
    place = f"[{host}]" if isinstance(host, IPv6Address) else str(host)
    suffix = "" if port == _PORTS[scheme] else f":{port}"
    return f"{scheme}://{place}{suffix}{quote(path or '/', safe=_PLAIN)}{quote(query, safe=_PLAIN)}"


def _refusal(url: str, why: str, field: str | None) -> EnsueError:
    shown = ascii(url if len(url) <= 100 else url[:97] + "...")[1:-1]
    return EnsueError("invalid", f"The URL {shown} {why}.", field)

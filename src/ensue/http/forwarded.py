"""Hides who the client is: the peer, or whom a trusted proxy says that it speaks for."""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache


class TrustedProxies:
    """The networks whose `X-Forwarded-For` is believed (setting `trusted_proxies`); none by default.

    Raises ValueError for what is neither an address nor a network.
    """

    def __init__(self, networks: Sequence[str] = ()) -> None:
        self._networks = [ipaddress.ip_network(text, strict=False) for text in networks]
        self.trusts = lru_cache(maxsize=1024)(self._trusts)

    def _trusts(self, address: str) -> bool:
        """Whether `address` is one of the proxies."""
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        return any(parsed in network for network in self._networks if network.version == parsed.version)

    def client(self, peer: str, headers: Sequence[tuple[bytes, bytes]]) -> str:
        """The address that the request came from: the last of the chain that is not a trusted proxy itself."""
        if not self._networks or not self.trusts(peer):
            return peer
        chain = [part.strip() for name, value in headers if name == b"x-forwarded-for" for part in value.split(b",")]
        client = peer
        for part in reversed(chain):
            address = part.decode("latin-1")
            if not _is_address(address):
                break
            client = address
            if not self.trusts(address):
                break
        return client


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_loopback(address: str) -> bool:
    """Whether an address is this machine's own."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed).is_loopback

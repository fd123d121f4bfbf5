"""Hides which addresses may be connected to: the IANA registries as our own tables, and what the operator allows.

Python's `is_private` and `is_global` differ among versions, so they are not used. IPv4 is open but for the blocks
listed; IPv6 is closed but for global unicast (2000::/3), and that but for the blocks listed (design section 8).
Sources: IANA IPv4 and IPv6 Special-Purpose Address Registries, RFC 6890, the clouds' pages on metadata services.
"""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Final, Self

import msgspec

from ensue.domain.errors import EnsueError
from ensue.domain.hostname import normalise

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

SETTING: Final = "ENSUE_ALLOW_NETWORKS"

_V4_BLOCKS: Final = tuple(
    (IPv4Network(network), reason)
    for network, reason in (
        ("0.0.0.0/8", "this host"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared by carriers (CGNAT)"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved for protocols"),
        ("192.0.2.0/24", "for documentation"),
        ("192.88.99.0/24", "a retired 6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "for benchmarks"),
        ("198.51.100.0/24", "for documentation"),
        ("203.0.113.0/24", "for documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)

_V6_BLOCKS: Final = tuple(
    (IPv6Network(network), reason)
    for network, reason in (
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("::/96", "IPv4 inside IPv6 (compatible)"),
        ("::ffff:0:0/96", "IPv4 inside IPv6 (mapped)"),
        ("::ffff:0:0:0/96", "IPv4 inside IPv6 (translated)"),
        ("64:ff9b::/96", "IPv4 inside IPv6 (NAT64)"),
        ("64:ff9b:1::/48", "IPv4 inside IPv6 (local NAT64)"),
        ("100::/64", "discard-only"),
        ("100:0:0:1::/64", "a dummy prefix"),
        ("2001::/32", "IPv4 inside IPv6 (Teredo)"),
        ("2001:2::/48", "for benchmarks"),
        ("2001::/23", "reserved for protocols"),
        ("2001:db8::/32", "for documentation"),
        ("2002::/16", "IPv4 inside IPv6 (6to4)"),
        ("3fff::/20", "for documentation"),
        ("5f00::/16", "for segment routing"),
        ("fc00::/7", "unique-local"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)

_V6_OPEN: Final = IPv6Network("2000::/3")

METADATA: Final = frozenset(
    {
        IPv4Address("169.254.169.254"),  # nearly every cloud
        IPv4Address("169.254.170.2"),  # container credentials (ECS)
        IPv4Address("169.254.170.23"),  # container credentials (EKS)
        IPv4Address("169.254.42.42"),  # Scaleway
        IPv4Address("100.100.100.200"),  # Alibaba
        IPv4Address("192.0.0.192"),  # Oracle
        IPv4Address("168.63.129.16"),  # Azure: an address that is otherwise public
        IPv6Address("fd00:ec2::254"),  # AWS
        IPv6Address("fd00:ec2::23"),  # container credentials (EKS)
        IPv6Address("fd20:ce::254"),  # Google
        IPv6Address("fd00:42::42"),  # Scaleway
        IPv6Address("fd00:c1::a9fe:a9fe"),  # Oracle
    }
)
"""Addresses that hand out the machine's credentials. No wider network opens them, only the address itself does."""


class Allowed(msgspec.Struct, frozen=True):
    """What the operator opens beyond the public internet: whole networks, and hosts by name.

    A network opens its addresses exactly as written: an IPv4 network does not open IPv4 inside IPv6.
    A host opens whatever unicast address its name has, but for link-local and metadata services.
    """

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `ENSUE_ALLOW_NETWORKS`: CIDRs, addresses and host names, parted by commas or blanks.

        Raises EnsueError('invalid') that names the entry which is none of these.
        """
        networks: list[Network] = []
        hosts: set[str] = set()
        for entry in re.split(r"[,\s]+", text):
            if entry:
                found = _parse_entry(entry)
                if isinstance(found, str):
                    hosts.add(found)
                else:
                    networks.append(found)
        return cls(tuple(networks), frozenset(hosts))

    def covers(self, address: Address) -> bool:
        """Whether a network opens this address, exactly as written; a metadata service needs to be named itself."""
        alone = address in METADATA
        return any(
            network.version == address.version
            and address in network
            and (not alone or network.prefixlen == network.max_prefixlen)
            for network in self.networks
        )


def vet(address: Address, allowed: Allowed, host: str = "") -> str | None:
    """None when `address` may be connected to, else why not, in words that follow "which is".

    `host` is the normalised name that has this address, where one was resolved: an allowed host opens private
    addresses. IPv4 inside IPv6 is refused even where the IPv4 address is public; a NAT64 network that is allowed opens
    those of its addresses whose inner IPv4 address may be connected to.
    """
    if isinstance(address, IPv6Address):
        return _vet_v6(address, allowed, host)
    reason = "a metadata service" if address in METADATA else _block(address, _V4_BLOCKS)
    return None if reason is None or _opened(address, allowed, host, reason) else reason


def _vet_v6(address: IPv6Address, allowed: Allowed, host: str) -> str | None:
    """IPv6: metadata, blocks, whatever is not global unicast, and IPv4 in the lower half (ISATAP)."""
    if address.scope_id is not None:
        return "bound to an interface of this machine"
    if address in METADATA:
        reason: str | None = "a metadata service"
    else:
        reason = _block(address, _V6_BLOCKS)
    if reason is None and address not in _V6_OPEN:
        reason = "not global unicast"
    if reason is None and (int(address) >> 32) & 0xFDFF_FFFF == 0x0000_5EFE:
        reason = "IPv4 inside IPv6 (ISATAP)"
    if reason is None or _opened(address, allowed, host, reason):
        inner = embedded(address)
        return None if inner is None else vet(inner, allowed)
    return reason


def _block(address: Address, blocks: tuple[tuple[Network, str], ...]) -> str | None:
    for network, reason in blocks:
        if address in network:
            return f"{reason} ({network})"
    return None


_NEVER_BY_NAME: Final = ("link-local", "multicast", "this host", "unspecified", "reserved", "a metadata", "IPv4 inside")


def _opened(address: Address, allowed: Allowed, host: str, reason: str) -> bool:
    """Whether the operator's settings admit an address that is refused for `reason`."""
    if allowed.covers(address):
        return True
    return host in allowed.hosts and not reason.startswith(_NEVER_BY_NAME)


def embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a gateway or the system itself would reach through `address`, if one is inside."""
    value = int(address)
    if value >> 32 in (0, 0xFFFF, 0xFFFF_0000, 0x0064_FF9B << 64) and value > 1:
        return IPv4Address(value & 0xFFFF_FFFF)
    if value >> 112 == 0x2002:
        return IPv4Address(value >> 80 & 0xFFFF_FFFF)
    if value >> 96 == 0x2001_0000:
        return IPv4Address(~value & 0xFFFF_FFFF)
    if value >> 80 == 0x0064_FF9B_0001 or (value >> 32) & 0xFDFF_FFFF == 0x0000_5EFE:
        return IPv4Address(value & 0xFFFF_FFFF)
    return None


def _parse_entry(entry: str) -> Network | str:
    """One entry of the setting: a network, an address (as the network of one), or a host name."""
    try:
        if "%" not in entry:
            return ip_network(entry)
    except ValueError as error:
        if "host bits" in str(error):
            wide = ip_network(entry, strict=False)
            raise _nonsense(entry, f"has bits beyond its prefix; write {wide}") from None
    try:
        host = normalise(entry)
    except ValueError as error:
        raise _nonsense(entry, f"is neither a network (10.0.0.0/8), an address nor a host name: it {error}") from None
    if not isinstance(host, str):
        raise _nonsense(entry, f"is an odd spelling of an address; write {host}")
    return host


def _nonsense(entry: str, why: str) -> EnsueError:
    return EnsueError("invalid", f"{SETTING}: {entry!a} {why}.", SETTING)

"""Holds which addresses may be connected to, and what ENSUE_ALLOW_NETWORKS opens (design section 8)."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensue.domain.errors import EnsueError
from ensue.domain.guard import Allowed, check_url, loopbacks, vet
from ensue.domain.reachable import embedded

NOTHING = Allowed()


@given(st.ip_addresses())
def test_an_address_named_alone_is_open(address: IPv4Address | IPv6Address) -> None:
    """The exact address opens itself, whatever it is, unless it holds an IPv4 address that is not open."""
    inner = embedded(address) if isinstance(address, IPv6Address) else None
    closed = inner is not None and vet(inner, NOTHING) is not None
    assert (vet(address, Allowed.parse(str(address))) is not None) == closed


@given(st.ip_addresses(v=6))
def test_ipv6_is_open_in_global_unicast_only(address: IPv6Address) -> None:
    """No address outside of 2000::/3 is ever open by itself."""
    assert vet(address, NOTHING) is not None or address in IPv6Network("2000::/3")


@pytest.mark.parametrize(
    ("setting", "address"),
    [
        ("127.0.0.0/8", "127.0.0.1"),
        ("10.0.0.0/8, 192.168.0.0/16", "192.168.3.4"),
        ("169.254.169.254", "169.254.169.254"),
        ("fd00::/8", "fd12::1"),
        ("::1", "::1"),
        ("64:ff9b::/96", "64:ff9b::808:808"),
        ("64:ff9b::/96 10.0.0.0/8", "64:ff9b::a00:1"),
        ("::ffff:0:0/96 127.0.0.0/8", "::ffff:127.0.0.1"),
        ("2002::/16", "2002:808:808::1"),
    ],
)
def test_an_allowed_network_opens_its_addresses(setting: str, address: str) -> None:
    """What the operator allows may be connected to."""
    assert vet(ip_address(address), Allowed.parse(setting)) is None


@pytest.mark.parametrize(
    ("setting", "address"),
    [
        ("127.0.0.0/8", "::ffff:127.0.0.1"),
        ("127.0.0.0/8", "::1"),
        ("127.0.0.0/8", "10.0.0.1"),
        ("10.0.0.0/8", "::10.0.0.1"),
        ("10.0.0.0/8", "64:ff9b::a00:1"),
        ("64:ff9b::/96", "64:ff9b::7f00:1"),
        ("64:ff9b:1::/48", "64:ff9b:1::7f00:1"),
        ("::ffff:0:0/96", "::ffff:127.0.0.1"),
        ("2002::/16", "2002:7f00:1::1"),
        ("2001::/32", "2001:0:4136:e378:8000:63bf:80ff:fffe"),
        ("::/0", "::ffff:169.254.169.254"),
        ("0.0.0.0/0", "169.254.169.254"),
        ("169.254.0.0/16", "169.254.169.254"),
        ("168.63.0.0/16", "168.63.129.16"),
        ("fd00::/8", "fd00:ec2::254"),
        ("fe80::/10", "fe80::1%eth0"),
    ],
)
def test_an_allowed_network_opens_nothing_else(setting: str, address: str) -> None:
    """No other spelling, no inner address and no metadata service comes in by a wider network."""
    assert vet(ip_address(address), Allowed.parse(setting)) is not None


def test_an_allowed_host_opens_private_addresses_but_no_metadata() -> None:
    """A host that the operator named may live in a private network, yet its name cannot be turned on the cloud."""
    allowed = Allowed.parse("Hooks.Corp.Example., faß.de")
    assert allowed.hosts == {"hooks.corp.example", "xn--fa-hia.de"}
    for private in ("10.0.0.1", "127.0.0.1", "100.64.0.1", "fd12::1"):
        assert vet(ip_address(private), allowed, "hooks.corp.example") is None
        assert vet(ip_address(private), allowed, "other.example") is not None
    for never in ("169.254.169.254", "100.100.100.200", "fd00:ec2::254", "0.1.2.3", "224.0.0.1", "::ffff:10.0.0.1"):
        assert vet(ip_address(never), allowed, "hooks.corp.example") is not None


def test_localhost_is_open_where_loopback_is_allowed() -> None:
    """`127.0.0.0/8` lets one write localhost; only the allowed loopback address is used, and DNS is not asked."""
    allowed = Allowed.parse("127.0.0.0/8")
    assert check_url("http://localhost:8000/", allowed).host == "localhost"
    assert loopbacks("localhost", allowed) == (ip_address("127.0.0.1"),)
    assert loopbacks("a.localhost", Allowed.parse("::1")) == (ip_address("::1"),)
    assert loopbacks("example.com", allowed) == ()
    assert check_url("http://box.localdomain/", Allowed.parse("box.localdomain")).host == "box.localdomain"
    with pytest.raises(EnsueError):
        check_url("http://box.localdomain/", allowed)


@pytest.mark.parametrize(
    ("setting", "hint"),
    [
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("10.0.0.0/33", "neither"),
        ("127.1", "write 127.0.0.1"),
        ("http://example.com", "neither"),
        ("example.com:80", "neither"),
        ("*.example.com", "neither"),
        ("fe80::1%eth0", "neither"),
        ("ok.example, b@d", "'b@d'"),
    ],
)
def test_nonsense_in_the_setting_is_named(setting: str, hint: str) -> None:
    """A wrong entry of ENSUE_ALLOW_NETWORKS is quoted with what to write instead."""
    with pytest.raises(EnsueError, match="ENSUE_ALLOW_NETWORKS") as refused:
        Allowed.parse(setting)
    assert hint in refused.value.message


def test_the_setting_may_be_empty() -> None:
    """No entry means nothing beyond the public internet."""
    assert Allowed.parse(" , \n") == NOTHING

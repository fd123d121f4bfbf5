"""Holds the second line of the guard: a transfer that would reach another address than its own ends without a byte."""

import asyncio
from ipaddress import ip_address

import pycurl
import pytest

from ensue.channels.driver import Driver
from ensue.channels.outbound import _way
from ensue.channels.transfers import STRAYED, Fixed, Order, Transfer
from tests.channels.receiver import receiver


def order(url: str, pin: str) -> Order:
    """A POST that is meant for `pin`, whatever its URL says."""
    return Order("POST", url, pin, None, ["Content-Type:"], b"{}", 10_000, 5_000, None)


async def run(driver: Driver, transfer: Transfer, what: Order) -> int:
    """Libcurl's code for one transfer."""
    transfer.prepare(what)
    code, _ = await driver.start(transfer)
    return code


def test_an_ipv6_address_is_connected_to_in_brackets() -> None:
    """How libcurl is told an address: colons are its separators."""
    assert _way(ip_address("2606:4700::1111"), 443).connect_to == "::[2606:4700::1111]:443"
    assert _way(ip_address("8.8.8.8"), 80).connect_to == "::8.8.8.8:80"


async def test_no_socket_is_opened_to_another_address() -> None:
    """Refused before the connection is made."""
    async with receiver() as sink:
        driver = Driver(asyncio.get_running_loop(), 10)
        transfer = Transfer(Fixed("test"), driver.sockets)
        assert await run(driver, transfer, order(sink.url(), "127.0.0.2")) == pycurl.E_COULDNT_CONNECT
        assert (transfer.stopped, transfer.asked, sink.connections) == (STRAYED, False, 0)
        driver.close()


async def test_no_request_is_written_to_another_address_on_a_kept_connection() -> None:
    """No socket is opened when a connection is used again, so the address is checked before the request as well."""
    async with receiver() as sink:
        driver = Driver(asyncio.get_running_loop(), 10)
        transfer = Transfer(Fixed("test"), driver.sockets)
        assert await run(driver, transfer, order(sink.url(), "127.0.0.1")) == 0
        assert await run(driver, transfer, order(sink.url(), "127.0.0.2")) == pycurl.E_ABORTED_BY_CALLBACK
        assert (transfer.stopped, transfer.asked, sink.connections, len(sink.requests)) == (STRAYED, False, 1, 1)
        driver.close()


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", *(f"{name}://127.0.0.1:1/" for name in ("ftp", "gopher", "dict", "smtp"))]
)
async def test_libcurl_itself_knows_no_other_scheme(url: str) -> None:
    """Even a URL that slipped through the guard is not spoken in another protocol."""
    driver = Driver(asyncio.get_running_loop(), 10)
    transfer = Transfer(Fixed("test"), driver.sockets)
    code = await run(driver, transfer, order(url, "127.0.0.1"))
    assert (code, transfer.asked, transfer.chunks) == (pycurl.E_UNSUPPORTED_PROTOCOL, False, [])
    driver.close()

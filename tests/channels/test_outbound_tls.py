"""Holds that TLS is verified: authority, name and dates, and that a vetted address does not change the name."""

import asyncio
import datetime as dt
import ssl
from pathlib import Path

import pytest
import trustme

from tests.channels.receiver import failed, listening, outbound, post, receiver, replied

NAMES = {"hook.test": ["127.0.0.1"], "other.test": ["127.0.0.1"]}


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """The one authority that the client under test trusts."""
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    """Its certificate as a file."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def serving(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """A server side with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


async def test_a_good_certificate_is_accepted_and_the_connection_kept(authority: trustme.CA, ca_file: str) -> None:
    """The name in the URL is what is verified and asked for, though the connection goes to a vetted address."""
    asked: list[str | None] = []
    context = serving(authority.issue_cert("hook.test"))
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    async with receiver(tls=context) as sink, outbound(names=NAMES, ca_file=ca_file) as client:
        for _ in range(5):
            assert replied(await client.send(post(sink.url("hook.test", "https")))).status == 200
        assert (sink.connections, asked) == (1, ["hook.test"])
        assert f"Host: hook.test:{sink.port}".encode() in sink.requests[0]


async def test_a_literal_address_may_have_a_certificate(authority: trustme.CA, ca_file: str) -> None:
    """An address in the URL is verified as such."""
    context = serving(authority.issue_cert("127.0.0.1"))
    async with receiver(tls=context) as sink, outbound(ca_file=ca_file) as client:
        assert replied(await client.send(post(sink.url(scheme="https")))).status == 200


async def test_another_name_is_refused(authority: trustme.CA, ca_file: str) -> None:
    """A certificate for one host does not serve another, nor the bare address; not even beside a kept connection."""
    context = serving(authority.issue_cert("hook.test"))
    async with receiver(tls=context) as sink, outbound(names=NAMES, ca_file=ca_file) as client:
        assert replied(await client.send(post(sink.url("hook.test", "https")))).status == 200
        assert failed(await client.send(post(sink.url("other.test", "https"))), "tls")
        assert failed(await client.send(post(sink.url("127.0.0.1", "https"))), "tls")
        assert len(sink.requests) == 1


async def test_an_expired_certificate_is_refused(authority: trustme.CA, ca_file: str) -> None:
    """Yesterday's certificate is none."""
    past = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    certificate = authority.issue_cert("hook.test", not_before=past, not_after=past + dt.timedelta(days=1))
    async with receiver(tls=serving(certificate)) as sink, outbound(names=NAMES, ca_file=ca_file) as client:
        assert "expired" in failed(await client.send(post(sink.url("hook.test", "https"))), "tls")
        assert sink.requests == []


async def test_an_unknown_authority_is_refused(ca_file: str) -> None:
    """Who signed it matters, with our own authority file and with the system's."""
    context = serving(trustme.CA().issue_cert("hook.test"))
    for trusted in (ca_file, None):
        async with receiver(tls=context) as sink, outbound(names=NAMES, ca_file=trusted) as client:
            assert failed(await client.send(post(sink.url("hook.test", "https"))), "tls")
            assert sink.requests == []


async def test_plain_text_is_not_tls() -> None:
    """A receiver without TLS behind an https URL is a failure of kind tls, and it never sees the request."""
    seen: list[bytes] = []

    async def shout(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.read(5))
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        await reader.read()

    async with listening(shout) as port, outbound() as client:
        assert failed(await client.send(post(f"https://127.0.0.1:{port}/")), "tls")
    assert [piece[:1] for piece in seen] == [b"\x16"]

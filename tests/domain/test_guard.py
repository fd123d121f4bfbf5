"""Holds the outbound guard's pure half: which URLs, addresses and headers are refused, and why (design section 8)."""

from ipaddress import ip_address

import pycurl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ensue.domain.errors import EnsueError
from ensue.domain.guard import MAX_URL, Allowed, check_header, check_link, check_url

NOTHING = Allowed()

NOT_A_URL = [
    "",
    "example.com",
    "//example.com/",
    "http:",
    "http:/example.com/",
    "http:example.com",
    "http://",
    "http:///path",
    "http://?query",
    "http://:80/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "dict://example.com:11211/",
    "javascript:alert(1)",
    "data:text/plain,x",
    "ws://example.com/",
    "jar:http://example.com!/",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
    "view-source:http://example.com",
    " http://example.com/",
    "http://example.com/ ",
    "http://exa mple.com/",
    "http://example.com/a b",
    "http://example.com/\r\nHost: 10.0.0.1",
    "http://example.com\n.evil.test/",
    "http://exam\tple.com/",
    "http://example.com/\x00",
    "http://example.com/\x7f",
    "http://example.com/\x85",
    "http://example.com/\u2028",
    "http://example.com/\u200b",
    "http://ex\u00adample.com/",
    "http://example.com/\ud800",
    "http://example.com/\u3000",
    "http://example.com\\@10.0.0.1/",
    "http:\\\\example.com\\",
    "http://example.com/a\\b",
    "http://user@example.com/",
    "http://user:secret@example.com/",
    "http://public.example@127.0.0.1/",
    "http://127.0.0.1@public.example/",
    "http://@example.com/",
    "http://example.com%00.evil.test/",
    "http://%6c%6f%63alhost/",
    "http://127%2e0.0.1/",
    "http://\uff05\uff14\uff11.test/",
    "http://example.com:0/",
    "http://example.com:00000/",
    "http://example.com:65536/",
    "http://example.com:99999/",
    "http://example.com:123456/",
    "http://example.com:-1/",
    "http://example.com:+80/",
    "http://example.com:80a/",
    "http://example.com:80:80/",
    "http://example.com:\u0661/",
    "http://exa_mple..com/",
    "http://.example.com/",
    "http://example.com../",
    "http://./",
    "http://-example.com/",
    "http://example-.com/",
    "http://exa!mple.com/",
    "http://exam*ple.com/",
    "http://exa,mple.com/",
    "http://exa'mple.com/",
    "http://a;b.com/",
    "http://" + "a" * 64 + ".com/",
    "http://" + "a." * 127 + "com/",
    "http://xn--a.com/",
    "http://xn--.com/",
    "http://\u2603.com/",
    "http://[::1/",
    "http://::1/",
    "http://[::1]x/",
    "http://[]/",
    "http://[::ffff:1.2.3]/",
    "http://[2606:4700::1111::]/",
    "http://[2606:4700::1111%25eth0]/",
    "http://[fe80::1%25lo]/",
    "http://[fe80::1%lo]/",
    "http://[v1.fe]/",
    "http://[example.com]/",
    "http://a[::1]/",
    "http://1.2.3.4.5/",
    "http://1.2.3.256/",
    "http://256.1.1.1/",
    "http://4294967296/",
    "http://0x100000000/",
    "http://08.8.8.8/",
    "http://8.8.8.0x/",
    "http://8.8.8.0xg1.0x1/",
    "http://1.2.99999/",
    "http://example.1/",
    "http://" + "9" * 200 + "/",
    "http://example.com/" + "a" * MAX_URL,
]

PRIVATE_PLACES = [
    "localhost",
    "LOCALHOST",
    "localhost.",
    "a.localhost",
    "a.b.LocalHost.",
    "\uff4cocalhost",
    "localhost.localdomain",
    "printer.localdomain",
    "localdomain",
    "ip6-localhost",
    "metadata.google.internal",
    "Metadata.Google.Internal.",
    "0",
    "0.0.0.0",  # noqa: S104 - refused here, not bound to
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f.1",
    "0x7f000001",
    "0X7F.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "00000177.1",
    "127.0x0.0.01",
    "\uff11\uff12\uff17.0.0.1",
    "\u2460\u2461\u2466.1",
    "127\u30020\u30020\u30021",
    "127\uff0e0.0.1",
    "127\uff610.0.1",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.255",
    "100.100.100.200",
    "127.255.255.254",
    "169.254.169.254",
    "0xa9fea9fe",
    "2852039166",
    "0251.0376.0251.0376",
    "169.254.170.2",
    "168.63.129.16",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.257",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::127.0.0.1]",
    "[::8.8.8.8]",
    "[::ffff:127.0.0.1]",
    "[::FFFF:7f00:1]",
    "[0:0:0:0:0:ffff:a9fe:a9fe]",
    "[::ffff:8.8.8.8]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::8.8.8.8]",
    "[64:ff9b:1::7f00:1]",
    "[100::1]",
    "[100:0:0:1::1]",
    "[2001::1]",
    "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
    "[2001:2::1]",
    "[2001:10::1]",
    "[2001:db8::1]",
    "[2002:7f00:1::]",
    "[2002:808:808::1]",
    "[3fff::1]",
    "[5f00::1]",
    "[4000::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fd20:ce::254]",
    "[fe80::1]",
    "[febf::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[ff0e::1]",
    "[2606:4700::5efe:7f00:1]",
    "[2606:4700::200:5efe:808:808]",
]

ACCEPTED = [
    ("http://example.com", "example.com", 80, "http://example.com/"),
    ("HTTPS://Example.COM./a/b?c=d#frag", "example.com", 443, "https://example.com/a/b?c=d"),
    ("https://example.com:8443", "example.com", 8443, "https://example.com:8443/"),
    ("https://example.com:443/", "example.com", 443, "https://example.com/"),
    ("http://example.com:00080?x", "example.com", 80, "http://example.com/?x"),
    ("http://example.com/user@host:8", "example.com", 80, "http://example.com/user@host:8"),
    ("http://example.com/?next=http://10.0.0.1/", "example.com", 80, "http://example.com/?next=http://10.0.0.1/"),
    ("http://example.com/../a/./b", "example.com", 80, "http://example.com/../a/./b"),
    ("http://example.com/%0d%0a%zz?é=|", "example.com", 80, "http://example.com/%0d%0a%zz?%C3%A9=%7C"),
    ("http://exämple.com/ü", "xn--exmple-cua.com", 80, "http://xn--exmple-cua.com/%C3%BC"),
    ("http://faß.de/", "xn--fa-hia.de", 80, "http://xn--fa-hia.de/"),
    ("http://XN--EXMPLE-CUA.com/", "xn--exmple-cua.com", 80, "http://xn--exmple-cua.com/"),
    ("http://例え\u3002テスト/", "xn--r8jz45g.xn--zckzah", 80, "http://xn--r8jz45g.xn--zckzah/"),
    ("http://my_service.internal/", "my_service.internal", 80, "http://my_service.internal/"),
    ("http://intranet/", "intranet", 80, "http://intranet/"),
    ("http://localhost.example.com/", "localhost.example.com", 80, "http://localhost.example.com/"),
    ("http://127.0.0.1.example.com/", "127.0.0.1.example.com", 80, "http://127.0.0.1.example.com/"),
    ("http://8.8.8.8/", "8.8.8.8", 80, "http://8.8.8.8/"),
    ("http://0x08080808:81/", "8.8.8.8", 81, "http://8.8.8.8:81/"),
    ("http://134744072/", "8.8.8.8", 80, "http://8.8.8.8/"),
    ("http://192.0.1.1/", "192.0.1.1", 80, "http://192.0.1.1/"),
    ("http://172.32.0.1/", "172.32.0.1", 80, "http://172.32.0.1/"),
    ("http://[2606:4700:0:0::1111]:8080/", "2606:4700::1111", 8080, "http://[2606:4700::1111]:8080/"),
    ("https://[2A00:1450:4001:800::200E]/", "2a00:1450:4001:800::200e", 443, "https://[2a00:1450:4001:800::200e]/"),
]


@pytest.mark.parametrize("url", NOT_A_URL, ids=ascii)
def test_a_url_that_could_be_read_in_two_ways_is_refused(url: str) -> None:
    """Syntax, schemes, blanks, userinfo, ports and odd hosts: a clear `invalid` that names the field."""
    with pytest.raises(EnsueError) as refused:
        check_url(url, Allowed.parse("0.0.0.0/0 ::/0"), "endpoint.url")
    assert (refused.value.code, refused.value.field) == ("invalid", "endpoint.url")
    assert refused.value.message.isascii()


@pytest.mark.parametrize("place", PRIVATE_PLACES, ids=ascii)
@pytest.mark.parametrize("form", ["http://{}/", "https://{}:8443/hook?a=b"])
def test_a_place_that_is_not_public_is_refused(form: str, place: str) -> None:
    """Every spelling of this machine and its networks is refused, and the message names the way out."""
    with pytest.raises(EnsueError, match="ENSUE_ALLOW_NETWORKS") as refused:
        check_url(form.format(place), NOTHING)
    assert (refused.value.code, refused.value.field) == ("invalid", "url")


@pytest.mark.parametrize(("url", "host", "port", "rebuilt"), ACCEPTED, ids=ascii)
def test_a_public_url_is_normalised_and_rebuilt(url: str, host: str, port: int, rebuilt: str) -> None:
    """What is accepted has one host in one form, and the rebuilt URL is what will be requested."""
    target = check_url(url, NOTHING)
    assert (target.host, target.port, target.url) == (host, port, rebuilt)
    assert (str(target.address) if target.address else None) in {None, host}
    assert check_url(target.url, NOTHING) == target


def libcurl_host(url: str) -> str:
    """The host that libcurl reads in a URL, without IPv6 brackets."""
    return str(pycurl.CurlUrl(url).host).strip("[]")


PIECES = st.one_of(
    st.sampled_from("aB.-_1[]:@%\\/?#\u3002\uff11ü"),
    st.sampled_from(["example", "com", "xn--exmple-cua", "..", "0x7f", "0177", "127", "65536", "::1", "ffff", "%41"]),
    st.sampled_from(["localhost", "8.8.8.8"]),
)
HOSTS = st.one_of(
    st.lists(PIECES, min_size=1, max_size=6).map("".join),
    st.ip_addresses(v=4).map(str),
    st.integers(0, 2**32 - 1).map(str),
    st.integers(0, 2**32 - 1).map(hex),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
    st.text(min_size=1, max_size=12),
)


@given(scheme=st.sampled_from(["http", "HTTPS"]), host=HOSTS, rest=st.sampled_from(["", "/", ":81/x", "?a@b", "/@c:d"]))
@example(scheme="http", host="0x7f.1", rest="/")
@example(scheme="http", host="[::ffff:7f00:1]", rest="/")
@example(scheme="http", host="a@b", rest="/")
def test_libcurl_reads_the_same_host(scheme: str, host: str, rest: str) -> None:
    """Whatever is accepted is the same host to libcurl, in the rebuilt URL and, where it is ASCII, in the given one."""
    url = f"{scheme}://{host}{rest}"
    try:
        target = check_url(url, Allowed.parse("0.0.0.0/0 ::/0"))
    except EnsueError:
        return
    read = libcurl_host(target.url)
    assert read == target.host or ip_address(read) == target.address
    assert target.url.isascii()
    assert target.url.isprintable()
    if url.isascii():
        given_host = libcurl_host(url).lower().removesuffix(".")
        assert given_host == target.host or ip_address(given_host) == target.address


@pytest.mark.parametrize(
    "url", ["https://example.com/", "http://localhost:3000/x", "http://10.0.0.1/", "http://[::1]/"]
)
def test_a_link_may_lead_anywhere_on_the_web(url: str) -> None:
    """External links are never fetched, so only their scheme and syntax count."""
    check_link(url)
    with pytest.raises(EnsueError):
        check_link("java" + url)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "/relative", "http://", "http://a b/", "mailto:a@b.example", ""]
)
def test_a_link_that_is_no_web_page_is_refused(url: str) -> None:
    """Schemes that run code and links without a host are refused."""
    with pytest.raises(EnsueError) as refused:
        check_link(url, "card.actions[0].url")
    assert refused.value.field == "card.actions[0].url"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            (name, "x")
            for name in ("Host", "CONTENT-LENGTH", "Transfer-Encoding", "connection", "Keep-Alive", "Expect")
        ),
        *((name, "x") for name in ("Upgrade", "TE", "Trailer", "Proxy-Authorization", "proxy-connection", "Proxy-X")),
        *((name, "x") for name in ("Accept-Encoding", "Content-Encoding", "HTTP2-Settings")),
        *((name, "x") for name in ("", "a b", "a:", "a\r\nb", "ä", "a\x00", "x" * 101, ":path", "a,b", "(a)")),
        *(
            ("x-ok", value)
            for value in ("a\r\nb: c", "a\nb", "a\rb", "a\x00", "\x1b[0m", "a\tb", "\x7f", "ü", "\u2028")
        ),
        ("x-ok", "a" * 8193),
    ],
    ids=ascii,
)
def test_a_header_that_could_frame_or_smuggle_is_refused(name: str, value: str) -> None:
    """Names that steer the connection and values with control characters never reach the wire."""
    with pytest.raises(EnsueError) as refused:
        check_header(name, value, "endpoint.headers")
    assert (refused.value.code, refused.value.field) == ("invalid", "endpoint.headers")


@pytest.mark.parametrize(
    ("name", "value"), [("Authorization", "Bearer a.b-c"), ("X-Empty", ""), ("x_y", 'a, b; c="d"')]
)
def test_an_ordinary_header_passes(name: str, value: str) -> None:
    """What users need passes."""
    check_header(name, value)
    with pytest.raises(EnsueError):
        check_header(name, value + "\n")

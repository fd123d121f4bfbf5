"""Requests that prove their sender: every one that was recorded of the four clients, and none that was changed."""

import json
from pathlib import Path
from typing import Any

import pytest

from ensue.domain.signed_request import SignedRequest, is_signed, sign_request, string_to_sign

RECORDED = json.loads((Path(__file__).parent.parent / "dialects" / "suprsend" / "signatures.json").read_text("utf-8"))
SECRET = b"whsec_secret"
REQUEST = SignedRequest(b"POST", b"/v2/event/", b"", b"application/json", b"Sat, 21 Nov 2026 20:40:33 GMT", b"{}")


def request_of(recorded: dict[str, Any]) -> tuple[SignedRequest, bytes, bytes]:
    """What was sent, the secret and the signature."""
    path, _, query = recorded["target"].partition("?")
    texts = (recorded["method"], path, query, recorded["content_type"], recorded["date"], recorded["body"] or "")
    signature = recorded["authorization"].partition(":")[2]
    return SignedRequest(*(text.encode() for text in texts)), recorded["workspace_secret"].encode(), signature.encode()


@pytest.mark.parametrize("recorded", RECORDED, ids=[one["label"] for one in RECORDED])
def test_what_clients_send_is_proved(recorded: dict[str, Any]) -> None:
    """Each recorded request verifies; with another body, method, target, date or secret it does not."""
    request, secret, signature = request_of(recorded)
    assert is_signed(request, secret, signature)
    for changed in (
        request._replace(body=request.body + b" "),
        request._replace(method=b"PUT"),
        request._replace(path=request.path + b"x"),
        request._replace(query=request.query + b"x=1"),
        request._replace(date=request.date + b" "),
        request._replace(content_type=b"application/json"),
    ):
        assert not is_signed(changed, secret, signature)
    assert not is_signed(request, secret + b"x", signature)
    assert not is_signed(request, secret, signature[:-1])


def test_the_recordings_are_all_there() -> None:
    """As many as were recorded, of three clients."""
    assert len(RECORDED) == 68
    assert {one["label"].partition(":")[0] for one in RECORDED} == {"py", "node", "go"}


def test_the_worked_example() -> None:
    """The lines that are signed are those of the reference, without a line break at their end."""
    request = REQUEST._replace(method=b"DELETE", path=b"/v1/user/u1/", body=b"")
    assert string_to_sign(request) == b"DELETE\n\napplication/json\nSat, 21 Nov 2026 20:40:33 GMT\n"


@pytest.mark.parametrize(
    ("signed", "sent"),
    [
        (b"/v1/user/a/b c/", (b"/v1/user/a%2Fb%20c/", b"")),
        (b"/v1/user/?", (b"/v1/user/", b"")),
        (b"/v1/user/a b/?limit=5&after=x", (b"/v1/user/a%20b/", b"limit=5&after=x")),
        (b"/v1/user/a b/?after=x&limit=5", (b"/v1/user/a%20b/", b"limit=5&after=x")),
    ],
)
def test_every_form_of_the_target(signed: bytes, sent: tuple[bytes, bytes]) -> None:
    """Clients that sign a decoded path, sort their query or keep a bare question mark are believed too."""
    path, mark, query = signed.partition(b"?")
    signature = sign_request(REQUEST._replace(path=path + (mark if not query else b""), query=query), SECRET)
    assert is_signed(REQUEST._replace(path=sent[0], query=sent[1]), SECRET, signature)
    assert not is_signed(REQUEST._replace(path=sent[0] + b"/", query=sent[1]), SECRET, signature)


@pytest.mark.parametrize("signature", [b"", b"=", b"\xff", b"x" * 44, b"\x00" * 44])
def test_what_is_no_signature(signature: bytes) -> None:
    """Anything may stand in a header; it is refused and breaks nothing."""
    assert not is_signed(REQUEST, SECRET, signature)

"""Signatures: the published vector, and what two libraries of receivers say to ours."""

import base64
from datetime import UTC, datetime

import pytest
import standardwebhooks
import svix
from hypothesis import given, settings
from hypothesis import strategies as st

from ensue.domain.errors import EnsueError
from ensue.domain.signature import check_secret, secret_of, sign

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE = "msg_p5jXN8AQM9LWM0D4loKWxJek"
BODY = b'{"test": 2432232314}'


def test_the_published_vector() -> None:
    """Id, time, body and secret of the specification's example give its signature."""
    assert sign([check_secret(SECRET)], MESSAGE, 1614265330, BODY) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("library", [standardwebhooks.Webhook, svix.Webhook])
def test_receivers_verify_what_we_sign(library: type[standardwebhooks.Webhook] | type[svix.Webhook]) -> None:
    """While a secret is being changed, a receiver with either of them accepts."""
    now = int(datetime.now(UTC).timestamp())
    secrets = [secret_of(bytes(range(32))), SECRET]
    signature = sign([check_secret(secret) for secret in secrets], MESSAGE, now, BODY)
    headers = {"webhook-id": MESSAGE, "webhook-timestamp": str(now), "webhook-signature": signature}
    for secret in secrets:
        library(secret).verify(BODY, headers)  # raises if it does not hold
    with pytest.raises((standardwebhooks.WebhookVerificationError, svix.WebhookVerificationError)):
        library(secret_of(bytes(24))).verify(BODY, headers)


@given(st.binary(min_size=24, max_size=64))
@settings(max_examples=50)
def test_a_secret_is_read_with_and_without_padding(key: bytes) -> None:
    """Both forms are in use; both mean the same key."""
    assert check_secret(secret_of(key)) == key
    assert check_secret(secret_of(key).rstrip("=")) == key


@pytest.mark.parametrize(
    ("secret", "says"),
    [
        ("", "is not of that form"),
        ("whsec_", "holds 0 bytes"),
        (SECRET.removeprefix("whsec_"), "is not of that form"),
        ("WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "is not of that form"),
        (SECRET + " ", "is not of that form"),
        (SECRET + "=", "wrong padding"),
        (SECRET + "A", "cut off"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa-_", "is not of that form"),
        ("whsec_" + base64.b64encode(bytes(23)).decode(), "holds 23 bytes"),
        ("whsec_" + base64.b64encode(bytes(65)).decode(), "holds 65 bytes"),
    ],
)
def test_a_secret_that_cannot_be_is_refused(secret: str, says: str) -> None:
    """The message says why and never repeats the secret."""
    with pytest.raises(EnsueError) as caught:
        check_secret(secret)
    assert (caught.value.code, caught.value.field) == ("invalid", "endpoint.secret")
    assert says in caught.value.message
    assert "MfKQ9r8G" not in caught.value.message


def test_a_message_id_holds_no_dot() -> None:
    """Else the same bytes could be read as another id and time."""
    with pytest.raises(ValueError, match="no dot"):
        sign([bytes(24)], "a.b", 1, b"")


def test_every_part_is_signed() -> None:
    """Another id, time, body or key gives another signature."""
    made = [
        sign([bytes(24)], "a", 1, b"x"),
        sign([bytes(24)], "b", 1, b"x"),
        sign([bytes(24)], "a", 2, b"x"),
        sign([bytes(24)], "a", 1, b"y"),
        sign([b"k" * 24], "a", 1, b"x"),
    ]
    assert len(set(made)) == 5

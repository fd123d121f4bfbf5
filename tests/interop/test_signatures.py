"""Standard Webhooks: what we deliver is verified by the libraries that receivers use, while a secret is rotated too."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import pytest
import standardwebhooks
import svix.webhooks

from ensue.domain.signature import check_secret, sign
from ensue.testing import Received, Sink
from tests.acceptance.server import Server
from tests.interop.peers import npm_receiver

VECTOR: Final = (
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "msg_p5jXN8AQM9LWM0D4loKWxJek",
    1614265330,
    b'{"test": 2432232314}',
    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
)
"""The specification's own: secret, id, timestamp, body and signature."""


def _by_standardwebhooks(secret: str, received: Received) -> Any:
    return standardwebhooks.Webhook(secret).verify(received.body, received.headers)


def _by_svix(secret: str, received: Received) -> Any:
    return svix.webhooks.Webhook(secret).verify(received.body, received.headers)


VERIFIERS: Final[Mapping[str, Callable[[str, Received], Any]]] = {
    "standardwebhooks": _by_standardwebhooks,
    "svix": _by_svix,
}
"""Each raises one of `REFUSALS` for what it does not verify."""
REFUSALS: Final = (standardwebhooks.WebhookVerificationError, svix.webhooks.WebhookVerificationError)


def test_the_vector_of_the_specification() -> None:
    """The signature of the specification's example is the one that it shows, and that the libraries make."""
    secret, message, moment, body, signature = VECTOR
    at = datetime.fromtimestamp(moment, UTC)
    assert sign([check_secret(secret)], message, moment, body) == signature
    assert standardwebhooks.Webhook(secret).sign(message, at, body.decode()) == signature
    assert svix.webhooks.Webhook(secret).sign(message, at, body.decode()) == signature


@pytest.mark.parametrize("form", ["cloudevents", "cloudevents-binary", "plain"])
async def test_python_libraries_verify_every_format(server: Server, sink: Sink, form: str) -> None:
    """Every delivery verifies by the secret of its trigger and by no other; one changed byte is noticed."""
    secret = (await server.trigger(sink.url, format=form))["endpoint"]["secret"]
    await server.send(data={"name": "Zoë", "text": "x" * 3000})
    received = (await sink.wait_for(1))[0]
    other = (await server.trigger(sink.url, enabled=False))["endpoint"]["secret"]
    changed = Received(received.method, received.path, received.headers, received.body.replace(b"x", b"y", 1))
    for verify in VERIFIERS.values():
        verify(secret, received)
        for wrong in ((other, received), (secret, changed)):
            with pytest.raises(REFUSALS):
                verify(*wrong)


@pytest.mark.usefixtures("npm")
async def test_the_library_of_npm_verifies(server: Server) -> None:
    """`standardwebhooks` of npm verifies what it gets by the secret that we made."""
    secret = "whsec_" + "A" * 32
    async with npm_receiver(secret) as receiver:
        await server.trigger(receiver.url, endpoint={"secret": secret})
        await server.send("npm.verified", data={"a": "ü"})
        assert (await receiver.read()).attributes["type"] == "npm.verified"


async def test_after_a_rotation_both_secrets_verify_for_a_day(server: Server, sink: Sink) -> None:
    """A receiver may change its secret within 24 hours: until then each delivery carries both signatures."""
    trigger = await server.trigger(sink.url)
    old = trigger["endpoint"]["secret"]
    rotated = (await server.call("POST", f"/api/v1/triggers/{trigger['id']}/rotate-secret")).json["endpoint"]
    new = rotated["secret"]
    assert new != old
    until = datetime.fromisoformat(rotated["old_secret_until"])
    assert 86_000 < (until - datetime.now(UTC)).total_seconds() <= 86_400
    await server.send()
    received = (await sink.wait_for(1))[0]
    assert len(received.headers["webhook-signature"].split(" ")) == 2
    for verify in VERIFIERS.values():
        verify(old, received)
        verify(new, received)
        with pytest.raises(REFUSALS):
            verify(VECTOR[0], received)


async def test_secrets_are_not_in_the_file(server: Server, sink: Sink) -> None:
    """What signs is sealed where it is kept, and so are secret headers: neither stands in data, attempts or log."""
    endpoint = {"secret_headers": {"x-token": "very-secret-value"}}
    made = (await server.trigger(sink.url, endpoint=endpoint))["endpoint"]
    await server.send()
    assert (await sink.wait_for(1))[0].headers["x-token"] == "very-secret-value"
    kept = b"".join((server.data / name).read_bytes() for name in ("ensue.db", "ensue.db-wal"))
    assert b"/hook" in kept, "the trigger stands in the file"
    for secret in (made["secret"].removeprefix("whsec_"), "very-secret-value", server.key.removeprefix("ens_")):
        assert secret.encode() not in kept

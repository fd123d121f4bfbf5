"""Who may do what: the claims of a token and the scopes of its key, both."""

from typing import Any

import pytest

from ensue.domain.key import Scope
from ensue.engine import tokens
from ensue.testing import Reply, Sink
from tests.dialects.spacecloud.cloud import CONFIG, FIRST, MANY, SECOND, Cloud, told

ONE = {"type": "my_type"}
CALLS: list[tuple[str, str, Any]] = [
    ("GET", f"{CONFIG}/eventing/config", b""),
    ("POST", f"{CONFIG}/eventing/config/eventing-config", {"enabled": True}),
    ("POST", f"{CONFIG}/eventing/config", {"enabled": True}),
    ("POST", f"{CONFIG}/event-triggers/config", {"enabled": True}),
    ("GET", f"{CONFIG}/eventing/triggers", b""),
    ("POST", f"{CONFIG}/eventing/triggers/t", ONE | {"url": "https://hooks.example/in"}),
    ("DELETE", f"{CONFIG}/eventing/triggers/t", b""),
    ("POST", f"{CONFIG}/event-triggers/rules/t", ONE | {"url": "https://hooks.example/in"}),
    ("DELETE", f"{CONFIG}/event-triggers/rules/t", b""),
    ("GET", f"{CONFIG}/eventing/rules", b""),
    ("POST", f"{CONFIG}/eventing/rules/t", {"rule": "allow"}),
    ("DELETE", f"{CONFIG}/eventing/rules/t", b""),
    ("GET", f"{CONFIG}/eventing/schema", b""),
    ("POST", f"{CONFIG}/eventing/schema/t", {"schema": "type t { a: ID }"}),
    ("DELETE", f"{CONFIG}/eventing/schema/t", b""),
    ("POST", f"{CONFIG}/generate-internal-token", b""),
    ("POST", MANY, {"events": [ONE]}),
]
ADMINS_ONLY = "Only admins are authorised to make this request."
NO_ROLE = "Invalid token provided. Claim `role` is absent."


def refused(url: str) -> int:
    """The status of a refusal by right."""
    return 403 if url == MANY else 401


async def test_an_admin_may_do_all_of_it(cloud: Cloud) -> None:
    """By JWT, by the plain token of the key, and by any role that says so."""
    for speaker in (cloud, cloud.with_token(cloud.key.token), cloud.claiming(role="superadmin")):
        for method, url, body in CALLS:
            assert (await speaker(method, url, body)).status == 200, url


@pytest.mark.parametrize(("method", "url", "body"), CALLS)
async def test_nobody_else_may(cloud: Cloud, method: str, url: str, body: Any) -> None:
    """No token; a claim that is not there, of another kind, or another; a key that lacks the scope, whatever it
    claims; the key of another project."""
    sender = await cloud.with_key("events:write", "triggers")
    claims_it = sender.with_token(tokens.mint({"role": "admin"}, sender.key.key.id, sender.key.secret))
    other = await cloud.with_key(project="other")
    wanted = {
        "no token": (cloud.with_token(None), "Unable to parse token, token is malformed"),
        "no role": (cloud.claiming(id="x"), NO_ROLE),
        "a role that is no text": (cloud.claiming(role=["admin"]), NO_ROLE),
        "another role": (cloud.claiming(role="user"), ADMINS_ONLY),
        "a key that may only send": (claims_it, ADMINS_ONLY),
        "its JWT": (sender, NO_ROLE),
        "its token": (sender.with_token(sender.key.token), NO_ROLE),
        "another project": (other, None),
        "its plain token": (other.with_token(other.key.token), None),
    }
    for name, (speaker, words) in wanted.items():
        got = await speaker(method, url, body)
        assert got.status == refused(url), name
        assert words in (None, told(got)[1]), name
    assert not await cloud.events()
    assert await cloud.get("triggers") == []
    assert [rule["id"] for rule in await cloud.get("rules")] == ["default"]


async def test_a_project_that_is_not_there(cloud: Cloud) -> None:
    """400, whoever asks."""
    for method, url, body in CALLS:
        got = await cloud(method, url.replace("/default", "/nowhere"), body)
        assert (got.status, got.json) == (400, {"error": "project (nowhere) not found in server state"})


@pytest.mark.parametrize(
    ("scopes", "may"),
    [
        (("events:write",), True),
        (("admin",), True),
        (("events:read", "triggers", "deliveries", "actions:run"), False),
    ],
)
async def test_queueing_takes_the_right_to_send(cloud: Cloud, scopes: tuple[Scope, ...], may: bool) -> None:  # noqa: FBT001 - a parameter
    """Whatever the token claims; by JWT and by plain token, on both paths."""
    speaker = await cloud.with_key(*scopes)
    claims_it = speaker.with_token(tokens.mint({"role": "admin"}, speaker.key.key.id, speaker.key.secret))
    for one in (speaker, claims_it, speaker.with_token(speaker.key.token)):
        assert (await one.queue(SECOND)).status == (200 if may else 500)
        assert (await one.queue(FIRST)).status == (200 if may else 403)
    assert len(await cloud.events()) == (6 if may else 0)


async def test_a_generated_token_passes_every_rule_for_half_an_hour(cloud: Cloud) -> None:
    """As in their console, "bypass security rules"; it is no admin's for all that."""
    await cloud.set("rules/default", {"rule": "deny"})
    token = (await cloud("POST", f"{CONFIG}/generate-internal-token")).json["result"]
    internal = cloud.with_token(token)
    assert (await cloud.queue()).status == 500
    assert (await internal.queue()).status == 200
    assert (await internal("GET", f"{CONFIG}/eventing/config")).status == 401
    cloud.native.clock.turn(30 * 60_000)
    assert (await internal.queue()).status == 500


async def test_only_an_admins_key_passes_every_rule(cloud: Cloud) -> None:
    """Anybody with a key can sign such a claim."""
    await cloud.set("rules/default", {"rule": "deny"})
    sender = await cloud.with_key("events:write")
    forged = tokens.mint({"id": "internal-sc-user", "role": "internal"}, sender.key.key.id, sender.key.secret)
    assert told(await cloud.with_token(forged).queue())[2] == "the operation being performed is denied"


async def test_what_a_receiver_is_sent_is_no_credential(cloud: Cloud) -> None:
    """The tokens of a webhook say who calls; whoever gets them can do nothing with them."""
    async with Sink(lambda _: Reply(body=b"{}")) as sink:
        await cloud.trigger(url=sink.url)
        await cloud.queue()
        (received,) = await sink.wait_for(1)
    for name in ("authorization", "x-sc-token"):
        holder = cloud.with_token(received.headers[name].removeprefix("Bearer "))
        assert told(await holder.queue(SECOND))[0] == 500
        assert told(await holder.queue(FIRST))[0] == 403
        assert told(await holder("POST", MANY, {"events": [ONE]}))[0] == 403
        assert told(await holder("POST", f"{CONFIG}/generate-internal-token"))[0] == 401
    assert len(await cloud.events()) == 1


async def test_claims_that_are_no_object(cloud: Cloud) -> None:
    """Their server falls over them."""
    kinds: list[Any] = [[], "admin", 5, None]
    for claims in kinds:
        token = tokens.mint(claims, cloud.key.key.id, cloud.key.secret)
        assert told(await cloud.with_token(token).queue())[0] == 500
        assert told(await cloud.with_token(token)("POST", MANY, {"events": [ONE]}))[0] == 403
        assert told(await cloud.with_token(token)("GET", f"{CONFIG}/eventing/rules"))[0] == 401
    assert not await cloud.events()


async def test_a_public_key_may_queue_from_its_pages(cloud: Cloud) -> None:
    """With its plain token, from its origins, no more than 16 KiB; it configures nothing."""
    engine = cloud.native.house.engine
    new = await engine.keys.create("default", public=True, origins=["https://shop.example"])
    browser = cloud.with_token(new.token)
    here = {"origin": "https://shop.example"}
    got = await browser("POST", SECOND, ONE, **here)
    assert (got.status, got.headers["access-control-allow-origin"]) == (200, "*")
    assert (await browser("POST", SECOND, ONE, origin="https://elsewhere.example")).status == 403
    assert (await browser("POST", SECOND, ONE | {"payload": "x" * 16_384}, **here)).status == 413
    assert (await browser("POST", MANY, {"events": [ONE]}, **here)).status == 403
    assert (await browser("GET", f"{CONFIG}/eventing/rules")).status == 401
    assert len(await cloud.events()) == 1


async def test_a_revoked_key_may_nothing(cloud: Cloud) -> None:
    """Its JWT ends with it."""
    sender = await cloud.with_key("events:write")
    assert (await sender.queue()).status == 200
    await cloud.native.house.engine.keys.revoke(sender.key.project.id, sender.key.key.id)
    assert (await sender.queue()).status == 500

"""The order of checks on both queue paths, each failure with its status and its words."""

from typing import Any

import pytest

from ensue.engine import tokens
from tests.dialects.spacecloud.cloud import CONFIG, FIRST, SECOND, Cloud, told

NOT_VALID = "Unable to queue event validation failed"
MATCH = {"rule": "match", "type": "string", "eval": "==", "f1": "args.auth.role", "f2": "boss"}
INTERNAL = ["DB_INSERT", "DB_UPDATE", "DB_DELETE", "FILE_CREATE", "FILE_DELETE"]
MALFORMED = "Unable to parse token, token is malformed"
NOT_SIGNED = "Failed to parse token or authentication secrets not set in space cloud config"
UNKNOWN_KEY = "Unable to parse token or secret with given kid does not exists"


@pytest.mark.parametrize("url", [FIRST, SECOND])
async def test_what_is_queued_is_in_the_log(cloud: Cloud, url: str) -> None:
    """200 and an empty object, with or without a trigger; the event stands there as any other."""
    got = await cloud.queue(url, payload={"a": 1}, options={"db": "x"})
    assert (got.status, got.body) == (200, b"{}\n")
    (event,) = await cloud.events()
    assert (event["type"], event["data"], event["attributes"]) == ("my_type", {"a": 1}, {"db": "x"})


@pytest.mark.parametrize("url", [FIRST, SECOND])
async def test_a_project_is_named_by_slug_or_id(cloud: Cloud, url: str) -> None:
    """Either is the same project; another name is none, and says so without a rawError."""
    assert (await cloud.queue(url.replace("default", cloud.key.project.id))).status == 200
    got = await cloud.queue(url.replace("default", "nowhere"))
    assert (got.status, got.json) == (400, {"error": "project (nowhere) not found in server state"})
    assert len(await cloud.events()) == 1


@pytest.mark.parametrize("url", [FIRST, SECOND])
async def test_nothing_is_queued_where_eventing_is_off(cloud: Cloud, url: str) -> None:
    """404, before any other check; on again, it is queued."""
    await cloud.set("config/eventing-config", {"enabled": False, "dbAlias": "db"})
    assert told(await cloud.with_token(None).queue(url)) == (404, "This feature isn't enabled", "")
    await cloud.set("config/eventing-config", {"enabled": True, "dbAlias": "db"})
    assert (await cloud.queue(url)).status == 200


@pytest.mark.parametrize("kind", INTERNAL)
async def test_internal_types_are_for_admins(cloud: Cloud, kind: str) -> None:
    """Refused on both paths, even to an admin; taken from the queue of admins."""
    reason = f"cannot create internal event ({kind}) with project token"
    assert told(await cloud.queue(type=kind)) == (500, NOT_VALID, reason)
    assert told(await cloud.queue(FIRST, type=kind)) == (403, reason, None)
    assert not await cloud.events()


@pytest.mark.parametrize(
    ("token", "words"),
    [
        (None, MALFORMED),
        ("header.payload.sig", MALFORMED),
        ("nonsense", MALFORMED),
        (tokens.mint({"id": "x"}, "key_00000000000000000000000", "secret"), UNKNOWN_KEY),
        ("ens_unknown", NOT_SIGNED),
    ],
)
async def test_a_token_that_does_not_hold(cloud: Cloud, token: str | None, words: str) -> None:
    """500 on the path of today, 403 on the older one; nothing is stored."""
    status, error, raw = told(await cloud.with_token(token).queue())
    assert (status, error) == (500, words)
    assert raw
    assert told(await cloud.with_token(token).queue(FIRST))[:2] == (403, words)
    assert not await cloud.events()


async def test_a_signature_of_another(cloud: Cloud) -> None:
    """By the right key id with a wrong secret, by a key of another project, or out of time."""
    other = await cloud.with_key(project="other")
    forged = cloud.with_token(tokens.mint({"role": "admin"}, cloud.key.key.id, "wrong"))
    expired = cloud.claiming(role="admin", exp=1_700_000_000)
    plain = cloud.with_token(other.key.token)
    for speaker in (other, forged, expired, plain):
        assert told(await speaker.queue())[:2] == (500, NOT_SIGNED)
        assert told(await speaker.queue(FIRST))[:2] == (403, NOT_SIGNED)
    assert not await cloud.events()


async def test_a_rule_that_allows_asks_for_no_token(cloud: Cloud) -> None:
    """None, a stale one, a malformed one: all the same."""
    await cloud.set("rules/my_type", {"rule": "allow"})
    for token in (None, "header.payload.sig"):
        for url in (FIRST, SECOND):
            assert (await cloud.with_token(token).queue(url)).status == 200
    assert told(await cloud.with_token(None).queue(type="another"))[0] == 500


async def test_a_rule_that_does_not_match(cloud: Cloud) -> None:
    """Our general words first and theirs as rawError; on the older path theirs alone; a rule may have its own."""
    await cloud.set("rules/my_type", MATCH)
    clerk, boss = cloud.claiming(role="clerk"), cloud.claiming(role="boss")
    assert told(await clerk.queue()) == (500, NOT_VALID, "auth: The two fields do not match")
    assert told(await clerk.queue(FIRST)) == (403, "auth: The two fields do not match", None)
    assert (await boss.queue()).status == 200
    await cloud.set("rules/my_type", MATCH | {"error": "only the boss"})
    assert told(await clerk.queue())[2] == "only the boss"
    await cloud.set("rules/my_type", {"rule": "deny"})
    assert told(await boss.queue())[2] == "the operation being performed is denied"


async def test_a_rule_sees_the_payload_and_the_token(cloud: Cloud) -> None:
    """`args.params` is the data, by whatever key it came."""
    owner = {"rule": "match", "type": "string", "eval": "==", "f1": "args.params.by", "f2": "args.auth.id"}
    await cloud.set("rules/default", owner)
    ann = cloud.claiming(id="ann")
    assert (await ann.queue(payload={"by": "ann"})).status == 200
    assert (await ann.queue(FIRST, data={"by": "ann"})).status == 200
    payloads: list[Any] = [{"by": "bo"}, {}, None, [], "ann"]
    for payload in payloads:
        assert (await ann.queue(payload=payload)).status == 500


async def test_the_rule_of_a_type_stands_before_the_default(cloud: Cloud) -> None:
    """And the default comes back when it is deleted."""
    await cloud.set("rules/default", {"rule": "deny"})
    assert (await cloud.queue()).status == 500
    await cloud.set("rules/my_type", {"rule": "authenticated"})
    assert (await cloud.queue()).status == 200
    await cloud("DELETE", f"{CONFIG}/eventing/rules/my_type")
    assert (await cloud.queue()).status == 500
    await cloud("DELETE", f"{CONFIG}/eventing/rules/default")
    assert (await cloud.queue()).status == 200


async def test_a_payload_that_does_not_fit_its_schema(cloud: Cloud) -> None:
    """500 on the path of today, where only an unknown field is a rawError; 400 on the older one."""
    await cloud.set("schema/my_type", {"schema": "type my_type { a: Integer! b: String }"})
    assert (await cloud.queue(payload={"a": 1})).status == 200
    unknown = "The field c is not present in schema of my_type"
    wrong = "invalid type received for field a in collection my_type - wanted Integer got String"
    assert told(await cloud.queue(payload={"a": 1, "c": 2})) == (500, NOT_VALID, unknown)
    assert told(await cloud.queue(payload={"a": "1"})) == (500, wrong, "")
    assert told(await cloud.queue(FIRST, data={"a": "1"})) == (400, wrong, None)
    assert told(await cloud.queue(payload={}))[1].startswith("required field (a)")
    assert len(await cloud.events()) == 1


@pytest.mark.parametrize("payload", [None, [], "text", 5, True])
async def test_a_payload_that_is_no_object_is_told_so(cloud: Cloud, payload: Any) -> None:
    """Their server falls over it."""
    await cloud.set("schema/my_type", {"schema": "type my_type { a: Integer }"})
    status, error, _ = told(await cloud.queue(payload=payload))
    assert status == 500
    assert "wanted Object" in error
    assert told(await cloud.queue())[0] == 500


async def test_the_rule_is_asked_before_the_schema(cloud: Cloud) -> None:
    """Nobody learns of a schema who may not queue."""
    await cloud.set("schema/my_type", {"schema": "type my_type { a: Integer }"})
    assert told(await cloud.with_token(None).queue(payload={"b": 1}))[1] == MALFORMED


@pytest.mark.parametrize("path", ["/v1/api/default/eventing", "/v1/config/projects/default", "/v1/api/default/crud/x"])
async def test_a_path_that_is_not_there(cloud: Cloud, path: str) -> None:
    """And a method that is not: their words, their status."""
    status, error, raw = told(await cloud("POST", path, {}, host="cloud.example"))
    assert (status, raw) == (400, "")
    assert error == f"Route not found for provided host (cloud.example), method (POST) and url ({path})"
    assert told(await cloud("PUT", SECOND, {}))[0] == 400


@pytest.mark.parametrize("url", [FIRST, SECOND])
async def test_a_slash_at_the_end_is_the_same_path(cloud: Cloud, url: str) -> None:
    """Never a redirect."""
    assert (await cloud.queue(url + "/")).status == 200

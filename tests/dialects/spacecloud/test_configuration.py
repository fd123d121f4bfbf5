"""The config API: what is written comes back, in both generations, and what cannot be used is refused with a 400."""

from typing import Any

import pytest

from ensue.testing import Reply, Sink
from tests.dialects.edge import HOOK, TRIGGERS
from tests.dialects.spacecloud.cloud import CONFIG, Cloud, told

MINE = {
    "id": "mine",
    "type": "my_type",
    "url": HOOK,
    "retries": 3,
    "timeout": 5000,
    "options": {},
    "filter": None,
    "template": "go",
    "outputFormat": "yaml",
    "claims": "",
    "triggerType": "",
}


async def test_settings_come_back(cloud: Cloud) -> None:
    """On from the start; the database's name is echoed; older clients name its kind."""
    assert await cloud.get("config") == [{"enabled": True, "dbAlias": ""}]
    await cloud.set("config/eventing-config", {"enabled": True, "dbAlias": "db"})
    assert await cloud.get("config") == [{"enabled": True, "dbAlias": "db"}]
    await cloud.set("config", {"enabled": False, "dbType": "mongo", "col": "event_logs"})
    assert await cloud.get("config") == [{"enabled": False, "dbAlias": "mongo"}]
    got = await cloud("POST", f"{CONFIG}/event-triggers/config", {"enabled": True, "dbType": "sql-mysql", "col": "x"})
    assert (got.status, got.body) == (200, b"{}\n")
    assert await cloud.get("config") == [{"enabled": True, "dbAlias": "sql-mysql"}]


async def test_a_trigger_comes_back_with_its_defaults(cloud: Cloud) -> None:
    """What their console sends, and what it reads."""
    await cloud.trigger(template="go", retries=0)
    assert await cloud.get("triggers") == [MINE]
    assert await cloud.get("triggers?id=*") == [MINE]
    assert await cloud.get("triggers?id=mine") == [MINE]
    (native,) = await cloud.native.items(TRIGGERS)
    assert (native["name"], native["format"], native["timeout_ms"]) == ("mine", "spacecloud", 5000)
    assert native["retry"]["attempts"] == 4
    assert native["retry"]["schedule"] == [5]
    assert native["retry"]["jitter"] == 0


async def test_all_of_a_trigger_comes_back(cloud: Cloud) -> None:
    """Options, filter, retries and timeout; and it can be put back as it was read."""
    filter_ = {
        "rule": "and",
        "clauses": [{"rule": "match", "type": "number", "eval": ">", "f1": "args.data.n", "f2": 1}, {"rule": "allow"}],
    }
    whole = MINE | {"retries": 7, "timeout": 900, "options": {"db": "a,b", "col": "c"}, "filter": filter_}
    await cloud.set("triggers/mine", {**whole, "id": "ignored"})
    assert await cloud.get("triggers") == [whole]
    await cloud.set("triggers/mine", whole)
    assert await cloud.get("triggers") == [whole]


async def test_a_trigger_that_is_there_is_replaced(cloud: Cloud) -> None:
    """In place: its id and its secret stay; what is left out is the default again."""
    await cloud.trigger(retries=9, options={"a": "b"})
    (before,) = await cloud.native.items(TRIGGERS)
    secret = (await cloud.native("GET", f"{TRIGGERS}/{before['id']}/secret")).json
    await cloud.trigger(type="another", url="https://hooks.example/other")
    assert await cloud.get("triggers") == [MINE | {"type": "another", "url": "https://hooks.example/other"}]
    (after,) = await cloud.native.items(TRIGGERS)
    assert after["id"] == before["id"]
    assert (await cloud.native("GET", f"{TRIGGERS}/{before['id']}/secret")).json == secret


async def test_triggers_are_deleted_by_name(cloud: Cloud) -> None:
    """By either path; one that is not there is no fault."""
    for name in ("a", "b"):
        await cloud.trigger(name)
    assert [one["id"] for one in await cloud.get("triggers")] == ["a", "b"]
    for path in ("eventing/triggers/a", "event-triggers/rules/b", "eventing/triggers/nothing"):
        got = await cloud("DELETE", f"{CONFIG}/{path}")
        assert (got.status, got.body) == (200, b"{}\n")
    assert await cloud.get("triggers") == []


async def test_the_older_path_makes_triggers_of_the_older_version(cloud: Cloud) -> None:
    """`specversion` is what their documents of then show."""
    async with Sink(lambda _: Reply(body=b"{}")) as sink:
        body = {"type": "my_type", "url": sink.url, "retries": 3}
        assert (await cloud("POST", f"{CONFIG}/event-triggers/rules/old", body)).status == 200
        await cloud.queue(payload={"foo": "bar"})
        (received,) = await sink.wait_for(1)
    assert b'"specversion":"1.0-rc1"' in received.body


async def test_native_triggers_are_not_shown_nor_touched(cloud: Cloud) -> None:
    """A name belongs to triggers of this format only."""
    made = await cloud.native.trigger(name="mine")
    await cloud.trigger()
    await cloud("DELETE", f"{CONFIG}/eventing/triggers/mine")
    assert [one["id"] for one in await cloud.native.items(TRIGGERS)] == [made["id"]]
    assert await cloud.get("triggers") == []


async def test_an_id_that_cannot_be_kept_is_refused_by_that_name(cloud: Cloud) -> None:
    """400; natively it is called a name."""
    for name in ("x" * 256, "a%0Ab", "%20"):
        got = await cloud("POST", f"{CONFIG}/eventing/triggers/{name}", {"type": "my_type", "url": HOOK})
        assert told(got) == (400, "'id' is 1 to 255 printable characters.", "")


async def test_triggers_that_share_a_name_are_all_shown(cloud: Cloud) -> None:
    """Natively a name may be given twice: what is put is the oldest of them, and what is put is read back."""
    await cloud.trigger("mine")
    cloud.native.clock.turn(1)
    await cloud.native.trigger(name="mine", format="spacecloud", match={"type": "another"})
    await cloud.trigger("mine", retries=7)
    for asked in ("triggers?id=mine", "triggers"):
        assert [(one["type"], one["retries"]) for one in await cloud.get(asked)] == [("my_type", 7), ("another", 9)]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"requestTemplate": "{{.args.data}}"}, "the format 'plain'"),
        ({"requestTemplate": "{{.args.data}}", "template": "go", "outputFormat": "json"}, "the format 'plain'"),
        ({"outputFormat": "json"}, "the format 'plain'"),
        ({"claims": '{"id": "x"}'}, "secret_headers"),
        ({"template": "jinja"}, "Invalid templating engine (jinja) provided"),
        ({"type": ""}, "'type' is missing"),
        ({"url": None}, "'url' is missing"),
        ({"url": "http://10.0.0.1/x"}, "10.0.0.1"),
        ({"url": "ftp://hooks.example/"}, "http"),
        ({"retries": 100}, "'retries' is a number up to 99."),
        ({"retries": "3"}, "'retries'"),
        ({"timeout": -1}, "'timeout' is a number of milliseconds from 100 to 60000."),
        ({"timeout": 60_001}, "'timeout' is a number of milliseconds from 100 to 60000."),
        ({"options": {"a": 1}}, "'options"),
        ({"options": {str(number): "x" for number in range(101)}}, "'options' has 101 names; the limit is 20."),
        ({"options": {"x" * 256: "x"}}, "In 'options' a name has up to 255 characters"),
        ({"filter": {"rule": "webhook", "url": "x"}}, "allow, deny, match, and, or"),
        ({"filter": {"rule": "authenticated"}}, "no caller"),
        ({"filter": {"rule": "match", "type": "string", "eval": "==", "f1": "args.auth.id", "f2": "x"}}, "args.data"),
        ({"filter": "allow"}, "'filter'"),
    ],
)
async def test_a_trigger_that_cannot_be_used_is_refused(cloud: Cloud, fields: dict[str, Any], words: str) -> None:
    """400, with what to use instead; nothing is made."""
    body = {"type": "my_type", "url": HOOK} | fields
    for path in ("eventing/triggers/mine", "event-triggers/rules/mine"):
        status, error, raw = told(await cloud("POST", f"{CONFIG}/{path}", body))
        assert (status, raw) == (400, "")
        assert words in error
    assert await cloud.get("triggers") == []


async def test_rules_come_back(cloud: Cloud) -> None:
    """By type, sorted, the default always there; one by id; deleted ones gone."""
    assert await cloud.get("rules") == [{"id": "default", "rule": "authenticated"}]
    rule = {"rule": "match", "type": "string", "eval": "in", "f1": "args.auth.role", "f2": ["a"], "error": "no"}
    await cloud.set("rules/my_type", rule | {"id": "another"})
    await cloud.set("rules/default", {"rule": "allow"})
    assert await cloud.get("rules") == [{"id": "default", "rule": "allow"}, {"id": "my_type"} | rule]
    assert await cloud.get("rules?id=my_type") == [{"id": "my_type"} | rule]
    for kind in ("my_type", "default", "nothing"):
        assert (await cloud("DELETE", f"{CONFIG}/eventing/rules/{kind}")).status == 200
    assert await cloud.get("rules?id=default") == [{"id": "default", "rule": "authenticated"}]


@pytest.mark.parametrize("rule", ["webhook", "query", "force", "remove", "encrypt", "decrypt", "hash", "nothing", None])
async def test_a_rule_that_is_not_there_is_refused(cloud: Cloud, rule: str | None) -> None:
    """400, with those that there are."""
    status, error, _ = told(await cloud("POST", f"{CONFIG}/eventing/rules/my_type", {"rule": rule}))
    assert status == 400
    assert "allow, deny, authenticated, match, and, or" in error
    assert len(await cloud.get("rules")) == 1


async def test_schemas_come_back(cloud: Cloud) -> None:
    """As text, by type."""
    text = "type my_type {\n  a: Integer!\n}"
    await cloud.set("schema/my_type", {"id": "ignored", "schema": text})
    await cloud.set("schema/another", {"schema": "type another { a: ID }"})
    shown = {"id": "my_type", "schema": text}
    assert [one["id"] for one in await cloud.get("schema")] == ["another", "my_type"]
    assert await cloud.get("schema?id=my_type") == [shown]
    assert (await cloud("DELETE", f"{CONFIG}/eventing/schema/another")).status == 200
    assert await cloud.get("schema?id=*") == [shown]


@pytest.mark.parametrize("text", ["", "nonsense", "type other { a: ID }", "type my_type { a: Money }"])
async def test_a_schema_that_cannot_be_used_is_refused(cloud: Cloud, text: str) -> None:
    """400; the type keeps what it had."""
    assert told(await cloud("POST", f"{CONFIG}/eventing/schema/my_type", {"schema": text}))[0] == 400
    assert await cloud.get("schema") == []


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("triggers", "Trigger rule (x) does not exists for eventing config"),
        ("schema", "Schema (x) does not exists in eventing config"),
        ("rules", "Security rule (x) does not exists for eventing config"),
    ],
)
async def test_what_is_not_there_cannot_be_read(cloud: Cloud, what: str, words: str) -> None:
    """400, in their words; an empty id is all."""
    assert told(await cloud("GET", f"{CONFIG}/eventing/{what}?id=x")) == (400, words, "")
    assert (await cloud("GET", f"{CONFIG}/eventing/{what}?id=")).status == 200


@pytest.mark.parametrize("what", ["triggers/x", "rules/x", "schema/x", "config/eventing-config"])
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b'{"rule": "\xff"}', b'{"a": "\\ud800"}'])
async def test_a_body_that_cannot_be_read_is_refused(cloud: Cloud, what: str, body: bytes) -> None:
    """400, never a stack trace."""
    status, error, _ = told(await cloud("POST", f"{CONFIG}/eventing/{what}", body))
    assert status == 400
    assert error


async def test_projects_do_not_see_each_other(cloud: Cloud) -> None:
    """Triggers, rules, schemas and settings are of one project."""
    other = await cloud.with_key(project="other")
    there = CONFIG.replace("default", "other")
    await cloud.trigger()
    await cloud.set("rules/my_type", {"rule": "deny"})
    await cloud.set("schema/my_type", {"schema": "type my_type { a: ID }"})
    await cloud.set("config/x", {"enabled": False})
    for what, expected in (("triggers", 0), ("rules", 1), ("schema", 0)):
        assert len((await other("GET", f"{there}/eventing/{what}")).json["result"]) == expected
    assert (await other.queue("/v1/api/other/eventing/queue", payload=1)).status == 200

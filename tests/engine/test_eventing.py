"""How eventing is configured: known at once, heard of by other processes, one trigger to a name."""

import asyncio

import msgspec
import pytest
from msgspec import Raw
from msgspec.structs import replace

from ensue.domain.document import Put
from ensue.domain.errors import EnsueError
from ensue.domain.eventing import (
    AUTHENTICATED,
    MAX_EACH,
    EventingSettings,
    rule_document,
    schema_document,
    settings_document,
)
from ensue.domain.rule import Rule
from ensue.domain.trigger import EndpointDraft, MatchDraft, TriggerDraft
from ensue.testing import PATIENCE
from tests.engine.stage import URL, Stage

ALLOW = Rule("allow")


def draft(name: str, kind: str = "my_type") -> TriggerDraft:
    """A trigger known by its name."""
    return TriggerDraft(name=name, endpoint=EndpointDraft(url=URL), match=MatchDraft(type=[kind]), format="spacecloud")


async def test_what_is_put_is_known_at_once(stage: Stage) -> None:
    """Settings, rules and schemas, and their ends."""
    eventing, project = stage.engine.eventing, stage.project
    assert eventing.admission(project).settings.enabled
    assert eventing.admission(project).rule("x") == AUTHENTICATED
    await eventing.put_rule(project, "x", {"rule": "allow"})
    await eventing.put_rule(project, "default", Raw(b'{"rule": "deny"}'))
    await eventing.put_schema(project, "x", "type x { a: Integer }")
    await eventing.configure(project, EventingSettings(enabled=False, database="db"))
    known = eventing.admission(project)
    assert (known.rule("x"), known.rule("y")) == (ALLOW, Rule("deny"))
    assert known.schema("y") is None
    assert known.schema("x") is not None
    assert known.settings == EventingSettings(enabled=False, database="db")
    await eventing.delete_rule(project, "x")
    await eventing.delete_schema(project, "x")
    known = eventing.admission(project)
    assert (known.rule("x"), known.schema("x")) == (Rule("deny"), None)


async def test_changes_of_another_process_are_heard(stage: Stage) -> None:
    """Whoever writes the documents: the next event in learns of them, before it is planned."""
    project = stage.project
    documents = [
        rule_document(project, "x", ALLOW),
        schema_document(project, "x", "type x { a: ID }"),
        settings_document(project, EventingSettings(enabled=False)),
    ]
    await stage.store.put([Put(document=document) for document in documents])
    assert stage.engine.eventing.admission(project).rule("x") == AUTHENTICATED
    await stage.send()
    known = stage.engine.eventing.admission(project)
    assert (known.rule("x"), known.settings.enabled, set(known.schemas)) == (ALLOW, False, {"x"})
    await stage.store.put([Put(document=rule_document(project, "x", None))])
    assert await stage.engine.rules.refresh(stage.store)
    assert stage.engine.eventing.admission(project).rule("x") == AUTHENTICATED


async def test_it_is_known_after_a_new_start(stage: Stage) -> None:
    """The documents alone tell it."""
    await stage.engine.eventing.put_rule(stage.project, "x", {"rule": "allow"})
    kept = await stage.store.get("event_rule", stage.project, "x")
    assert kept is not None
    assert msgspec.json.decode(kept.body) == {"rule": "allow"}
    assert stage.engine.eventing.admission("prj_another").rule("x") == AUTHENTICATED


async def test_what_is_not_there_is_deleted_without_a_word(stage: Stage) -> None:
    """And leaves nothing behind."""
    before = stage.engine.rules.revision
    for delete in (
        stage.engine.eventing.delete_rule,
        stage.engine.eventing.delete_schema,
        stage.engine.eventing.delete_trigger,
    ):
        await delete(stage.project, "nothing")
    assert stage.engine.rules.revision == before


async def test_a_name_is_one_trigger_however_many_put_it(stage: Stage) -> None:
    """At the same moment, too; whoever is last is what it says."""
    eventing, project = stage.engine.eventing, stage.project
    await asyncio.gather(*(eventing.put_trigger(project, draft("mine", f"type_{number}")) for number in range(8)))
    (trigger,) = eventing.triggers(project)
    assert trigger.match.type == ("type_7",)
    await eventing.delete_trigger(project, " mine ")
    assert not eventing.triggers(project)


async def test_a_host_that_is_slow_to_be_found_holds_up_no_other_name(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trigger of another name, or of another project, is put and deleted meanwhile."""
    eventing, project = stage.engine.eventing, stage.project
    asked, found = asyncio.Event(), asyncio.Event()

    async def lookup(url: str) -> None:
        if url.endswith("/slow"):
            asked.set()
            await found.wait()

    monkeypatch.setattr(stage.engine.triggers, "_lookup", lookup)
    slow = replace(draft("slow"), endpoint=EndpointDraft(url=f"{URL}/slow"))
    put = asyncio.create_task(eventing.put_trigger(project, slow))
    await asked.wait()
    async with asyncio.timeout(PATIENCE):
        await eventing.put_trigger(project, draft("mine"))
        await eventing.put_trigger("prj_another", draft("slow"))
        await eventing.delete_trigger(project, "mine")
    assert not put.done()
    found.set()
    await put
    assert [trigger.name for trigger in eventing.triggers(project)] == ["slow"]


async def test_a_project_has_a_thousand_rules_at_most(stage: Stage) -> None:
    """One more is refused; one of them can still be changed."""
    eventing, project = stage.engine.eventing, stage.project
    rules = [Put(document=rule_document(project, f"type_{number}", ALLOW)) for number in range(MAX_EACH)]
    await stage.store.put(rules)
    await stage.engine.rules.refresh(stage.store)
    await eventing.put_rule(project, "type_5", {"rule": "deny"})
    with pytest.raises(EnsueError) as refused:
        await eventing.put_rule(project, "one_more", {"rule": "deny"})
    assert refused.value.code == "conflict"
    assert eventing.admission(project).rule("type_5") == Rule("deny")


@pytest.mark.parametrize("kind", ["", "x" * 256, "a\nb"])
async def test_a_type_is_text_that_can_be_printed(stage: Stage, kind: str) -> None:
    """For rules and schemas alike."""
    for put in (
        stage.engine.eventing.put_rule(stage.project, kind, {"rule": "allow"}),
        stage.engine.eventing.put_schema(stage.project, kind, "type x { a: ID }"),
        stage.engine.eventing.delete_rule(stage.project, kind),
    ):
        with pytest.raises(EnsueError):
            await put

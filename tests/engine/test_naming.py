"""Triggers are found by their names as they are now, and laid out again only when one changed."""

from collections.abc import Mapping

import pytest

from ensue.domain.finding import Names
from ensue.domain.trigger import Trigger, TriggerPatch
from ensue.engine import naming
from tests.engine.stage import Stage


async def test_names_are_laid_out_again_only_when_one_changed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A question costs the same with ten thousand of them; a new name counts at once, that of another project never."""
    laid: list[int] = []
    whole = naming._names

    def counted(triggers: Mapping[str, Trigger]) -> Names:
        laid.append(len(triggers))
        return whole(triggers)

    monkeypatch.setattr(naming, "_names", counted)
    trigger = await stage.trigger(name="Billing")

    async def answers(word: str) -> bool:
        sought = await stage.engine.sought(stage.project, (word,))
        return sought is not None and bool(sought.triggers)

    assert await answers("billing")
    assert not await answers("chat")
    assert laid == [1]
    await stage.engine.triggers.update(stage.project, trigger.id, TriggerPatch(name="Chat"))
    assert await answers("chat")
    assert not await answers("billing")
    assert laid == [1, 1]
    assert await stage.engine.sought("prj_other", ("chat",)) is not None
    assert laid == [1, 1, 0]
    assert await stage.engine.sought(stage.project, ()) is None

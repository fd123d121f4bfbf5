"""How credentials are found, remembered and revoked (design sections 5 and 8)."""

from pathlib import Path

import pytest

from ensue.domain.errors import EnsueError
from ensue.engine.keys import Keys
from ensue.store.sqlite import SqliteStore
from tests.engine.stage import Stage, staged


async def unknown(keys: Keys, token: str) -> bool:
    """Whether a token is refused."""
    try:
        await keys.authenticate(token)
    except EnsueError as error:
        return error.code == "unauthorized"
    return False


async def test_a_key_is_found_by_its_token(stage: Stage) -> None:
    """Looked up once, then remembered; whatever else is sent is refused."""
    new = await stage.engine.keys.create("default")
    assert stage.engine.keys.known(new.token) is None
    assert (await stage.engine.keys.authenticate(new.token)).id == new.key.id
    assert stage.engine.keys.known(new.token) == new.key
    for token in ("", "ens_", new.token[:-1], new.token + "x", new.key.id, new.secret, "\ud800"):
        assert await unknown(stage.engine.keys, token)


async def test_a_revoked_key_is_refused_at_once(stage: Stage) -> None:
    """By this process; a second time changes nothing."""
    new = await stage.engine.keys.create("default")
    await stage.engine.keys.authenticate(new.token)
    for _ in range(2):
        assert (await stage.engine.keys.revoke(stage.project, new.key.id)).revoked_at == stage.clock()
        assert await unknown(stage.engine.keys, new.token)


async def test_another_process_revokes_a_key(tmp_path: Path) -> None:
    """Noticed by the next look, of which there are four in a second."""
    async with staged(tmp_path, store=SqliteStore(str(tmp_path))) as stage:
        new = await stage.engine.keys.create("default")
        await stage.engine.keys.authenticate(new.token)
        store = SqliteStore(str(tmp_path))
        await store.open_beside()
        await Keys(store, stage.house.vault, stage.clock).revoke(stage.project, new.key.id)
        await store.close()
        await stage.until(lambda: stage.engine.keys.known(new.token) is None)
        assert await unknown(stage.engine.keys, new.token)


async def test_a_key_that_is_revoked_while_it_is_looked_up_is_not_remembered(stage: Stage) -> None:
    """The look-up saw it before the revocation: this one request may pass, none after it."""
    keys = stage.engine.keys
    new = await keys.create("default")
    find = stage.store.find

    async def overtaken(kind: str, alias: str) -> object:
        found = await find(kind, alias)
        stage.store.find = find  # type: ignore[method-assign]
        await keys.revoke(stage.project, new.key.id)
        return found

    stage.store.find = overtaken  # type: ignore[method-assign, assignment]
    await keys.authenticate(new.token)
    assert keys.known(new.token) is None
    assert await unknown(keys, new.token)


async def test_a_key_of_another_project_is_not_there(stage: Stage) -> None:
    """Neither to see nor to revoke."""
    other = await stage.engine.keys.create("other")
    for verb in (stage.engine.keys.get, stage.engine.keys.revoke):
        with pytest.raises(EnsueError, match="no key"):
            await verb(stage.project, other.key.id)
    assert [key.project for key in await stage.engine.keys.list(other.project.id)] == [other.project.id]

"""Who may send, in every dialect: refused in its own words with its own status, and nothing is stored."""

import pytest
from msgspec.structs import replace

from ensue.engine.keys import NewKey
from tests.dialects.contract.voices import VOICES, Request, Voice, call, events_of, new_key
from tests.dialects.contract.ways import WAYS
from tests.dialects.edge import EVENTS, Edge

pytestmark = pytest.mark.parametrize("api", WAYS, indirect=True)
EACH = pytest.mark.parametrize("voice", VOICES, ids=[voice.name for voice in VOICES])


async def refused(api: Edge, voice: Voice, request: Request, code: str) -> str:
    """The message of a refusal with the status of `code`; nothing was stored."""
    got = await call(api, request)
    assert got.status == voice.status(code), got.body
    if got.status == 401:
        assert got.headers["www-authenticate"]
    assert await events_of(api) == []
    told = voice.told(got)
    assert told
    return told


@EACH
async def test_no_credential(api: Edge, voice: Voice) -> None:
    """None, an empty one, and ones that are no credential of any scheme."""
    await refused(api, voice, voice.event(), "missing")
    for given in (
        "",
        " ",
        "Bearer",
        "Bearer ",
        "Basic Z29vZDpnb29k",
        ":",
        "a:",
        ":b",
        "\xff\xfe",
        "Bearer " + "x" * 9000,
    ):
        await refused(api, voice, voice.event().plus(authorization=given), "missing")


@EACH
async def test_an_unknown_credential(api: Edge, voice: Voice) -> None:
    """A token that nobody has, a key that is not there, and a secret that is another's."""
    key, other = await new_key(api), await new_key(api)
    nobody = NewKey(replace(key.key, id="key_" + "0" * 26), key.project, "ens_nobody", "whsec_" + "A" * 43, "a.b.c")
    await refused(api, voice, voice.sign(voice.event(), nobody), "unknown")
    mixed = NewKey(key.key, key.project, key.token[:-1], other.secret, key.jwt.rpartition(".")[0] + ".AAAA")
    await refused(api, voice, voice.sign(voice.event(), mixed), "unknown")
    for header in (
        key.secret,
        key.key.id,
        f"Bearer {key.secret}",
        f"Bearer {key.key.id}",
        f"{key.key.id}:{key.secret}",
    ):
        await refused(api, voice, voice.event().plus(authorization=header), "unknown")


@EACH
async def test_a_revoked_key(api: Edge, voice: Voice) -> None:
    """Refused though it was known a moment ago."""
    key = await new_key(api)
    got = await call(api, voice.sign(voice.event(), key))
    assert got.status == voice.accepted, got.body
    (event,) = await api.items(EVENTS)
    await api("DELETE", f"{EVENTS}/{event['id']}")
    await api.house.engine.keys.revoke(key.project.id, key.key.id)
    await refused(api, voice, voice.sign(voice.event(), key), "revoked")


@EACH
async def test_a_key_without_the_right(api: Edge, voice: Voice) -> None:
    """A key that may do everything but send and administer."""
    key = await new_key(api, "default", "events:read", "triggers", "deliveries", "actions:run")
    assert "events:write" in await refused(api, voice, voice.sign(voice.event(), key), "scope")


@EACH
async def test_a_key_of_another_project(api: Edge, voice: Voice) -> None:
    """What it sends is never stored here: refused where the path names a project, else it is its own project's."""
    key = await new_key(api, "other")
    got = await call(api, voice.sign(voice.event(), key))
    if voice.dialect == "spacecloud":
        assert got.status == voice.status("unknown")
        assert voice.told(got)
        assert await events_of(api, "other") == []
    else:
        assert got.status == voice.accepted
        assert len(await events_of(api, "other")) == 1
    assert await events_of(api) == []


@EACH
async def test_a_credential_twice(api: Edge, voice: Voice) -> None:
    """No second one is looked for behind one that is wrong, in a query or in a body."""
    key = await new_key(api)
    request = replace(voice.event(), path=f"{voice.path}?access_token={key.token}&token={key.token}&key={key.token}")
    await refused(api, voice, request.plus(cookie=f"token={key.token}"), "missing")


@EACH
async def test_a_public_key(api: Edge, voice: Voice) -> None:
    """It sends small events; 16 KiB and a byte are too much; it may not send from pages that it is not for."""
    key = await new_key(api, public=True)
    small = voice.event().body
    for size, status in ((16 * 1024, voice.accepted), (16 * 1024 + 1, voice.status("too_large"))):
        request = voice.sent(small + b" " * (size - len(small)))
        got = await call(api, voice.sign(request, key).plus(origin="https://shop.example"))
        assert got.status == status, got.body
        assert got.headers["access-control-allow-origin"] == "*"
        if status != voice.accepted:
            assert voice.told(got)
    assert len(await events_of(api)) == 1


@EACH
async def test_a_public_key_of_other_pages(api: Edge, voice: Voice) -> None:
    """From a page that is not on its list: refused, and the page may read why."""
    key = await api.house.engine.keys.create("default", public=True, origins=["https://shop.example"])
    for origin in ("https://evil.example", "null"):
        request = voice.sign(voice.event(), key).plus(origin=origin)
        assert await refused(api, voice, request, "public")
    fine = voice.sign(voice.event(), key).plus(origin="https://shop.example")
    assert (await call(api, fine)).status == voice.accepted


@EACH
async def test_a_public_key_is_slowed_down(api: Edge, voice: Voice) -> None:
    """In the dialect's words, with the time to wait."""
    key = await new_key(api, public=True)
    burst = api.house.config.public_burst
    assert {(await call(api, voice.sign(voice.event(), key))).status for _ in range(burst)} == {voice.accepted}
    got = await call(api, voice.sign(voice.event(), key))
    assert (got.status, got.headers["retry-after"]) == (429, "1")
    assert "slow down" in voice.told(got)
    assert len(api.house.store._state.log) == burst  # type: ignore[attr-defined]

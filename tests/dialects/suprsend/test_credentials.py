"""Who speaks: a key by its signature, a bearer token, a public key as it is; and who is turned away."""

import msgspec
import pytest

from ensue.domain.key import hash_token
from ensue.domain.signed_request import SignedRequest, sign_request
from tests.dialects.edge import Edge
from tests.dialects.suprsend.client import DATE, TYPE, Workspace, refused, sent, workspace

NOT_AUTHENTICATED = "Not Authenticated - could not find Workspace details"
EVENT = "/v2/event/"


async def test_a_signed_request_is_let_in(hub: Workspace) -> None:
    """Workspace key and secret are the id and secret of a key; the event stands in its project."""
    assert (await hub(EVENT, sent())).status == 202
    assert (await hub.event())["type"] == "order_placed"


async def test_the_key_is_asked_for_once_only(hub: Workspace) -> None:
    """Further requests find it at hand, for the short way; a revoked one is let in no more."""
    keys = hub.api.house.engine.keys
    await hub(EVENT, sent())  # whose commit brings news of the new key itself
    assert keys.known_id(hub.id) is None
    await hub(EVENT, sent())
    assert keys.known_id(hub.id) is not None
    await keys.revoke(hub.project, hub.id)
    assert refused(await hub(EVENT, sent())) == (401, NOT_AUTHENTICATED)


@pytest.mark.parametrize("form", ["{} : {}", " {}:{}", "{}: {} "])
async def test_blanks_around_a_key_are_no_part_of_it(hub: Workspace, form: str) -> None:
    """A key that was copied with a blank is the same key."""
    body = msgspec.json.encode(sent())
    header = form.format(hub.id, hub.signature(EVENT, body))
    assert (await hub(EVENT, body, Authorization=header)).status == 202


@pytest.mark.parametrize(
    "header",
    [
        "",
        ":",
        "x:",
        ":x",
        "Bearer",
        "Bearer ",
        "Basic dTpw",
        "ServiceToken sst_x",
        "SS.PUBK.x",
        "Bearer SS.x",
        "key_01k00000000000000000000000:c2lnbmF0dXJl",
        "WKEY_0123456789abcdefghij:c2lnbmF0dXJl",
        "\xff:\xff",
        "a:b:c",
        "x" * 5000,
    ],
)
async def test_strangers_are_turned_away(hub: Workspace, header: str) -> None:
    """Always by JSON in every form that clients look for, with a challenge; nothing is stored."""
    got = await hub(EVENT, sent(), Authorization=header)
    assert refused(got) == (401, NOT_AUTHENTICATED)
    assert got.headers["www-authenticate"].startswith("Bearer")
    assert await hub.events() == []


async def test_a_wrong_signature_is_refused(hub: Workspace) -> None:
    """Another body, date, media type or secret than was signed; and the message does not show the secret."""
    body = msgspec.json.encode(sent())
    header = f"{hub.id}:{hub.signature(EVENT, body)}"
    assert refused(await hub(EVENT, body + b" ", Authorization=header))[0] == 401
    assert refused(await hub("/v2/event", body, Authorization=header))[0] == 401
    assert refused(await hub(EVENT, body, Authorization=header, Date=DATE.replace("33", "34")))[0] == 401
    assert refused(await hub(EVENT, body, Authorization=header, Content_Type="application/json"))[0] == 401
    hub.secret += "x"
    got = await hub(EVENT, body)
    assert refused(got)[0] == 401
    assert hub.secret.encode() not in got.body
    assert await hub.events() == []


@pytest.mark.parametrize("date", ["2026-11-21T20:40:39.823Z", "Sat, 1 Nov 2026 20:40:33 UTC", "yesterday", ""])
async def test_a_date_is_text(hub: Workspace, date: str) -> None:
    """Clients write it in three forms, and it is never read: it only has to be what was signed."""
    body = msgspec.json.encode(sent())
    request = SignedRequest(b"POST", EVENT.encode(), b"", TYPE.encode(), date.encode(), body)
    signature = sign_request(request, hub.secret.encode()).decode()
    assert (await hub(EVENT, body, Authorization=f"{hub.id}:{signature}", Date=date)).status == 202


async def test_a_decoded_path_may_be_signed(hub: Workspace) -> None:
    """One client signs what it means, not what it sends."""
    request = SignedRequest(b"GET", b"/v1/user/a/b c/", b"", TYPE.encode(), DATE.encode())
    signature = sign_request(request, hub.secret.encode()).decode()
    got = await hub("/v1/user/a%2Fb%20c/", b"", "GET", Authorization=f"{hub.id}:{signature}")
    assert refused(got) == (404, "user [distinct_id: 'a/b c'] not found")


async def test_a_bearer_token_is_a_key(hub: Workspace) -> None:
    """As newer clients send it; neither date nor signature is asked for."""
    assert (await hub(EVENT, sent(), Authorization=f"Bearer {hub.token}", Date="")).status == 202
    assert refused(await hub(EVENT, sent(), Authorization=hub.token))[0] == 401  # a secret stands in no browser


async def test_a_key_without_the_right_may_not(api: Edge) -> None:
    """Signed or by token: whoever may only read sends nothing."""
    reader = await workspace(api, "default", "events:read")
    assert refused(await reader(EVENT, sent()))[0] == 403
    assert refused(await reader(EVENT, sent(), Authorization=f"Bearer {reader.token}"))[0] == 403


async def test_a_public_key_stands_bare(hub: Workspace) -> None:
    """As browsers send it, whatever stands in `x-ss-signature`: it may send events, and nothing else."""
    made = await hub.api.house.engine.keys.create("default", (), "web", public=True)
    for header in (made.token, f"Bearer {made.token}"):
        page = {"Authorization": header, "Date": "", "x_ss_signature": "e30.e30.x", "Origin": "https://shop.example"}
        got = await hub("/v2/event", sent(), **page)
        assert got.status == 202
        assert got.headers["access-control-allow-origin"] == "*"
        identified = {"event": "$identify", "properties": {"$identified_id": "u2"}}
        assert (await hub("/v2/event", identified, **page)).status == 202
        for url, body in (
            ("/v2/event", {"distinct_id": "u1", "$set": {"plan": "pro"}}),
            ("/event/", {"distinct_id": "u1", "$user_operations": [{"$set": {"plan": "pro"}}]}),
            ("/trigger/", {"workflow": "w", "recipients": ["u1"]}),
            ("/v1/user/u1/", {}),
            ("/v2/subscriber/u1/full_preference", {}),
        ):
            assert refused(await hub(url, body, **page))[0] == 403
    assert [event["subject"] for event in await hub.events()] == ["u1", "u2"] * 2


async def test_a_public_key_signs_nothing(hub: Workspace) -> None:
    """It has no secret: an empty one proves nothing."""
    made = await hub.api.house.engine.keys.create("default", (), "web", public=True)
    hub.id, hub.secret = made.key.id, ""
    assert refused(await hub(EVENT, sent()))[0] == 401
    hub.secret = hash_token(made.token)
    assert refused(await hub(EVENT, sent()))[0] == 401


async def test_a_browser_may_ask_first(hub: Workspace) -> None:
    """The header of secure mode may be sent along from a page."""
    asks = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "authorization,x-ss-signature"}
    got = await hub.api("OPTIONS", "/v2/event", b"", Origin="https://shop.example", **asks)
    assert got.status == 204
    allowed = got.headers["access-control-allow-headers"].split(", ")
    assert {"authorization", "*"} <= set(allowed)


async def test_projects_are_apart(api: Edge, hub: Workspace) -> None:
    """An event stands in the project of the key, whatever `env` says."""
    other = await workspace(api, "other")
    assert (await other(EVENT, sent(env=hub.id))).status == 202
    assert await hub.events() == []
    assert len(await other.events()) == 1

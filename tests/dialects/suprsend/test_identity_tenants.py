"""Calls about tenants, and the same by their former name."""

from typing import Any

import pytest

from tests.dialects.suprsend.client import Workspace, refused


async def test_a_tenant_is_made_read_changed_and_removed(hub: Workspace) -> None:
    """201 with every field; a second time changes what is given; 204 and then 404."""
    body = {
        "tenant_name": "Acme",
        "logo": "https://x.example/y.png",
        "primary_color": "#FF0000",
        "social_links": {"website": "https://acme.example", "LinkedIn": "https://l.example"},
        "properties": {"k": "v"},
        "blocked_channels": ["sms"],
        "timezone": "Europe/Paris",
        "preference_page_url": "https://acme.example/p",
        "name": "means nothing",
    }
    made = await hub("/v1/tenant/acme/", body)
    assert made.status == 201
    told = made.json
    assert (told["tenant_id"], told["tenant_name"], told["secondary_color"]) == ("acme", "Acme", None)
    assert (told["embedded_preference_url"], told["timezone"]) == ("https://acme.example/p", "Europe/Paris")
    assert told["blocked_channels"] == ["sms"]
    assert {name: url for name, url in told["social_links"].items() if url} == {
        "website": "https://acme.example",
        "linkedin": "https://l.example",
    }
    assert told["updated_at"] == "2027-01-15T08:00:00.000000+00:00"
    changed = (await hub("/v1/tenant/acme", {"properties": {"x": 1}, "social_links": {"website": ""}})).json
    assert changed["properties"] == {"k": "v", "x": 1}
    assert changed["social_links"]["website"] is None
    assert (await hub("/v1/tenant/acme/", method="GET")).json == changed
    gone = await hub("/v1/tenant/acme/", method="DELETE")
    assert (gone.status, gone.body) == (204, b"")
    for method in ("GET", "DELETE"):
        assert refused(await hub("/v1/tenant/acme/", method=method)) == (404, "No tenant found for tenant_id acme")


async def test_a_brand_is_a_tenant(hub: Workspace) -> None:
    """The same thing by another name, each way."""
    made = await hub("/v1/brand/acme/", {"brand_name": "Acme", "primary_color": "#abc"})
    assert (made.status, made.json["brand_id"], made.json["brand_name"]) == (201, "acme", "Acme")
    assert "tenant_id" not in made.json
    told = (await hub("/v1/tenant/acme/", method="GET")).json
    assert (told["tenant_name"], told["primary_color"]) == ("Acme", "#abc")
    listed = (await hub("/v1/brand/?limit=5", method="GET")).json
    assert [one["brand_id"] for one in listed["results"]] == ["default", "acme"]


async def test_the_default_tenant_stays(hub: Workspace) -> None:
    """It is there from the start, can be changed, and is not deleted."""
    assert (await hub("/v1/tenant/default/", method="GET")).json["tenant_id"] == "default"
    assert (await hub("/v1/tenant/default/", {"primary_color": "#ffffff"})).status == 201
    refusal = refused(await hub("/v1/tenant/default/", method="DELETE"))
    assert refusal == (400, "default tenant cannot be deleted")
    assert (await hub("/v1/tenant/default/", method="GET")).json["primary_color"] == "#ffffff"


@pytest.mark.parametrize(
    ("tenant", "body", "named"),
    [
        ("acme", {}, "tenant_name: missing value"),
        ("acme", {"tenant_name": "<i>x</i>"}, "tenant_name"),
        ("acme", {"tenant_name": "A", "primary_color": "red"}, "primary_color"),
        ("acme", {"tenant_name": "A", "logo": "x" * 3000}, "logo"),
        ("acme", {"tenant_name": "A", "blocked_channels": ["pigeon"]}, "blocked_channels"),
        ("a%20b", {"tenant_name": "A"}, "illegal characters"),
        ("a%2Fb", {"tenant_name": "A"}, "illegal characters"),
        ("x" * 65, {"tenant_name": "A"}, "illegal characters"),
        ("acme", [], "single JSON object"),
        ("acme", b"", "must not be empty"),
    ],
)
async def test_wrong_fields_are_named(hub: Workspace, tenant: str, body: Any, named: str) -> None:
    """400, and no tenant."""
    status, message = refused(await hub(f"/v1/tenant/{tenant}/", body))
    assert status == 400
    assert named in message
    assert (await hub("/v1/tenant/", method="GET")).json["meta"]["count"] == 1


async def test_pages_of_tenants(hub: Workspace) -> None:
    """By limit and offset, with the count of all."""
    for at in range(3):
        await hub(f"/v1/tenant/t{at}/", {"tenant_name": "A"})
    got = (await hub("/v1/tenant?limit=2&offset=1", method="GET")).json
    assert got["meta"] == {"count": 4, "limit": 2, "offset": 1}
    assert [one["tenant_id"] for one in got["results"]] == ["t1", "t0"]
    for query in ("limit=0", "limit=1001", "offset=-1", "offset=x", "offset=1e9"):
        assert refused(await hub(f"/v1/tenant/?{query}", method="GET"))[0] == 400

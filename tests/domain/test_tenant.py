"""Tenants: fields that are checked one by one, merged where they hold many things."""

from typing import Any

import pytest

from ensue.domain.errors import EnsueError
from ensue.domain.tenant import MAX_BYTES, Tenant, changed, check_tenant_id, new_tenant, tenant_document, tenant_of

NOW = 1_800_000_000_000


def tenant(**fields: Any) -> Tenant:
    """A tenant with a name and these fields."""
    return changed(new_tenant("p", "acme", NOW), {"name": "Acme", **fields}, NOW)


@pytest.mark.parametrize("text", ["a", "Acme_1-x", "x" * 64])
def test_ids_that_can_be(text: str) -> None:
    """Letters, digits, underscore and hyphen, up to 64."""
    assert check_tenant_id(text) == text


@pytest.mark.parametrize("text", ["", "x" * 65, "a b", "a/b", "é", "a\n"])
def test_ids_that_cannot_be(text: str) -> None:
    """Anything else is named."""
    with pytest.raises(EnsueError, match="illegal characters"):
        check_tenant_id(text)


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("name", " Acme & Co ", "Acme & Co"),
        ("logo", "https://x.example/y.png", "https://x.example/y.png"),
        ("logo", "", None),
        ("timezone", "Europe/Paris", "Europe/Paris"),
        ("timezone", None, None),
        ("blocked_channels", ["email", "sms", "email"], ("email", "sms")),
        ("blocked_channels", None, ()),
        ("embedded_preference_url", "https://x.example/p", "https://x.example/p"),
        ("hosted_preference_domain", "Prefs.Example.com", "prefs.example.com"),
        ("primary_color", "#FF0000", "#FF0000"),
        ("secondary_color", "#abc", "#abc"),
        ("tertiary_color", "", None),
        ("social_links", {"LinkedIn": "https://l.example", "website": ""}, {"linkedin": "https://l.example"}),
        ("properties", {"a": {"b": 1}}, {"a": {"b": 1}}),
    ],
)
def test_fields(field: str, value: Any, kept: Any) -> None:
    """What each field takes, and what it keeps of it."""
    assert getattr(tenant(**{field: value}), field) == kept


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"name": ""}, "tenant_name"),
        ({"name": None}, "tenant_name"),
        ({"name": 5}, "tenant_name"),
        ({"name": "<b>Acme</b>"}, "tenant_name"),
        ({"name": "x" * 256}, "tenant_name"),
        ({"name": "a\nb"}, "tenant_name"),
        ({"logo": "not a url"}, "logo"),
        ({"logo": "https://x.example/" + "y" * 2048}, "logo"),
        ({"logo": 5}, "logo"),
        ({"timezone": "Mars"}, "timezone"),
        ({"timezone": ["UTC"]}, "timezone"),
        ({"blocked_channels": "email"}, "blocked_channels"),
        ({"blocked_channels": ["pigeon"]}, "blocked_channels"),
        ({"blocked_channels": [{}]}, "blocked_channels"),
        ({"embedded_preference_url": "javascript:x"}, "embedded_preference_url"),
        ({"hosted_preference_domain": "https://x.example"}, "hosted_preference_domain"),
        ({"primary_color": "red"}, "primary_color"),
        ({"primary_color": "#12345"}, "primary_color"),
        ({"primary_color": 123456}, "primary_color"),
        ({"social_links": []}, "social_links"),
        ({"social_links": {"myspace": "https://m.example"}}, "social_links.myspace"),
        ({"social_links": {"x": "nowhere"}}, "social_links.x"),
        ({"properties": "x"}, "properties"),
    ],
)
def test_wrong_fields_are_named(fields: dict[str, Any], named: str) -> None:
    """The first wrong field is the field of the refusal, and stands in its message."""
    with pytest.raises(EnsueError) as refused:
        tenant(**fields)
    assert (refused.value.code, refused.value.field) == ("invalid", named)
    assert refused.value.message.startswith(named)


def test_a_tenant_needs_a_name() -> None:
    """But the default one, which has one."""
    with pytest.raises(EnsueError, match="tenant_name: missing value"):
        changed(new_tenant("p", "acme", NOW), {}, NOW)
    assert changed(new_tenant("p", "default", NOW), {}, NOW).name == "default"


def test_links_and_properties_are_merged() -> None:
    """What is not given stays, on the first level; an empty link removes; unknown names are passed over."""
    first = tenant(
        social_links={"x": "https://x.example", "website": "https://w.example"}, properties={"a": {"b": 1}, "c": 1}
    )
    second = changed(
        first, {"social_links": {"X": ""}, "properties": {"a": {"d": 2}}, "id": "other", "colour": 1}, NOW + 1
    )
    assert second.social_links == {"website": "https://w.example"}
    assert second.properties == {"a": {"d": 2}, "c": 1}
    assert (second.id, second.name, second.created_at, second.updated_at) == ("acme", "Acme", NOW, NOW + 1)
    assert tenant_of(tenant_document(second)) == second


def test_a_tenant_has_a_size() -> None:
    """Properties cannot grow without end."""
    with pytest.raises(EnsueError) as refused:
        tenant_document(tenant(properties={"a": "x" * MAX_BYTES}))
    assert refused.value.code == "too_large"

"""Hides how users, tenants and lists look in SuprSend's answers."""

from typing import Any, Final

from ensue.domain.channel_identity import Channel, ChannelIdentity
from ensue.domain.schedule import format_time
from ensue.domain.subscriber import Subscriber, mask, with_secrets
from ensue.domain.subscriber_list import SubscriberList
from ensue.domain.tenant import SOCIAL, Tenant

_INBOX: Final = "suprsend"
"""Who provides an inbox, as clients know it."""


def user_view(subscriber: Subscriber) -> dict[str, Any]:
    """A user; what their channels hold of secrets is masked."""
    shown = with_secrets(subscriber, mask)
    own = {"$locale": shown.locale, "$timezone": shown.timezone, "$preferred_language": shown.language}
    return {
        "distinct_id": shown.id,
        "properties": {name: value for name, value in own.items() if value is not None} | shown.properties,
        "created_at": _time(shown.created_at),
        "updated_at": _time(shown.updated_at),
    } | {f"${channel}": [_identity(channel, one) for one in known] for channel, known in shown.channels.items()}


def _identity(channel: Channel, identity: ChannelIdentity) -> dict[str, Any]:
    provider = _INBOX if channel == "inbox" else identity.provider
    about = {"id_provider": provider, "bundle_id": identity.bundle_id, "device_id": identity.device_id}
    return (
        {"value": _value(channel, identity)}
        | {name: value for name, value in about.items() if value is not None}
        | {"status": identity.status, "perma_status": identity.status}
    )


def _value(channel: Channel, identity: ChannelIdentity) -> Any:
    value = identity.value
    if channel == "slack" and isinstance(value, dict):
        return {"email_id" if name == "email" else name: one for name, one in value.items()}
    return value


def tenant_view(tenant: Tenant) -> dict[str, Any]:
    """A tenant."""
    return {"tenant_id": tenant.id, "tenant_name": tenant.name} | _look(tenant)


def brand_view(tenant: Tenant) -> dict[str, Any]:
    """A tenant by the name that it had before."""
    return {"brand_id": tenant.id, "brand_name": tenant.name} | _look(tenant)


def _look(tenant: Tenant) -> dict[str, Any]:
    return {
        "logo": tenant.logo,
        "timezone": tenant.timezone,
        "blocked_channels": list(tenant.blocked_channels),
        "embedded_preference_url": tenant.embedded_preference_url,
        "hosted_preference_domain": tenant.hosted_preference_domain,
        "primary_color": tenant.primary_color,
        "secondary_color": tenant.secondary_color,
        "tertiary_color": tenant.tertiary_color,
        "social_links": {name: tenant.social_links.get(name) for name in SOCIAL},
        "properties": tenant.properties,
        "created_at": _time(tenant.created_at),
        "updated_at": _time(tenant.updated_at),
    }


def list_view(subscribers: SubscriberList) -> dict[str, Any]:
    """A list of users."""
    return {
        "list_id": subscribers.id,
        "list_name": subscribers.name,
        "list_description": subscribers.description,
        "list_type": "static_list",
        "subscribers_count": subscribers.members,
        "source": "api",
        "is_readonly": False,
        "status": "active",
        "track_user_entry": subscribers.track_entry,
        "track_user_exit": subscribers.track_exit,
        "requested_for_delete": False,
        "version_id": None,
        "drafts": [],
        "created_at": _time(subscribers.created_at),
        "updated_at": _time(subscribers.updated_at),
    }


def _time(moment: int) -> str:
    """As SuprSend writes it: six decimals and an offset."""
    return format_time(moment).removesuffix("Z") + "000+00:00"

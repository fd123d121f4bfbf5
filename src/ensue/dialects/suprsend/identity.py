"""Hides which calls are about people: users, tenants, lists, and those of them that are not here."""

from typing import Final

from ensue.dialects.suprsend import identity_absent, identity_lists, identity_tenants, identity_users

ROUTES: Final = (
    *identity_users.ROUTES,
    *identity_tenants.ROUTES,
    *identity_lists.ROUTES,
    *identity_absent.ROUTES,
)

PREFIXES: Final = ("/v1/user", "/v1/bulk", "/v1/tenant", "/v1/brand", "/v1/subscriber_list", "/v1/object")
"""What is under these is answered in SuprSend's words."""

"""Hides which calls are about people: users, tenants, lists."""

from typing import Final

from ensue.dialects.suprsend import identity_lists, identity_tenants, identity_users

ROUTES: Final = (*identity_users.ROUTES, *identity_tenants.ROUTES, *identity_lists.ROUTES)

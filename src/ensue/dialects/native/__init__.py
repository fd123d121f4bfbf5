"""Hides the native dialect: the platform's own words, a translation like any other, without privileges (design 10)."""

from ensue.dialects.native.dialect import NativeDialect
from ensue.dialects.native.routes import ROUTES

__all__ = ["ROUTES", "NativeDialect"]

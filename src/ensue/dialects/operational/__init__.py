"""Hides the dialect of Operational: its paths, fields and words, translated into the domain's (design section 9)."""

from ensue.dialects.operational.dialect import OperationalDialect

__all__ = ["OperationalDialect"]

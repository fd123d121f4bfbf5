"""Hides the dialect of Space Cloud: its paths, fields and words, translated into the domain's (design section 9)."""

from ensue.dialects.spacecloud.dialect import SpaceCloudDialect

__all__ = ["SpaceCloudDialect"]

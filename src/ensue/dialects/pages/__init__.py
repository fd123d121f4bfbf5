"""Hides how Ensue speaks to browsers that run no script: a few pages of plain HTML."""

from ensue.dialects.pages.dialect import PagesDialect

__all__ = ["PagesDialect"]

"""Hides the dialect of SuprSend: its paths, fields and words, translated into the domain's (design section 9)."""

from ensue.dialects.suprsend.dialect import SuprSendDialect

__all__ = ["SuprSendDialect"]

"""Ensue: something happens, and what must follow follows, reliably."""

from ensue.client import ApiError, Client, Receipt
from ensue.version import VERSION

__version__ = VERSION

__all__ = ["ApiError", "Client", "Receipt", "__version__"]

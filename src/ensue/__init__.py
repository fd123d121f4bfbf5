"""Ensue: something happens, and what must follow follows, reliably."""

__version__ = "0.1.0"

__all__ = ["__version__"]

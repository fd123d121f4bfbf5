"""Hides which release this is: one name that every layer may import (`ensue.__version__` is the same)."""

from typing import Final

VERSION: Final = "0.1.0"

"""Hides how secrets are kept: sealed by the instance key, AES-256-GCM, each with a nonce of its own (design section 8).

`cryptography` does the sealing: the library that everybody audits, with wheels for every platform.
"""

import base64
import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ensue.domain.errors import EnsueError

_PREFIX: Final = "v1."
_NONCE: Final = 12
_CHECK: Final = b"ensue instance key"

WRONG_KEY: Final = (
    "The instance key does not fit this data: secrets in it were sealed with another one. "
    "Set ENSUE_SECRET_KEY, or put back DATA/instance.key, as they were when the data was made."
)


class Vault:
    """Seals and opens text with one key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._opened: dict[str, bytes] = {}

    def seal(self, secret: bytes) -> str:
        """`secret` sealed; text that begins with its scheme."""
        nonce = os.urandom(_NONCE)
        return _PREFIX + base64.b64encode(nonce + self._cipher.encrypt(nonce, secret, None)).decode("ascii")

    def open(self, sealed: str) -> bytes:
        """What `seal` was given; remembered, since every delivery needs it. EnsueError `internal` with another key."""
        found = self._opened.get(sealed)
        if found is None:
            found = self._decrypt(sealed)
            if len(self._opened) > 10_000:
                self._opened.clear()
            self._opened[sealed] = found
        return found

    def _decrypt(self, sealed: str) -> bytes:
        blob = base64.b64decode(sealed.removeprefix(_PREFIX))
        try:
            return self._cipher.decrypt(blob[:_NONCE], blob[_NONCE:], None)
        except InvalidTag:
            raise EnsueError("internal", WRONG_KEY) from None

    def check_value(self) -> str:
        """What the store keeps to know this key again."""
        return self.seal(_CHECK)

    def fits(self, check_value: str) -> bool:
        """Whether this key made `check_value`."""
        try:
            return self._decrypt(check_value) == _CHECK
        except (EnsueError, ValueError):
            return False


def read_key(text: str, file: Path) -> bytes:
    """The instance key: `text` (base64 of 32 bytes) if given, else the content of `file`, made (0600) if missing.

    EnsueError `invalid` when either is not 32 bytes in base64.
    """
    if not text and not file.exists():
        text = base64.b64encode(os.urandom(32)).decode("ascii")
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(text + "\n")
            handle.flush()
            os.fsync(handle.fileno())
    where = "ENSUE_SECRET_KEY" if text else str(file)
    try:
        key = base64.b64decode((text or file.read_text("ascii")).strip(), validate=True)
    except (ValueError, UnicodeDecodeError):
        key = b""
    if len(key) != 32:
        raise EnsueError("invalid", f"{where} is not 32 bytes in base64; make one with `openssl rand -base64 32`.")
    return key

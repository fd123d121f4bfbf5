"""Hides who a person is to Ensue: an account, known by its address, proved by a password of which a hash is kept."""

import unicodedata
from typing import Final

import msgspec
from msgspec import Struct

from ensue.domain.contact import check_email
from ensue.domain.document import Document
from ensue.domain.errors import EnsueError

ACCOUNT: Final = "account"
"""The kind of document that keeps an account; a change of one ends what is remembered of its sessions."""

MAX_NAME: Final = 100
MIN_PASSWORD: Final = 10
MAX_PASSWORD: Final = 512


class Account(Struct, frozen=True, kw_only=True):
    """A person, of no project; what they may do stands with each project's members. `password` is an argon2id hash,
    `era` how many passwords there were before it: a session that began in another one has ended."""

    id: str
    name: str
    email: str
    password: str
    created_at: int
    era: int = 0


def check_address(text: str, field: str = "email") -> str:
    """`text` as an e-mail address. Raises EnsueError `invalid` that names `field`."""
    try:
        return check_email(unicodedata.normalize("NFC", text))
    except ValueError:
        raise EnsueError(
            "invalid", f"{text[:80]!r} is no e-mail address; write it like 'ada@example.com'.", field
        ) from None


def address_key(email: str) -> str:
    """By what an account is found: addresses that differ in capitals only are one."""
    return unicodedata.normalize("NFC", email).strip().lower()


def check_name(text: str, field: str = "name") -> str:
    """A person's name, 1 to 100 printable characters. Raises EnsueError `invalid` that names `field`."""
    name = text.strip()
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise EnsueError("invalid", f"'{field}' is 1 to {MAX_NAME} printable characters.", field)
    return name


def check_password(text: str, email: str, field: str = "password") -> str:
    """A password that may be chosen: long enough, and not the address. Raises EnsueError `invalid` naming `field`.

    Length is what counts (NIST SP 800-63B, section 3.1.1.2): no rules on which characters it is made of.
    """
    password = normalised(text)
    if len(password) < MIN_PASSWORD:
        raise EnsueError("invalid", f"The password needs {MIN_PASSWORD} characters at least; a few words do.", field)
    if len(password) > MAX_PASSWORD:
        raise EnsueError("invalid", f"The password has {len(password)} characters; {MAX_PASSWORD} is the most.", field)
    if len(set(password)) < 3 or address_key(password) in {address_key(email), address_key(email).partition("@")[0]}:
        raise EnsueError("invalid", "This password would be guessed at once; choose another.", field)
    return password


def normalised(password: str) -> str:
    """The password as it is hashed, the same however a keyboard puts its characters together."""
    return unicodedata.normalize("NFKC", password)


def account_document(account: Account, revision: int = 0) -> Document:
    """The document that keeps an account; its alias is the address."""
    body = msgspec.json.encode(account)
    alias = address_key(account.email)
    return Document(kind=ACCOUNT, project="", id=account.id, body=body, alias=alias, revision=revision)


def account_of(document: Document) -> Account:
    """The account that a document keeps."""
    return msgspec.json.decode(document.body, type=Account)

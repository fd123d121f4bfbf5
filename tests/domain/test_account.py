"""Addresses, names and passwords: what is taken, what is refused by its field, and what is the same person."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensue.domain.account import (
    MAX_PASSWORD,
    Account,
    account_document,
    account_of,
    address_key,
    check_address,
    check_name,
    check_password,
    normalised,
)
from ensue.domain.errors import EnsueError
from ensue.domain.letter import invitation_letter, reset_letter

ADDRESS = "ada@example.com"


@given(text=st.text(max_size=80))
def test_anything_is_judged(text: str) -> None:
    """Taken, or refused by its field; nothing else happens."""
    assert judged(lambda: check_address(text)) in (None, ("invalid", "email"))
    assert judged(lambda: check_name(text)) in (None, ("invalid", "name"))
    assert judged(lambda: check_password(text, ADDRESS)) in (None, ("invalid", "password"))


def judged(check: Callable[[], str]) -> tuple[str, str | None] | None:
    """Why something is refused; None for what is taken, which is not empty."""
    try:
        assert check()
    except EnsueError as error:
        return error.code, error.field
    return None


@pytest.mark.parametrize(
    "password", ["", "short", "a" * 30, "ababababab", "Ada@Example.com", "x" * (MAX_PASSWORD + 1), "abc" * MAX_PASSWORD]
)
def test_what_is_no_password(password: str) -> None:
    """Too short, too long, of two characters, the address itself."""
    with pytest.raises(EnsueError):
        check_password(password, ADDRESS)


@pytest.mark.parametrize("password", ["correct horse", "пароль и ещё", "🐎🔋🐎🔋 stapler", " leading and trailing "])
def test_what_is_one(password: str) -> None:
    """Any characters, blanks too."""
    assert check_password(password, ADDRESS) == normalised(password)


def test_keyboards_differ() -> None:
    """An umlaut is the same, put together or of two parts."""
    assert normalised("Schlu\u0308ssel") == normalised("Schl\u00fcssel")
    assert address_key("u\u0308@Example.com ") == address_key("\u00dc@example.com")


def test_an_account_is_found_by_its_address() -> None:
    """Whatever its capitals; the document's alias is what `address_key` says."""
    account = Account(id="acc_1", name="Ada", email="Ada@example.com", password="hash", created_at=1)
    document = account_document(account)
    assert document.alias == address_key("ADA@EXAMPLE.COM")
    assert account_of(document) == account


def test_letters_carry_one_link() -> None:
    """What a stranger is called makes no line and no link of its own."""
    name = "Eve\r\nBcc: all@example.com https://evil.example www.evil.example " + "x" * 200
    letter = invitation_letter(ADDRESS, name, name, "https://ensue.example/invitation#t")
    assert "\n" not in letter.subject
    assert letter.text.count("://") == 1
    assert "www." not in letter.text
    assert "https://ensue.example/reset#t" in reset_letter(ADDRESS, "https://ensue.example/reset#t").text
    assert invitation_letter(ADDRESS, "", "Shop", "l").subject == "Somebody invites you to Shop"

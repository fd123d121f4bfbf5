"""Addresses and numbers: what could arrive is taken, in one form; what could not is refused with a reason."""

import pytest

from ensue.domain.contact import MAX_EMAIL, check_email, check_phone


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a@b.co", "a@b.co"),
        ("  user@Example.COM ", "user@example.com"),
        ("First.Last+tag@mail.example.com", "First.Last+tag@mail.example.com"),
        ("o'brien@example.ie", "o'brien@example.ie"),
        ("zoë@exämple.de", "zoë@exämple.de"),
        ("x" * 64 + "@example.com", "x" * 64 + "@example.com"),
    ],
)
def test_addresses_are_kept_with_their_domain_in_lower_case(text: str, kept: str) -> None:
    """What stands before the at sign is the receiver's affair; blanks around fall away."""
    assert check_email(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a@b.c",  # five characters
        "plain.example.com",
        "@example.com",
        "user@",
        "user@localhost",
        "user@127.0.0.1",
        "user@[127.0.0.1]",
        "user@example.com.",
        "user@exa_mple.com",
        "user@-example.com",
        "user@example..com",
        "two words@example.com",
        ".user@example.com",
        "user.@example.com",
        "us..er@example.com",
        "a@b@example.com",
        '"user"@example.com',
        "Name <user@example.com>",
        "user@example.com\nbcc: x@example.com",
        "us\u200ber@example.com",
        "x" * 65 + "@example.com",
        "user@" + "x" * (MAX_EMAIL - 4) + ".com",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """Too short, too long, without a domain that mail can reach, or with what would end a header."""
    with pytest.raises(ValueError, match="invalid email address"):
        check_email(text)


@pytest.mark.parametrize(
    "text", ["+14155550100", " +1 (415) 555-0100 ", "+1.415.555.0100", "+1\u00a0415\u2011555\u20110100"]
)
def test_numbers_come_to_one_form(text: str) -> None:
    """However a number is grouped, it is the same number."""
    assert check_phone(text) == "+14155550100"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4155550100",
        "0014155550100",
        "+0415555010",
        "+123456",
        "+1234567890123456",
        "+1415555CALL",
        "+",
        "+1٤155550100",
    ],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    """Without the plus, with a zero behind it, with too few or too many digits, or with other signs."""
    with pytest.raises(ValueError, match="E164"):
        check_phone(text)


def test_the_longest_and_the_shortest_number() -> None:
    """Seven to fifteen digits."""
    assert check_phone("+1234567") == "+1234567"
    assert check_phone("+123456789012345") == "+123456789012345"

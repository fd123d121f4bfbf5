"""By which words deliveries are found: what the names and addresses of triggers answer."""

import pytest

from ensue.domain.finding import Names, is_sought
from ensue.domain.words import LENGTH, asked

TRIGGERS = {
    "trg_bill": ("Billing webhook", "https://hooks.example.com/in"),
    "trg_chat": ("Chat", "http://chat.test/" + "x" * 80),
}


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("bill", ["trg_bill"]),
        ("bill webhook", []),
        ("billing web", ["trg_bill"]),
        ("hooks.example.com/in", ["trg_bill"]),
        ("https", []),
        ("zebra", []),
        ("chat test", ["trg_chat"]),
        ("x" * LENGTH, ["trg_chat"]),
        ("x" * 90 + " test", ["trg_chat"]),
        ("x" * (LENGTH - 1) + " test", []),
    ],
)
def test_names_and_addresses_answer(question: str, found: list[str]) -> None:
    """Every word is whole but the last one and what is longer than is told apart; a scheme is no word of an address."""
    sought = Names(TRIGGERS).sought(asked(question))
    assert [one for one in TRIGGERS if is_sought(sought, one, None, None)] == found


@pytest.mark.parametrize(("question", "some"), [("nothing here", False), ("nothing bill", True), ("zzz", False)])
def test_names_that_answer_nothing_are_left_out(question: str, some: bool) -> None:  # noqa: FBT001 - a table
    """So that only the events have to be looked through, which their words find at once."""
    assert bool(Names(TRIGGERS).sought(asked(question)).triggers) is some

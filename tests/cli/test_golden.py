"""What the commands print, to the letter: each golden file is what its command says now."""

import re

import pytest

from tests.cli.golden import CASES, DIRECTORY, TEXTS, transcript

_COLOUR = re.compile(r"\x1b\[\d*m")


@pytest.mark.parametrize("name", [*CASES, *TEXTS])
def test_output_is_as_it_was(name: str) -> None:
    """A change of the output is seen and meant; `python -m tests.cli.golden` writes it down."""
    path = DIRECTORY / f"{name}.txt"
    assert path.is_file(), f"{path.name} is missing; run `python -m tests.cli.golden`"
    assert transcript(name) == path.read_text(encoding="utf-8")


def test_no_golden_file_is_left_over() -> None:
    """Each file belongs to a case."""
    assert {path.stem for path in DIRECTORY.iterdir()} == {*CASES, *TEXTS}


@pytest.mark.parametrize(
    "name", [name for name in CASES if "list" in name and "json" not in name and "pipe" not in name]
)
def test_tables_fit_the_terminal(name: str) -> None:
    """No line of a table is wider than the terminal, and ids are whole."""
    ran = CASES[name].run()
    assert max((len(_COLOUR.sub("", line)) for line in ran.out.splitlines()), default=0) <= 80
    assert not re.search(r"(trg|dlv)_\w*…", ran.out)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.colour])
def test_nothing_steers_the_terminal(name: str) -> None:
    """Without colour there is not one escape in the output, whatever others wrote into events."""
    ran = CASES[name].run()
    assert "\x1b" not in ran.out + ran.err

"""How far long work is, where nobody watches a terminal."""

import io

from ensue.cli.terminal import Terminal


def test_a_log_hears_of_long_work_every_ten_seconds() -> None:
    """Short work says nothing; of long work each line stands alone, beside the result."""
    now = [0.0]
    out, err = io.StringIO(), io.StringIO()
    terminal = Terminal(out, err, clock=lambda: now[0])
    for second in range(25):
        now[0] = float(second)
        terminal.progress(f"{second} made")
    terminal.progress("")
    assert err.getvalue() == "10 made\n20 made\n"
    assert not out.getvalue()

"""The promise holds when the server dies or freezes under load: nothing lost, repeated without a claim, or stuck."""

from pathlib import Path

from ensue.testing import Sink
from tests.acceptance.chaos import chaos_on, chaos_server

ROUNDS = 12


async def test_nothing_is_lost_or_repeated_without_a_claim(tmp_path: Path, sink: Sink) -> None:
    """After each of many blows (kill -9, SIGSTOP past the lease, SIGTERM) every promise of sections 1 and 2 holds."""
    with chaos_server(tmp_path) as server:
        async with chaos_on(server, sink, seed=2) as chaos:
            rows = [await chaos.round() for _ in range(ROUNDS)]
            cut = chaos.cut
        print(*(row.line() for row in rows), server.log(), sep="\n")  # noqa: T201 - shown when the test failed
    assert [violation for row in rows for violation in row.violations] == []
    assert {row.blow for row in rows} == {"kill", "kill twice", "stop", "term"}
    assert all(row.pushed for row in rows)
    assert cut > ROUNDS // 4, "replays had ended before the blows"
    assert sum(row.resent for row in rows) > 0, "no client ever lost an answer: the blows missed"

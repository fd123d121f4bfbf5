"""Times on a page without script: how long ago where that is short, as nobody knows the reader's zone."""

import pytest

from ensue.dialects.pages.card import ago, moment

NOW = 1_800_000_000_000
MINUTE = 60_000


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (-5, None),
        (0, "just now"),
        (59, "59 min ago"),
        (60, "1 h ago"),
        (23 * 60 + 59, "23 h ago"),
        (24 * 60, "1 day ago"),
        (48 * 60, "2 days ago"),
        (7 * 24 * 60 - 1, "6 days ago"),
        (7 * 24 * 60, None),
    ],
)
def test_how_long_ago(minutes: int, said: str | None) -> None:
    """Within a week; what is older, or yet to come, has no such words."""
    assert ago(NOW - minutes * MINUTE, NOW) == said


def test_an_old_time_names_its_zone() -> None:
    """And a young one does in its title."""
    assert "15 Jan 2027, 08:00 UTC</time>" in moment(NOW, NOW + 30 * 24 * 60 * MINUTE)
    assert 'title="15 Jan 2027, 08:00 UTC"' in moment(NOW, NOW)

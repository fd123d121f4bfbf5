"""Hides the scales for views: `ensue` that writes down the processor time which following the log has taken (seconds).

`BENCH_VIEWS` names the file. One server is measured against itself: two of them never run on the same machine.
"""

import os
import sys
import time
from pathlib import Path

from ensue.cli import main
from ensue.store.derived import Followed
from ensue.store.sqlite.follower import Follower

_step = Follower.step


def _weighed(self: Follower, limit: int) -> tuple[Followed, int]:
    answer = _step(self, limit)
    Path(os.environ["BENCH_VIEWS"]).write_text(str(time.thread_time()))
    return answer


Follower.step = _weighed  # type: ignore[method-assign]  # that is the point

if __name__ == "__main__":
    sys.exit(main())

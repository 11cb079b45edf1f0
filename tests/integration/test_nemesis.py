"""Whatever befalls relay, fake and disk while clients chat: what the four witnesses say agrees.

NEMESIS_SEED repeats a run's schedule.
"""

import os
import random
import sys
from pathlib import Path

import pytest

from support.nemesis import TO_THE_FAKE, TO_THE_RELAY, Run, run

SECONDS, CLIENTS = 8.0, 12
NIGHTLY_SECONDS, NIGHTLY_CLIENTS = 600.0, 40


def check(done: Run) -> None:
    report = done.report()
    assert not report, report
    answers = done.history.clients
    kinds = {end.kind for stream in done.history.log.values() for end in stream.ends}
    assert {"done", "error", "client_gone", "lost"} <= kinds
    sys.stderr.write(f"seed {done.seed}: {len(answers)} answers, {len(done.done)} deeds\n")


async def test_no_invariant_breaks_under_the_nemesis(tmp_path: Path) -> None:
    done = await run(tmp_path, seed=seed(8), clients=CLIENTS, seconds=SECONDS)
    check(done)
    assert len(done.done) >= len(TO_THE_RELAY) + len(TO_THE_FAKE) - 1  # without root, no full disk


@pytest.mark.nightly
async def test_no_invariant_breaks_under_ten_minutes_of_the_nemesis(tmp_path: Path) -> None:
    drawn = random.randrange(10**6)
    done = await run(tmp_path, seed=seed(drawn), clients=NIGHTLY_CLIENTS, seconds=NIGHTLY_SECONDS)
    check(done)


def seed(otherwise: int) -> int:
    return int(os.environ.get("NEMESIS_SEED", otherwise))

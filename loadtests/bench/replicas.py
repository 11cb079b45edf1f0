"""What a token costs with two relays that share a Redis, against one alone: a table, an exit code.

Each round takes the same streams through one relay, through one with Redis, through two, half each,
and as many through each of the two; and half of them through one. The figure is the median of the
rounds. A relay with fewer streams pays more for each token, also when it is alone
(docs/performance.md: its code has left the cache when the next token comes). So two are held
against one with as many streams as each of them has.
Load generator, fake and relays have the machine together: with two processors it is full long
before two relays are, so nothing here says how much two relays can carry.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

import targets
import uvloop
from overhead import PACED_SECONDS, PACED_STREAMS, PACED_TOKENS, check, say
from streams import Take, take_many
from targets import Target

import cassettes

ROUNDS: Final = 5
ONE: Final = "one"
HALF: Final = "one, half as many"
TWO: Final = "two, half each"
DOUBLE: Final = "two, as many each"
LIMIT: Final = 1.15
"""With two relays a token may cost this many times what it costs with one that is as busy."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--streams", type=int, default=PACED_STREAMS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, started(Path(name)) as sets:
        costs = uvloop.run(measure(sets, arguments.rounds, arguments.streams))
    for label, found in costs.items():
        say(f"{label:<20} {found:8.2f} us of CPU per token")
    pairs = ((TWO, HALF), (DOUBLE, ONE))
    for label, against in (*pairs, (TWO, ONE)):
        say(f"{f'{label} / {against}':<42} {costs[label] / costs[against]:8.3f}")
    worst = max(costs[label] / costs[against] for label, against in pairs)
    say(f"{'the worse of the first two':<42} {worst:8.3f}   at most {LIMIT}")
    sys.exit(0 if worst <= LIMIT else 1)


@contextmanager
def started(folder: Path) -> Iterator[dict[str, list[Target]]]:
    """Run one relay alone, one with Redis, and two with Redis, before one fake."""
    library = folder / "cassettes"
    library.mkdir()
    cassettes.write(library, "paced", PACED_TOKENS, PACED_SECONDS)
    cassettes.write(library, "warm", 20, 0.001)
    cassettes.stamp(library)
    homes = [folder / name for name in ("alone", "one", "two")]
    for home in homes:
        home.mkdir()
    with (
        targets.fake(library, "original") as upstream,
        targets.redis(folder) as redis_url,
        targets.relay(homes[0], upstream, "relay", "sse,log,metrics") as alone,
        targets.replicas(homes[1], upstream, 1, f"{redis_url[:-1]}1") as one,
        targets.replicas(homes[2], upstream, 2, f"{redis_url[:-1]}2") as two,
    ):
        yield {ONE: [alone], HALF: [alone], "one, with Redis": one, TWO: two, DOUBLE: two}


async def measure(sets: dict[str, list[Target]], rounds: int, streams: int) -> dict[str, float]:
    """Return the median cost of a token for each of *sets*; they take turns."""
    found: dict[str, list[float]] = {label: [] for label in sets}
    for relays in sets.values():
        await take_all(relays, "warm", 8)
    for _ in range(rounds):
        for label, relays in sets.items():
            before = sum(relay.cpu_seconds() for relay in relays)
            times = {DOUBLE: 2.0, HALF: 0.5}.get(label, 1.0)
            takes = await take_all(relays, "paced", int(streams * times))
            cpu = sum(relay.cpu_seconds() for relay in relays) - before
            check(takes, PACED_TOKENS)
            found[label].append(cpu / (len(takes) * PACED_TOKENS) * 1e6)
    return {label: median(costs) for label, costs in found.items()}


async def take_all(relays: list[Target], model: str, streams: int) -> list[Take]:
    """Take *streams* streams, as many through each of *relays*."""
    share = streams // len(relays)
    parts = await asyncio.gather(
        *(
            take_many(relay.port, share, lambda n, relay=relay: relay.request(model, n), spread=0.5)
            for relay in relays
        )
    )
    return [taken for part in parts for taken in part]


if __name__ == "__main__":
    main()

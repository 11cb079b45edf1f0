"""Where the workers of one service keep what they share: a folder in; the files in it out."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from mlx_relay.errors import ConfigurationError
from mlx_relay.sinks.metrics_workers import forget, prepare
from mlx_relay.workers.places import SharedPlaces, make_table


class SharedFiles(msgspec.Struct, frozen=True):
    """The files of a service that runs. *environment* is what its workers need to share metrics."""

    places: Path
    throttle: Path
    metrics: Path
    environment: dict[str, str]

    def bury(self, number: int, pid: int) -> None:
        """Free the places of worker *number*, which is dead, and take its gauges away."""
        forget(self.metrics, pid)
        places = SharedPlaces(self.places, number)
        places.give_all_back()
        places.close()


@contextmanager
def shared_files(folder: Path, workers: int) -> Iterator[SharedFiles]:
    """Make *folder* anew and yield its files until the block ends; raises ConfigurationError."""
    places, throttle, metrics = (folder / name for name in ("places", "throttle", "metrics"))
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
        make_table(places, workers)
        throttle.touch(mode=0o600)
        files = SharedFiles(places, throttle, metrics, prepare(metrics))
    except OSError as error:
        raise ConfigurationError(f"{folder}: {error.strerror}") from None
    try:
        yield files
    finally:
        shutil.rmtree(folder, ignore_errors=True)

"""Processes in; what they use, second by second, out."""

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, Self

import msgspec
import psutil

SECONDS: Final = 1.0


class Sample(msgspec.Struct):
    """What the relay used at *at* seconds of the run, and the processors that each part took."""

    at: float
    cpu_percent: dict[str, float]
    memory_mib: float
    open_files: int


class Sampler:
    """Samples until its block ends; ids of processes are by their part's name, one is ``relay``."""

    def __init__(self, processes: Mapping[str, list[int]]) -> None:
        self._parts = {
            name: [psutil.Process(pid) for pid in pids] for name, pids in processes.items()
        }
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.samples: list[Sample] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        started = before_at = time.monotonic()
        before = self._cpu_seconds()
        while not self._over.wait(SECONDS):
            now, cpu = time.monotonic(), self._cpu_seconds()
            used = {
                name: max(0.0, 100 * (cpu[name] - before[name]) / (now - before_at)) for name in cpu
            }
            with suppress(psutil.NoSuchProcess):  # a relay that died shows in its streams
                self.samples.append(self._sample(now - started, used))
            before, before_at = cpu, now

    def _sample(self, at: float, used: dict[str, float]) -> Sample:
        relay = [member for process in self._parts["relay"] for member in _family(process)]
        memory = sum(process.memory_info().rss for process in relay) / 2**20
        return Sample(at, used, memory, sum(process.num_fds() for process in relay))

    def _cpu_seconds(self) -> dict[str, float]:
        return {name: sum(map(_cpu, processes)) for name, processes in self._parts.items()}


def _family(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def _cpu(process: psutil.Process) -> float:
    """Return the CPU seconds of a process and its children; 0 for one that is gone."""
    try:
        return sum(sum(member.cpu_times()[:2]) for member in _family(process))
    except psutil.NoSuchProcess:
        return 0.0

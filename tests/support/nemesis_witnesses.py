"""Asks relay and fake, again and again while they live, for what would die with them.

Metrics and the journal are in memory; the log is on a small disk, so its full files are moved away.
"""

import asyncio
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from support.nemesis_history import LogBook

WATCH_SECONDS: Final = 0.5
ANSWER_SECONDS: Final = 2.0
PATIENCE_SECONDS: Final = 60.0


class Witnesses:
    """What is known of the process of each that lives now, and of those before."""

    def __init__(self, relay_url: str, fake_url: str, logs: Path, kept: Path) -> None:
        self.counted: dict[str, int] = {}
        self.active = 0
        self.journals: list[dict[int, dict[str, Any]]] = []
        self._relay_url = relay_url
        self._fake_url = fake_url
        self._logs = logs
        self._kept = kept

    def new_relay(self) -> None:
        self.counted, self.active = {}, 0

    def new_fake(self) -> None:
        self.journals.append({})

    def entries(self) -> Iterator[dict[str, Any]]:
        for journal in self.journals:
            yield from journal.values()

    async def watch(self) -> None:
        """Ask until it is cancelled; who is down or paused is asked the next time."""
        async with _session() as session:
            while True:
                for look in (self._look_at_metrics, self._look_at_journal):
                    with suppress(aiohttp.ClientError, TimeoutError):
                        await look(session)
                self._keep_full_logs()
                await asyncio.sleep(WATCH_SECONDS)

    async def look_at_journal(self) -> None:
        async with _session() as session:
            await self._look_at_journal(session)

    async def wait_until_quiet(self) -> None:
        """Wait until neither side has a stream: then all of them know all they will."""
        async with asyncio.timeout(PATIENCE_SECONDS), _session() as session:
            while True:
                await self._look_at_journal(session)
                await self._look_at_metrics(session)
                talking = any(e["state"] == "streaming" for e in self.journals[-1].values())
                if not talking and not self.active:
                    return
                await asyncio.sleep(WATCH_SECONDS)

    async def wait_until_ready(self) -> None:
        """Wait until the relay says that it is well, and its log with it."""
        async with asyncio.timeout(PATIENCE_SECONDS), _session() as session:
            while True:
                with suppress(aiohttp.ClientError, TimeoutError):
                    async with session.get(f"{self._relay_url}/readyz") as answer:
                        if answer.status == 200 and (await answer.json())["status"] == "ready":
                            return
                await asyncio.sleep(WATCH_SECONDS)

    def read_logs(self) -> LogBook:
        """Read all of the log; for when no process writes any more."""
        self._keep_full_logs()
        book = LogBook()
        book.read(sorted(self._kept.glob("*.jsonl")))
        book.read(sorted(self._logs.glob("*.jsonl")))
        return book

    async def _look_at_metrics(self, session: aiohttp.ClientSession) -> None:
        before = self.counted
        async with session.get(f"{self._relay_url}/metrics") as answer:
            text = await answer.text()
        if self.counted is before:  # else it is another process by now
            self.counted, self.active = _counts(text)

    async def _look_at_journal(self, session: aiohttp.ClientSession) -> None:
        journal = self.journals[-1]
        async with session.get(f"{self._fake_url}/_fake/journal") as answer:
            entries = json.loads(await answer.text())
        chats = (entry for entry in entries if entry["method"] == "POST")
        journal.update({entry["id"]: entry for entry in chats})

    def _keep_full_logs(self) -> None:
        """Move away what has a moment in its name: nobody writes into it any more."""
        for file in self._logs.glob("streams-*.jsonl"):
            shutil.move(file, self._kept / file.name)


def _counts(text: str) -> tuple[dict[str, int], int]:
    """Return the streams by outcome, and how many are open."""
    counted: Counter[str] = Counter()
    active = 0.0
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "mlx_relay_streams_total":
                counted[sample.labels["outcome"]] += int(sample.value)
            elif sample.name == "mlx_relay_active_streams":
                active += sample.value
    return dict(counted), int(active)


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS))

"""What the tests of the harness share: one running fake with cassettes made by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fake_mlx.exchange import Cassette
from fake_mlx.library import save
from fake_process import FakeProcess, running_fake
from handmade import chat, handmade
from tls import make_certificate

WIDE = [b"x" * 60_000] * 200
MADE: dict[str, Cassette] = {
    "kept": handmade(b"one", b"two"),
    "closed": handmade(b"one", b"two", framing="close", http="1.0"),
    "sized": handmade(b"one", b"two", framing="content-length"),
    "reset": handmade(b"one", end="reset"),
    "reset_at_once": handmade(status=None, framing="close", end="reset"),
    "cut": handmade(b"one", end="fin-without-terminator"),
    "left": handmade(b"one", end="client-closed"),
    "timed_out": handmade(b"one", end="timeout"),
    "silent": handmade(status=None, framing="close"),
    "hanging": handmade(end="timeout", ends_at=3600.0),
    "late": handmade(status=None, framing="close", ends_at=3600.0),
    "wide": handmade(*WIDE),
    "turns/one": handmade(b"one", body=chat("m", "first")),
    "turns/two": handmade(b"two", body=chat("m", "second")),
}


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of cassettes made by hand, under the names above."""
    folder = tmp_path_factory.mktemp("made")
    for name, cassette in MADE.items():
        save(cassette, folder / f"{name}.cast.jsonl")
    return folder


@pytest.fixture(scope="session")
def shared_fake(made: Path) -> Iterator[FakeProcess]:
    with running_fake("--cassettes", made) as fake:
        yield fake


@pytest.fixture
def fake(shared_fake: FakeProcess) -> FakeProcess:
    """The running fake, its journal empty."""
    shared_fake.get("/_fake/journal", "DELETE")
    return shared_fake


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls"))

"""The name of a file in; how to make cassettes of it, and what to call them, out."""

from collections.abc import Callable
from typing import Final, TypeAlias

from fake_mlx.exchange import Cassette
from fake_mlx.import_chunks import import_chunks
from fake_mlx.import_har import import_har
from fake_mlx.import_sse import import_sse
from fake_mlx.import_vcr import import_vcr
from fake_mlx.importer import import_recording

Importer: TypeAlias = Callable[[bytes, str, str], list[Cassette]]


def _import_one(data: bytes, name: str, where: str) -> list[Cassette]:
    return [import_recording(data, name, where)]


FORMATS: Final[dict[str, Importer]] = {
    ".jsonl": _import_one,
    ".sse": import_sse,
    ".chunks.txt": import_chunks,
    ".har": import_har,
    ".yaml": import_vcr,
    ".yml": import_vcr,
}


def format_of(file_name: str) -> tuple[str, Importer]:
    """Return the name of the cassettes of *file_name*, and what makes them."""
    for suffix, importer in FORMATS.items():
        if file_name.endswith(suffix):
            return file_name.removesuffix(suffix), importer
    return file_name, _import_one

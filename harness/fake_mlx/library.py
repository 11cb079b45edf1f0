"""Files and folders in, cassettes by name out; and cassettes into files, whole or not at all."""

import os
from pathlib import Path
from typing import Final

from fake_mlx.cassette import dumps, loads
from fake_mlx.exchange import Cassette

SUFFIX: Final = ".cast.jsonl"
SHIPPED: Final = Path(__file__).parent / "cassettes"


class LibraryError(Exception):
    """A file or folder that cannot be read or written, or holds no cassette."""


def load(path: Path, *, verify: bool = True) -> Cassette:
    """Return the cassette in the file *path*; raises CassetteError or LibraryError."""
    return loads(read(path), str(path), verify=verify)


def read(path: Path) -> bytes:
    """Return what the file *path* holds; raises LibraryError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise LibraryError(f"{path}: {error.strerror}") from error


def save(cassette: Cassette, path: Path) -> None:
    """Write *cassette* to *path*, so that no reader ever sees half a file; raises LibraryError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(dumps(cassette))
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise LibraryError(f"{path}: {error.strerror}") from error


def cassette_files(path: Path) -> list[Path]:
    """Return *path* itself if it is a file, else the cassettes below it; raises LibraryError."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise LibraryError(f"{path}: no such file or folder")
    files = sorted(path.rglob(f"*{SUFFIX}"))
    if not files:
        raise LibraryError(f"{path}: no cassette (NAME{SUFFIX}) in this folder")
    return files


def name_of(file: Path, folder: Path) -> str:
    """Return the name of the cassette *file* in the library *folder*: ``mlx_lm/hello``."""
    return file.relative_to(folder).as_posix().removesuffix(SUFFIX)


def load_library(folder: Path) -> dict[str, Cassette]:
    """Return every cassette below *folder* by name; raises CassetteError or LibraryError."""
    if folder.is_file():
        raise LibraryError(f"{folder}: not a folder of cassettes")
    return {name_of(file, folder): load(file) for file in cassette_files(folder)}


def find(name: str) -> Path:
    """Return the file that *name* means: a file, or a shipped cassette; raises LibraryError."""
    path = Path(name)
    shipped = SHIPPED / f"{name}{SUFFIX}"
    if path.is_file():
        return path
    if shipped.is_file():
        return shipped
    raise LibraryError(f"{name}: neither a file nor a shipped cassette")

"""A journal with stamps and the folder of the cassettes in; the body that each entry sent, out.

The faults of an entry are laid over its cassette again. A body goes as far as the journal's
checksums agree: what faults of the wire put in its place is not known.
"""

import contextlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from zlib import crc32

from fake_mlx.cassette import CassetteError
from fake_mlx.faults import UnknownFault, lay_over, parse_fault
from fake_mlx.library import SUFFIX, LibraryError, load


def sent_bodies(entries: Iterable[Mapping[str, Any]], folder: Path) -> dict[int, bytes]:
    """Return what is known of the bodies by the entries' ids; an unknown cassette has none."""
    bodies = {}
    for entry in entries:
        with contextlib.suppress(CassetteError, LibraryError, UnknownFault):
            cassette = load(folder / f"{entry['cassette']}{SUFFIX}")
            faults = [parse_fault(text) for text in entry["faults"]]
            bodies[entry["id"]] = _as_sent(lay_over(cassette, faults).body, entry)
    return bodies


def _as_sent(body: bytes, entry: Mapping[str, Any]) -> bytes:
    start = 0
    for size, checksum in zip(entry["sent_sizes"], entry["sent_checksums"], strict=True):
        if crc32(body[start : start + size]) != checksum:
            break
        start += size
    return body[:start]

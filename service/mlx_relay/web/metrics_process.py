"""What this process uses: memory and open files, on Linux and on macOS."""

import resource
from pathlib import Path

_OPEN_FILES = Path("/dev/fd")
_MEMORY = Path("/proc/self/statm")


def memory_bytes() -> int:
    """Return the resident memory; where there is no /proc (macOS) the most there ever was."""
    try:
        resident_pages = int(_MEMORY.read_text(encoding="ascii").split()[1])
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return resident_pages * resource.getpagesize()


def open_files() -> int:
    return sum(1 for _file in _OPEN_FILES.iterdir())

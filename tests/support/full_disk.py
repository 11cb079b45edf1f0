"""A folder on a disk that a test can fill and free: a small tmpfs, or a limit on file sizes."""

import errno
import os
import platform
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE_BYTES = 256 * 1024


class FullDisk:
    """*folder* is on it. A write when it is full stops in the middle of a line."""

    def __init__(self, folder: Path, *, is_mounted: bool) -> None:
        self.folder = folder
        self.is_mounted = is_mounted
        self._limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(self, file: Path) -> None:
        """Leave no room but for a piece of the next line of *file*."""
        if not self.is_mounted:
            size = file.stat().st_size + 100
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, self._limits[1]))
            return
        ballast = os.open(self.folder / "ballast", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            while os.write(ballast, bytes(4096)):
                pass
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
        finally:
            os.close(ballast)

    def free(self) -> None:
        if self.is_mounted:
            (self.folder / "ballast").unlink()
        else:
            resource.setrlimit(resource.RLIMIT_FSIZE, self._limits)


@contextmanager
def full_disk(folder: Path, size_bytes: int = SIZE_BYTES) -> Iterator[FullDisk]:
    """Mount a small disk at *folder* if this user may, else limit what a file may grow to."""
    is_mounted = _mount(folder, size_bytes)
    disk = FullDisk(folder, is_mounted=is_mounted)
    try:
        yield disk
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        else:
            disk.free()


def _mount(folder: Path, size_bytes: int) -> bool:
    if platform.system() != "Linux" or os.geteuid() != 0:
        return False
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0

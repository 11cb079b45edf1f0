"""Raises this process's limit of open files: macOS starts a shell with 256."""

import resource

WANTED = 65_536


def raise_open_file_limit() -> None:
    """Set the soft limit as near to ``WANTED`` as the hard limit and the kernel allow."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    target = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    while soft < target:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
        except (OSError, ValueError):
            target //= 2
        else:
            return

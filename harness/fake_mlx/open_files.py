"""The limit of open files in, a higher one out: macOS starts processes with 256."""

import resource
from typing import Final

_WANTED: Final = 10_240


def raise_limit() -> None:
    """Raise the soft limit as far as the hard one allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED if hard == resource.RLIM_INFINITY else min(_WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))

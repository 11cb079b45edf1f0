"""Settings in; findings about files, their modes, and the room on their disk, out."""

import os
import shutil
import stat
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from mlx_relay.cli.doctor_finding import Finding, ill, well
from mlx_relay.config import Settings

LEAST_FREE_BYTES = 256 * 1024 * 1024
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def look_at_files(settings: Settings, config: Path | None) -> list[Finding]:
    """Whether others may read what is secret, and whether we may write what we have to."""
    found = [_look_at_own(path) for path in (settings.data_dir, *_files_of(settings))]
    if config and _has_secrets(settings):
        found.append(_look_at_config(config))
    return [finding for finding in found if finding] or [
        well("files", f"{settings.data_dir}: nobody else may read what is in it")
    ]


def look_at_disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.data_dir).free
    text = f"{settings.data_dir}: {free // 2**20} MiB free"
    if free < LEAST_FREE_BYTES:
        return ill("disk", text, "make room, or give [sink.log] a lower keep and keep_days")
    return well("disk", text)


def _files_of(settings: Settings) -> list[Path]:
    data_dir = settings.data_dir
    logs = data_dir / "logs"
    files = [
        settings.effective_signing_key_file,
        *_database_files(settings),
        logs,
        *logs.glob("*.jsonl"),
    ]
    return [file for file in files if file.exists()]


def _database_files(settings: Settings) -> list[Path]:
    url = _url(settings.effective_database_url)
    if not url or not url.drivername.startswith("sqlite") or not url.database:
        return []
    return [Path(url.database + suffix) for suffix in ("", "-wal", "-shm")]


def _has_secrets(settings: Settings) -> bool:
    """Return whether a configuration file with these settings may hold a password or a token."""
    urls = (_url(settings.effective_database_url), _url(settings.redis_url))
    has_password = any(url and url.password for url in urls)
    return bool(has_password or settings.metrics_token or settings.sink)


def _url(text: str | None) -> URL | None:
    try:
        return make_url(text) if text else None
    except ArgumentError:  # the look at the database says so
        return None


def _look_at_own(path: Path) -> Finding | None:
    """Look at what the relay makes, which is its own alone."""
    mode = path.stat().st_mode
    if mode & _OTHERS:
        right = "700" if stat.S_ISDIR(mode) else "600"
        return ill("files", f"{path}: other users may use it", f"chmod {right} {path}")
    if not os.access(path, os.R_OK | os.W_OK):
        return ill("files", f"{path}: this user may not use it", f"chown {os.geteuid()} {path}")
    return None


def _look_at_config(path: Path) -> Finding | None:
    """Look at what an administrator makes, who may let the relay read it as one of a group."""
    facts = path.stat()
    is_ours = facts.st_uid == os.geteuid()
    if facts.st_mode & (_OTHERS if is_ours else stat.S_IRWXO):
        right = "600" if is_ours else "o="
        return ill("files", f"{path}: holds a secret that others may read", f"chmod {right} {path}")
    return None

"""The ``[sink.log]`` table in; what the log keeps, where, and for how long, out."""

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec

from mlx_relay.sinks.log_file import Keeping
from mlx_relay.sinks.log_writer import Fsync

Content: TypeAlias = Literal["metadata", "text", "full"]
_Positive: TypeAlias = Annotated[int, msgspec.Meta(ge=1)]


class LogSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an operator can set. *path* is taken from the data directory when it is relative."""

    content: Content = "metadata"
    path: str = "logs/streams.jsonl"
    max_bytes: _Positive = 64 * 1024 * 1024
    keep: _Positive = 30
    keep_days: _Positive = 30
    fsync: Fsync = "interval"

    @property
    def keeping(self) -> Keeping:
        return Keeping(max_bytes=self.max_bytes, keep=self.keep, keep_days=self.keep_days)

    def path_in(self, data_dir: Path) -> Path:
        return data_dir / Path(self.path).expanduser()

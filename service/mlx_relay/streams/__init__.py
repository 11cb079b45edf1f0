"""Streams that outlive their connection: a chat in; its events, for whoever comes for them, out.

A resumable stream is written into a log (``log``), and clients read the log: one that was away
begins where it left off. The logs of this process are in memory (``memory``). With Redis they are
copied there too (``redis_copy``), so that a client may come to another process (``redis_source``);
who has its reader here does not depend on it. ``running`` starts streams, and ends those that
nobody reads.
"""

from mlx_relay.streams.buffers import Source, StreamBuffers
from mlx_relay.streams.log import StreamKey
from mlx_relay.streams.memory import MemoryBuffers
from mlx_relay.streams.running import Streams

__all__ = ["MemoryBuffers", "Source", "StreamBuffers", "StreamKey", "Streams"]

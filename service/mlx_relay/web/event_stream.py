"""The response that a stream of events is written into, whatever its events are."""

from aiohttp_sse import EventSourceResponse

from mlx_relay.sinks.sse import STALL_SECONDS

HEARTBEAT_SECONDS = 15.0
VANISHED_SECONDS = STALL_SECONDS * 2
"""After this the kernel gives up a client that confirms nothing.

Later than the sink, which can tell one that reads too slowly from one that is gone.
"""


def event_stream() -> EventSourceResponse:
    """Return a response whose head is not out yet; it sends heartbeats as long as it is open."""
    return EventSourceResponse(
        allow_all_methods=True,
        sep="\n",
        ping_interval=HEARTBEAT_SECONDS,
        send_timeout=VANISHED_SECONDS,
    )

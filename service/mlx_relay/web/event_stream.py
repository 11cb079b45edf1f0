"""The response that a stream of events is written into, whatever its events are."""

from aiohttp_sse import EventSourceResponse

HEARTBEAT_SECONDS = 15.0


def event_stream() -> EventSourceResponse:
    """Return a response whose head is not out yet; it sends heartbeats as long as it is open.

    Clients that vanish are the listener's concern, those that read too slowly the sink's.
    """
    return EventSourceResponse(
        allow_all_methods=True,
        sep="\n",
        ping_interval=HEARTBEAT_SECONDS,
        send_timeout=None,
    )

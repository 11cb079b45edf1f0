"""The response that a stream is written into."""

from mlx_relay.web.event_stream import event_stream


def test_nobody_on_the_way_may_keep_or_change_it() -> None:
    response = event_stream()
    assert response.headers["Content-Type"] == "text/event-stream"
    assert response.headers["Cache-Control"] == "no-cache"

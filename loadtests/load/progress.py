"""A recorder in; the figures of the moment out, and the line that shows them."""

from typing import Any

from load.recorder import Recorder


def progress_of(recorder: Recorder) -> dict[str, Any]:
    """Return what a person who waits wants to see; latency is that of the last slots."""
    now = recorder.slot_now()
    return {
        "open": recorder.open_streams(),
        "verified": recorder.total("verified"),
        "wrong": recorder.total("wrong"),
        "failed": recorder.total("failed"),
        "first_event_p99_ms": recorder.histogram("first_event", range(now - 5, now + 1)).quantile(
            0.99
        )
        / 1e3,
    }


def line_of(figures: dict[str, Any], elapsed: float, seconds: float) -> str:
    """Return one line, with a bar of how far the run is."""
    part = min(1.0, elapsed / seconds)
    bar = "#" * round(20 * part) + "." * (20 - round(20 * part))
    return (
        f"[{bar}] {elapsed:4.0f} s   open {figures['open']:3}   verified {figures['verified']:5}   "
        f"wrong {figures['wrong']}   failed {figures['failed']}   "
        f"first event p99 {figures['first_event_p99_ms']:6.1f} ms"
    )

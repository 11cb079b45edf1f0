"""Entries of a Redis Stream: pieces of a log that any number finds its place in."""

import pytest

from mlx_relay.errors import Gone
from mlx_relay.streams.log import StreamKey, StreamLog
from mlx_relay.streams.redis_entries import (
    Entry,
    events_name,
    fed_name,
    number_in,
    read_entries,
    read_name,
    to_entry,
)


def entry_of_three() -> Entry:
    """Return events 4 to 6."""
    log = StreamLog(StreamKey(7, "s"), 1 << 20)
    log.append([b"{}"] * 6, is_last=True)
    return to_entry(log.since(3), 6, is_last=True)


def test_an_entry_comes_back_as_it_was_sent() -> None:
    sent = entry_of_three()
    assert (sent.first, sent.last, sent.id) == (4, 6, "6-0")
    fields = {key: str(value).encode() for key, value in sent.fields().items()}
    fields[b"events"] = sent.events
    assert read_entries([(b"6-0", fields)]) == [sent]
    assert read_entries([]) == []
    assert number_in(b"12-0") == 12


@pytest.mark.parametrize(("after", "numbers"), [(3, [4, 5, 6]), (4, [5, 6]), (5, [6])])
def test_what_a_client_has_is_left_out(after: int, numbers: list[int]) -> None:
    events = entry_of_three().after(after)
    assert events == b"".join(b"id: %d\ndata: {}\n\n" % number for number in numbers)


def test_a_gap_is_no_answer() -> None:
    with pytest.raises(Gone):
        entry_of_three().after(2)


def test_a_name_says_whose_stream_it_is() -> None:
    names = {name(StreamKey(7, "s")) for name in (events_name, fed_name, read_name)}
    assert len(names) == 3
    assert all(name.startswith("mlx-relay:stream:7:s") for name in names)

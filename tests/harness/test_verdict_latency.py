import pytest

from fake_mlx.client_record import ClientRequest
from fake_mlx.verdict_latency import added, quantile
from fake_mlx.verdict_pairs import Pair, Upstream

CHUNK = b'data: {"choices":[{"delta":{"content":"ab"}}]}\n\n'
EVENT = b'data: {"type":"response","content":"ab"}\n\n'


def entry(*pieces: bytes) -> Upstream:
    sizes = [len(piece) for piece in pieces]
    stamps = [float(number) for number in range(len(pieces))]
    size = sum(sizes)
    return Upstream(
        1,
        "POST",
        0.0,
        "done",
        9.0,
        size,
        sent_at=stamps,
        sent_sizes=sizes,
        sent_checksums=sizes,
    )


def test_a_chunk_has_arrived_when_its_last_byte_has() -> None:
    request = ClientRequest("1", 0.0, ((0.5, b"ab"), (1.25, b"cdef")))
    assert added(Pair(request, [entry(b"abc", b"def")]), None) == pytest.approx([1.25, 0.25])


def test_events_are_measured_by_their_text() -> None:
    request = ClientRequest("1", 0.0, ((0.5, EVENT), (1.125, EVENT)))
    pair = Pair(request, [entry(CHUNK, CHUNK)])
    assert added(pair, {1: CHUNK * 2}) == pytest.approx([0.5, 0.125])


@pytest.mark.parametrize("body", [EVENT, EVENT * 3])
def test_a_text_that_was_changed_is_not_measured(body: bytes) -> None:
    pair = Pair(ClientRequest("1", 0.0, ((0.5, body),)), [entry(CHUNK, CHUNK)])
    assert added(pair, {1: CHUNK * 2}) == []


def test_a_body_that_is_not_known_is_not_measured_by_text() -> None:
    request = ClientRequest("1", 0.0, ((0.5, EVENT),))
    assert added(Pair(request, [entry(CHUNK)]), {}) == []


def test_a_quantile_is_one_of_the_delays() -> None:
    delays = [float(number) for number in range(100)]
    assert (quantile(delays, 0.5), quantile(delays, 0.99)) == (50.0, 99.0)
    assert quantile([3.0], 0.99) == 3.0

"""The queue to a server: what it does when the server is away, slow or gone for good."""

from queue import Queue
from threading import Event

from mlx_relay.sinks.outbox import Outbox

PATIENCE = 30.0


class Server:
    """Takes batches unless it is away; *tries* says that it was asked."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.is_away = is_away
        self.tries: Queue[list[int]] = Queue()
        self.taken: Queue[list[int]] = Queue()
        self.losses: list[int] = []
        self.health: Queue[str | None] = Queue()

    def deliver(self, batch: list[int]) -> None:
        self.tries.put(batch)
        if self.is_away:
            raise ConnectionRefusedError(111, "Connection refused")
        self.taken.put(batch)

    def outbox(self, *, max_items: int = 100, max_bytes: int = 10**6) -> Outbox[int]:
        return Outbox(
            "test",
            self.deliver,
            self.losses.append,
            self.health.put,
            max_items=max_items,
            batch_size=2,
            max_bytes=max_bytes,
            first_retry_seconds=0.01,
        )

    def all_taken(self) -> list[int]:
        return [item for batch in list(self.taken.queue) for item in batch]


def test_everything_is_delivered_in_order_and_in_batches_before_it_closes() -> None:
    server = Server()
    outbox = server.outbox()
    for number in range(5):
        outbox.put(number)
    outbox.close(PATIENCE)
    assert server.all_taken() == [0, 1, 2, 3, 4]
    assert max(len(batch) for batch in list(server.taken.queue)) <= 2
    assert server.losses == []


def test_a_batch_that_failed_goes_again() -> None:
    server = Server(is_away=True)
    outbox = server.outbox()
    outbox.put(1)
    server.tries.get(timeout=PATIENCE)
    server.is_away = False
    assert server.taken.get(timeout=PATIENCE) == [1]
    outbox.close(PATIENCE)
    assert server.losses == []


def test_its_health_says_once_why_the_server_is_away_and_once_that_it_is_back() -> None:
    server = Server(is_away=True)
    outbox = server.outbox()
    outbox.put(1)
    for _ in range(3):
        server.tries.get(timeout=PATIENCE)
    server.is_away = False
    outbox.close(PATIENCE)
    assert list(server.health.queue) == ["Connection refused", None]


def test_a_full_outbox_loses_the_oldest_and_counts_them() -> None:
    server, is_open = Server(), Event()

    def deliver(batch: list[int]) -> None:
        server.tries.put(batch)
        assert is_open.wait(PATIENCE)
        server.deliver(batch)

    outbox = Outbox(
        "test", deliver, server.losses.append, server.health.put, max_items=3, batch_size=1
    )
    outbox.put(0)
    server.tries.get(timeout=PATIENCE)
    for number in range(1, 6):
        outbox.put(number)
    is_open.set()
    outbox.close(PATIENCE)
    assert server.all_taken() == [0, 4, 5]
    assert sum(server.losses) == 3


def test_items_too_large_for_the_outbox_push_out_the_oldest() -> None:
    server = Server(is_away=True)
    outbox = server.outbox(max_bytes=10)
    outbox.put(1, size=8)
    server.tries.get(timeout=PATIENCE)
    outbox.put(2, size=8)
    server.is_away = False
    outbox.close(PATIENCE)
    assert server.all_taken()[-1] == 2
    assert len(server.all_taken()) + sum(server.losses) == 2


def test_what_cannot_be_delivered_before_it_closes_is_counted() -> None:
    server = Server(is_away=True)
    outbox = server.outbox()
    for number in range(5):
        outbox.put(number)
    outbox.close(0.05)
    assert sum(server.losses) == 5
    assert server.all_taken() == []

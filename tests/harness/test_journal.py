from fake_mlx.http1 import Request
from fake_mlx.journal import LARGEST_BODY, MOST_ENTRIES, Journal
from fake_mlx.matching import Question


def request(target: str = "/v1/x?y=1", body: bytes = b"") -> Request:
    return Request("POST", target, "1.1", (("Authorization", "secret"),), body)


def test_an_entry_says_what_came_and_what_became_of_it() -> None:
    journal = Journal()
    body = {"model": "m"}
    entry = journal.open(request(body=b"0123456789"), Question("POST", "/v1/x", body), 100.0)
    entry.total_bytes, entry.total_chunks = 10, 4
    entry.sent(3, 100.5, 77)
    entry.finish("client_left", 101.25)
    assert journal.as_json() == [
        {
            "id": 1,
            "method": "POST",
            "path": "/v1/x?y=1",
            "headers": [("Authorization", "(redacted)")],
            "body": {"model": "m"},
            "body_bytes": 10,
            "model": "m",
            "cassette": None,
            "status": None,
            "faults": [],
            "state": "client_left",
            "started": 100.0,
            "finished": 101.25,
            "client_left_ms": 1250.0,
            "bytes": 3,
            "total_bytes": 10,
            "unsent_bytes": 7,
            "chunks": 1,
            "total_chunks": 4,
            "unsent_chunks": 3,
            "endless": False,
        }
    ]
    stamped = journal.as_json(stamps=True)[0]
    assert stamped["sent_at"] == [100.5]
    assert (stamped["sent_sizes"], stamped["sent_checksums"]) == ([3], [77])


def test_only_a_client_that_left_has_left() -> None:
    journal = Journal()
    entry = journal.open(request(), Question("POST", "/"), 0.0)
    assert journal.as_json()[0]["client_left_ms"] is None
    entry.finish("done", 1.0)
    assert journal.as_json()[0]["client_left_ms"] is None


def test_what_has_no_end_has_no_rest() -> None:
    journal = Journal()
    entry = journal.open(request(), Question("POST", "/"), 0.0)
    entry.endless = True
    entry.sent(100, 1.0)
    (shown,) = journal.as_json()
    assert (shown["unsent_bytes"], shown["unsent_chunks"]) == (None, None)


def test_a_look_at_the_journal_leaves_no_trace() -> None:
    journal = Journal()
    journal.open(request("/_fake/journal"), Question("GET", "/_fake/journal"), 0.0)
    assert journal.as_json() == []


def test_the_oldest_entries_go_first_and_ids_go_on() -> None:
    journal = Journal()
    for _ in range(MOST_ENTRIES + 1):
        journal.open(request(), Question("POST", "/"), 0.0)
    assert [entry["id"] for entry in journal.as_json()[:2]] == [2, 3]
    assert journal.clear() == MOST_ENTRIES
    assert journal.open(request(), Question("POST", "/"), 0.0).id == MOST_ENTRIES + 2


def test_a_large_body_is_only_counted() -> None:
    journal = Journal()
    large = request(body=b"x" * (LARGEST_BODY + 1))
    journal.open(large, Question("POST", "/", {"model": "m"}), 0.0)
    (entry,) = journal.as_json()
    assert (entry["body"], entry["model"]) == (None, "m")
    assert entry["body_bytes"] == LARGEST_BODY + 1


def test_chunks_sent_together_are_noted_as_single_ones_are() -> None:
    one, together = (Journal().open(request(), Question("POST", "/"), 0.0) for _ in range(2))
    for size in (3, 4):
        one.sent(size, 1.0, size)
    together.sent_together((3, 4), 1.0, (3, 4))
    assert one == together

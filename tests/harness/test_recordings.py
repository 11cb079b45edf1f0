import json

import pytest

from fake_mlx.exchange import Cassette
from fake_mlx.http1 import Request
from fake_mlx.recordings import Mode, Recordings
from handmade import chat, handmade


def request(message: str = "Hello!") -> Request:
    body = json.dumps(chat("any", message)).encode()
    return Request("POST", "/v1/chat/completions", "1.1", (), body)


def known(*bodies: bytes) -> dict[str, Cassette]:
    return {f"hello_{n}": handmade(body) for n, body in enumerate(bodies)}


@pytest.mark.parametrize(
    ("mode", "replays", "records"),
    [
        ("none", True, False),
        ("once", True, False),
        ("new", True, True),
        ("all", False, True),
        ("rewrite", False, True),
    ],
)
def test_a_mode_says_what_is_replayed_and_what_recorded(
    mode: Mode, replays: bool, records: bool
) -> None:
    recordings = Recordings(known(b"one"), mode)
    assert (recordings.answer(request()) is not None) == replays
    assert recordings.may_record() == records


def test_once_records_into_an_empty_folder() -> None:
    recordings = Recordings({}, "once")
    assert recordings.answer(request()) is None
    assert recordings.may_record()


def test_exchanges_of_one_request_are_a_sequence_whose_last_stays() -> None:
    recordings = Recordings(known(b"one", b"two"), "none")
    served = [recordings.answer(request()) for _ in range(3)]
    assert [cassette.body for cassette in served if cassette] == [b"one", b"two", b"two"]


def test_another_body_is_another_request() -> None:
    assert Recordings(known(b"one"), "none").answer(request("other")) is None


def test_names_tell_what_was_asked_and_sort_as_they_came() -> None:
    recordings = Recordings({}, "all")
    names = [recordings.name_for(request("What's up, Doc?")) for _ in range(3)]
    assert names == ["what_s_up_doc", "what_s_up_doc_002", "what_s_up_doc_003"]
    assert recordings.name_for(Request("GET", "/v1/models", "1.1", ())) == "models"

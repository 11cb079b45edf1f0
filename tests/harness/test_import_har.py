import json
from typing import Any

import pytest

from fake_mlx.cassette import CassetteError
from fake_mlx.import_har import import_har


def entry(text: str, **content: Any) -> dict[str, Any]:
    return {
        "startedDateTime": "2026-11-20T10:00:00.000Z",
        "request": {
            "method": "POST",
            "url": "http://127.0.0.1:8000/v1/chat/completions?a=1",
            "headers": [{"name": "Authorization", "value": "Bearer x"}],
            "postData": {"mimeType": "application/json", "text": '{"model":"m"}'},
        },
        "response": {
            "status": 200,
            "statusText": "OK",
            "headers": [{"name": "content-type", "value": "text/event-stream"}],
            "content": {"size": 1, "text": text} | content,
        },
    }


def har(*entries: dict[str, Any]) -> bytes:
    return json.dumps({"log": {"version": "1.2", "entries": entries}}).encode()


def test_entries_with_text_become_cassettes() -> None:
    data = har(entry("data: 1\n\n"), entry(""), entry("AA==", encoding="base64"), entry("é"))
    first, second = import_har(data, "page", "x")
    assert (first.header.name, second.header.name) == ("page_001", "page_002")
    assert (first.body, second.body) == (b"data: 1\n\n", "é".encode())
    request = first.header.request
    assert (request.path, request.json) == ("/v1/chat/completions?a=1", {"model": "m"})
    assert request.headers == ()
    assert first.header.recorded_at.year == 2026


@pytest.mark.parametrize("data", [b"no", b"{}", har(), har(entry("")), b"\xff"])
def test_a_file_without_such_an_entry_is_refused(data: bytes) -> None:
    with pytest.raises(CassetteError):
        import_har(data, "page", "x")

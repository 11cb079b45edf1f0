"""Answers are JSON, or nothing."""

from datetime import UTC, datetime

from mlx_relay.web.answers import empty_answer, json_answer


def test_an_answer_is_json_with_its_status() -> None:
    answer = json_answer({"at": datetime(2026, 11, 21, tzinfo=UTC), "text": "é"}, status=201)
    assert answer.status == 201
    assert answer.content_type == "application/json"
    assert answer.body == '{"at":"2026-11-21T00:00:00Z","text":"é"}'.encode()


def test_an_empty_answer_has_no_body() -> None:
    assert (empty_answer().status, empty_answer().body) == (204, None)

from fake_mlx.redaction import (
    kept_of_request,
    kept_of_response,
    shown_in_journal,
    without_machine_paths,
)


def test_request_headers_are_kept_only_from_a_list() -> None:
    headers = [("Authorization", "Bearer x"), ("Accept", "a"), ("X-New", "y"), ("Host", "h")]
    assert kept_of_request(headers) == ([("Accept", "a")], ["authorization", "x-new", "host"])


def test_response_headers_that_name_somebody_are_dropped() -> None:
    headers = [("Set-Cookie", "a"), ("X-Request-ID", "b"), ("request-id", "c"), ("date", "d")]
    kept, dropped = kept_of_response(headers)
    assert kept == [("date", "d")]
    assert dropped == ["set-cookie", "x-request-id", "request-id"]


def test_the_journal_shows_the_names_of_all_headers_and_the_values_of_some() -> None:
    headers = [("Authorization", "Bearer x"), ("Content-Type", "application/json")]
    assert shown_in_journal(headers) == [
        ("Authorization", "(redacted)"),
        ("Content-Type", "application/json"),
    ]


def test_a_machines_paths_give_way_to_a_text_of_the_same_length() -> None:
    body = {"model": "/home/me/models/tiny", "n": 1, "list": ["see /tmp/a.b, or /usr/bin"]}
    cleaned = without_machine_paths(body)
    assert cleaned["model"] == "redacted-redacted-re"
    assert cleaned["list"] == ["see redacted, or /usr/bin"]
    assert cleaned["n"] == 1

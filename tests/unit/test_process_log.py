"""The process log: JSON lines, ASCII, and nothing of what a library quotes."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import example, given
from hypothesis import strategies as st

from mlx_relay.process_log import configure_process_log

NAUGHTY = Path(__file__).parents[2] / "../shared/data/naughty_strings.json"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handlers = logging.root.handlers[:]
    configure_process_log(stream)
    yield stream
    logging.root.handlers[:] = handlers
    structlog.reset_defaults()


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_a_record_is_one_ascii_line_with_time_and_level(log: io.StringIO) -> None:
    structlog.get_logger().info("login", who="a\u2028d\x9ba\nx")
    (line,) = lines(log)
    assert (line["event"], line["level"], line["who"]) == ("login", "info", "a\u2028d\x9ba\nx")
    assert line["ts"].endswith("Z")
    assert log.getvalue().isascii()


@example({"undecodable": "\udcff"})
@given(st.dictionaries(st.text(min_size=1), st.text(), max_size=6))
def test_any_text_is_one_ascii_line(fields: dict[str, str]) -> None:
    said = {f"x_{name}": text for name, text in fields.items()}
    assert lines_for(said) == [said]


@pytest.mark.skipif(not NAUGHTY.is_file(), reason="the shared test data is not here")
def test_each_naughty_string_is_one_ascii_line() -> None:
    for text in json.loads(NAUGHTY.read_text()):
        said = dict.fromkeys(("path", "user", "method", "address", "model", "reason"), text)
        assert lines_for(said) == [said]


def lines_for(fields: dict[str, str]) -> list[dict[str, Any]]:
    """Return what the log says of *fields*, beside what it adds itself."""
    stream = io.StringIO()
    handlers = logging.root.handlers[:]
    configure_process_log(stream)
    structlog.get_logger().info("request", **fields)
    logging.root.handlers[:] = handlers
    structlog.reset_defaults()
    assert stream.getvalue().isascii()
    ours = ("event", "level", "ts")
    return [
        {name: value for name, value in line.items() if name not in ours} for line in lines(stream)
    ]


def test_records_of_a_request_have_its_id(log: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(request_id="abc"):
        structlog.get_logger().info("auth_failed")
    structlog.get_logger().info("later")
    first, second = lines(log)
    assert (first["request_id"], "request_id" in second) == ("abc", False)


def test_a_traceback_is_part_of_its_line(log: io.StringIO) -> None:
    try:
        raise RuntimeError("boom")
    except RuntimeError:
        structlog.get_logger().exception("failed")
    (line,) = lines(log)
    (exception,) = line["exception"]
    assert exception["exc_type"] == "RuntimeError"
    assert exception["frames"][-1]["name"] == "test_a_traceback_is_part_of_its_line"


def test_of_an_exception_nothing_it_says_is_kept(log: io.StringIO) -> None:
    secret = "correct-" + "horse"
    try:
        try:
            raise KeyError(secret)
        except KeyError as error:
            error.add_note(secret)
            raise ExceptionGroup(secret, [ValueError(secret), OSError(secret)]) from error
    except ExceptionGroup:
        structlog.get_logger().exception("failed")
    (line,) = lines(log)
    assert [each["exc_type"] for each in line["exception"]] == ["ExceptionGroup", "KeyError"]
    parts = line["exception"][0]["parts"]
    assert [part["exc_type"] for part in parts] == ["ValueError", "OSError"]
    assert secret not in log.getvalue()


def test_of_a_librarys_record_only_logger_and_error_are_kept(log: io.StringIO) -> None:
    try:
        raise ValueError("Authorization: Bearer secret")
    except ValueError:
        logging.getLogger("aiohttp.server").exception("bad header %s", "Bearer secret")
    (line,) = lines(log)
    assert (line["logger"], line["error"], line["level"]) == (
        "aiohttp.server",
        "ValueError",
        "error",
    )
    assert "secret" not in log.getvalue()


def test_what_a_library_says_below_a_warning_is_not_kept(log: io.StringIO) -> None:
    logging.getLogger("aiohttp.access").info("GET /?token=secret")
    assert log.getvalue() == ""

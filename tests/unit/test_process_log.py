"""The process log: JSON lines, ASCII, and nothing of what a library quotes."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from mlx_relay.process_log import configure_process_log


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


def test_a_traceback_is_part_of_its_line(log: io.StringIO) -> None:
    try:
        raise RuntimeError("boom")
    except RuntimeError:
        structlog.get_logger().exception("failed")
    (line,) = lines(log)
    assert line["exception"][0]["exc_type"] == "RuntimeError"


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

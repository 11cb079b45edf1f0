"""What the process says of itself: one JSON object a line, ASCII, on stderr.

Our own records (structlog) and those of libraries (logging) come out alike. Of a library's record
only the logger and the kind of error are kept, and of an exception its kind and where it was:
the text of either may quote a request, a header or a URL.
"""

import logging
import sys
from typing import Any, TextIO

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import ExcInfo


def configure_process_log(stream: TextIO = sys.stderr) -> None:
    """Send every record of this process to *stream*."""
    structlog.configure(
        processors=[
            # Whose request it was: its id and the client's address.
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
            structlog.processors.ExceptionRenderer(_describe_exception),
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[LibraryHandler()], level=logging.WARNING, force=True)


_tracebacks = ExceptionDictTransformer(show_locals=False)


def _describe_exception(exc_info: ExcInfo) -> list[dict[str, Any]]:
    return [_without_words(exception) for exception in _tracebacks(exc_info)]


def _without_words(exception: dict[str, Any]) -> dict[str, Any]:
    parts = [_without_words(part) for group in exception["exceptions"] for part in group]
    return {name: exception[name] for name in ("exc_type", "is_cause", "frames")} | {"parts": parts}


class LibraryHandler(logging.Handler):
    """Takes the records of libraries, without their text."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0] if record.exc_info else None
        structlog.get_logger().log(
            record.levelno,
            "library_record",
            logger=record.name,
            where=f"{record.module}:{record.lineno}",
            error=error.__name__ if error else None,
        )

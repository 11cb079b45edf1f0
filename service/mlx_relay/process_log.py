"""What the process says of itself: one JSON object a line, ASCII, on stderr.

Our own records (structlog) and those of libraries (logging) come out alike. Of a library's record
only the logger and the kind of error are kept: its text may quote a request, a header or a URL.
"""

import logging
import sys
from typing import TextIO

import structlog
from structlog.tracebacks import ExceptionDictTransformer


def configure_process_log(stream: TextIO = sys.stderr) -> None:
    """Send every record of this process to *stream*."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[LibraryHandler()], level=logging.WARNING, force=True)


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

"""What can go wrong, each with the code of the wire contract.

RelayError                      code, HTTP status
├── RequestError                refused before the stream opens: an HTTP status and a JSON body
│   ├── BadRequest              400 bad_request
│   ├── InvalidJson             400 invalid_json
│   ├── Unauthorized            401 unauthorized
│   ├── Forbidden               403 forbidden
│   ├── NotFound                404 not_found
│   │   └── ProfileNotFound     404 profile_not_found
│   ├── MethodNotAllowed        405 method_not_allowed
│   ├── RequestTimeout          408 request_timeout
│   ├── Conflict                409 conflict
│   ├── Gone                    410 gone
│   ├── TooLarge                413 too_large
│   ├── UnsupportedMediaType    415 unsupported_media_type
│   ├── Misdirected             421 misdirected
│   ├── InvalidRequest          422 invalid_request
│   ├── RateLimited             429 rate_limited, Retry-After
│   ├── HeadTooLarge            431 head_too_large
│   ├── NotSupported            501 not_supported
│   ├── Unavailable             503 unavailable
│   └── VersionNotSupported     505 version_not_supported
├── StreamError                 ends an open stream: an ``error`` event
├── ConfigurationError          a setting or a file keeps the process from starting: exit code 78
└── CannotListen                the address is taken or not ours: exit code 1

A StreamError is one class, because all of them have one reaction: they become the
terminal ``error`` event. What differs is data, and stands in the table of codes.
"""

from dataclasses import dataclass
from typing import ClassVar


class RelayError(Exception):
    """The base of every error that mlx-relay raises on purpose."""

    code: str = "internal"
    status: ClassVar[int] = 500


class RequestError(RelayError):
    """A request that is refused; *message* is a sentence for the caller."""

    sentence: ClassVar[str] = "Something went wrong."

    def __init__(self, message: str = "") -> None:
        self.message = message or self.sentence
        super().__init__(self.message)


class BadRequest(RequestError):
    """What came is no HTTP, or HTTP that two servers may read differently."""

    code = "bad_request"
    status = 400
    sentence = "This is not a well-formed HTTP request."


class InvalidJson(RequestError):
    code = "invalid_json"
    status = 400
    sentence = "The request body is not valid JSON."


class Unauthorized(RequestError):
    """No credentials, or bad ones. *reason* is for the log only, from a closed set."""

    code = "unauthorized"
    status = 401
    sentence = "Sign in first."

    def __init__(self, message: str = "", *, reason: str = "missing") -> None:
        super().__init__(message)
        self.reason = reason


class Forbidden(RequestError):
    code = "forbidden"
    status = 403
    sentence = "You may not do this."


class NotFound(RequestError):
    code = "not_found"
    status = 404
    sentence = "There is nothing here."


class ProfileNotFound(NotFound):
    code = "profile_not_found"
    sentence = "There is no such profile."


class MethodNotAllowed(RequestError):
    code = "method_not_allowed"
    status = 405
    sentence = "This address does not take that method."


class RequestTimeout(RequestError):
    code = "request_timeout"
    status = 408
    sentence = "The request body did not arrive in time."


class Conflict(RequestError):
    code = "conflict"
    status = 409
    sentence = "Something with this name exists already."


class Gone(RequestError):
    """What was asked for was here, and is not kept any more."""

    code = "gone"
    status = 410
    sentence = "The beginning of this stream is not kept any more."


class TooLarge(RequestError):
    code = "too_large"
    status = 413
    sentence = "The request body is too large."


class UnsupportedMediaType(RequestError):
    code = "unsupported_media_type"
    status = 415
    sentence = "Send the body as application/json, without a content encoding."


class Misdirected(RequestError):
    code = "misdirected"
    status = 421
    sentence = "This server does not answer to that name: see the setting allowed_hosts."


class InvalidRequest(RequestError):
    """A well-formed request with a wrong field; *message* names it and says why."""

    code = "invalid_request"
    status = 422
    sentence = "The request is not valid."


class RateLimited(RequestError):
    """Too many tries; try again in *retry_after* seconds."""

    code = "rate_limited"
    status = 429
    sentence = "Too many requests. Try again later."

    def __init__(self, message: str = "", *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class HeadTooLarge(RequestError):
    code = "head_too_large"
    status = 431
    sentence = "The request's line or its headers are too large."


class NotSupported(RequestError):
    """A part of HTTP that this server does not speak."""

    code = "not_supported"
    status = 501
    sentence = "This server does not support that method or transfer encoding."


class Unavailable(RequestError):
    code = "unavailable"
    status = 503
    sentence = "The server cannot take this request now. Try again in a moment."


class VersionNotSupported(RequestError):
    code = "version_not_supported"
    status = 505
    sentence = "This server speaks HTTP/1.1."


class ConfigurationError(RelayError):
    """A setting or a file that keeps the process from starting."""

    code = "configuration"


class CannotListen(RelayError):
    """The address to listen on is taken, or is not one of this host's."""

    code = "cannot_listen"


@dataclass(frozen=True)
class Failure:
    """What a code of the ``error`` event says to a person, and whether a retry may help."""

    sentence: str
    retryable: bool


FAILURES: dict[str, Failure] = {
    "upstream_unreachable": Failure("Failed to connect to MLX server. Is it running?", True),
    "upstream_timeout": Failure(
        "Request timed out. The model may be processing a complex request.", True
    ),
    "upstream_rejected": Failure("The MLX server refused the request (HTTP {status}).", False),
    "upstream_busy": Failure("The MLX server is at capacity. Try again shortly.", True),
    "upstream_error": Failure("The MLX server reported an error.", True),
    "upstream_truncated": Failure("The MLX server stopped before the answer was complete.", True),
    "upstream_protocol": Failure("The MLX server sent something that is not a chat stream.", False),
    "shutting_down": Failure("The server is restarting. Try again in a moment.", True),
    "session_revoked": Failure("You have been signed out.", False),
    "stopped": Failure("The answer was stopped before it was complete.", True),
    "too_slow": Failure("The connection could not keep up with the answer.", True),
    "limit_exceeded": Failure("The answer exceeded a limit of this server.", False),
    "internal": Failure("Something went wrong in the relay.", True),
}
"""The codes of the ``error`` event (protocol, section "The chat stream")."""


class StreamError(RelayError):
    """A failure after the stream opened.

    *code* is a key of ``FAILURES``. *cause* is the finer reason from a closed set (``refused``,
    ``idle``, ``in_band``, ...): a metric label, and the event's ``detail``. *upstream_status* is
    the HTTP status the upstream gave, if it gave one.
    """

    def __init__(self, code: str, cause: str, *, upstream_status: int | None = None) -> None:
        super().__init__(f"{code}/{cause}")
        self.code = code
        self.cause = cause
        self.upstream_status = upstream_status

    @property
    def sentence(self) -> str:
        return FAILURES[self.code].sentence.format(status=self.upstream_status)

    @property
    def retryable(self) -> bool:
        return FAILURES[self.code].retryable

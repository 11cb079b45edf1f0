"""What the doctor says: one thing that was looked at, whether it is well, and what to do."""

from typing import Literal, TypeAlias

import msgspec

Check: TypeAlias = Literal[
    "settings", "program", "files", "disk", "port", "database", "users", "redis", "upstream", "sink"
]


class Finding(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One line. *cure* says what to do; where it stands, something is not well."""

    check: Check
    ok: bool
    text: str
    cure: str | None = None


def well(check: Check, text: str) -> Finding:
    return Finding(check=check, ok=True, text=text)


def ill(check: Check, text: str, cure: str) -> Finding:
    return Finding(check=check, ok=False, text=text, cure=cure)


def from_error(check: Check, error: Exception, cure: str) -> Finding:
    """Return a finding of an error of ours, whose words are a sentence."""
    return ill(check, str(error), cure)

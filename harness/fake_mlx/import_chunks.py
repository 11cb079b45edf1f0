"""Lines of one JSON chunk each in, without framing and ``[DONE]``; a cassette out that has both."""

from fake_mlx.cassette import CassetteError
from fake_mlx.exchange import Cassette
from fake_mlx.import_common import cassette_of
from fake_mlx.sse_text import parsed

_DONE = b"data: [DONE]\n\n"


def import_chunks(data: bytes, name: str, where: str) -> list[Cassette]:
    """Return the one cassette of *data*; raises CassetteError."""
    body = b""
    for number, line in enumerate(data.split(b"\n"), 1):
        chunk = line.strip()
        if chunk and not parsed(chunk.decode("utf-8", "replace")):
            raise CassetteError(where, number, "a line is one JSON chunk")
        body += b"data: " + chunk + b"\n\n" if chunk else b""
    return [cassette_of(name, where, body + _DONE, kind="lines of chunks")]

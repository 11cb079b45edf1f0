"""A raw stream of server-sent events in, as ``curl -N`` writes it; a cassette out."""

from fake_mlx.exchange import Cassette
from fake_mlx.import_common import cassette_of


def import_sse(data: bytes, name: str, where: str) -> list[Cassette]:
    """Return the one cassette of *data*, byte for byte; raises CassetteError."""
    return [cassette_of(name, where, data, kind="raw SSE")]

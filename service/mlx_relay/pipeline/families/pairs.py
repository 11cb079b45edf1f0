"""A pair of markers in; a family that treats it as ``think`` treats its tags, out."""

from mlx_relay.pipeline.markers import Family, Marker


def between(opening: str, closing: str) -> Family:
    """Return a family without a name whose reasoning stands between *opening* and *closing*."""
    return Family(
        text=(Marker(opening, to="thinking", where="outside_code"),),
        thinking=(
            Marker(closing, to="text"),
            Marker(opening, to="thinking", where="leading"),
        ),
        field=(Marker(opening, to="field", where="first"),),
    )

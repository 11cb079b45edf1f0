"""Other APIs' words for our streams: their requests in; the same relay; their chunks out.

A dialect is one file with its handlers, its ``Encoder`` and its form of errors. A line here gives
what goes wrong below its addresses that form; the addresses are on the page of routes.
"""

from mlx_relay.web.dialects import openai
from mlx_relay.web.errors import ErrorForm

__all__ = ["DIALECTS"]

DIALECTS: dict[str, ErrorForm] = {
    "/v1/": openai.describe_error,
}
"""The form of errors below each address."""

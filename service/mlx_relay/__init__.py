"""mlx-relay: an authenticated streaming relay for chat with MLX language models.

bytes -> SSE messages -> chunks -> deltas -> events -> sinks

- *upstream*: the MLX server that a profile names; it gives bytes.
- *pipeline*: pure stages that turn those bytes into typed events.
- *event*: what happened in a stream; the class is the wire format.
- *sink*: takes batches of events (the client's SSE response, a log, metrics).
- *relay*: the one loop that joins them and owns cancellation and deadlines.
"""

__version__ = "0.1.0"

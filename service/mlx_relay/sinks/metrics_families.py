"""A registry in; every metric of the metrics sink, registered there, out.

Names, units and meaning are those of OpenTelemetry's conventions for generative AI where these
have one (``gen_ai.server.time_to_first_token`` is ``gen_ai_server_time_to_first_token_seconds``),
else ``mlx_relay_*``. Left out of its attributes: the model, because a profile's may be a path on
this machine, and ``error.type``, which multiplies a histogram by every code there is.

Gauges are summed over the worker processes that live. The ``process_*`` metrics are there on Linux,
where one process serves.
"""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from mlx_relay import __version__
from mlx_relay.sinks.histograms import TalliedHistogram

OPERATION = "chat"
PROVIDER = "mlx"

GAP_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 120.0)

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 600, 1800)
_RELEASE_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
# These two are the boundaries that the conventions name, the second without its last three.
_SECONDS_PER_TOKEN = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5)
_TOKENS = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576)
_TOKENS_PER_SECOND = (1, 2, 5, 10, 15, 20, 30, 40, 60, 80, 120, 160, 240, 400)

_PROFILE = ("profile",)
_GEN_AI = ("gen_ai_operation_name", "gen_ai_provider_name", "profile")


class MetricFamilies:
    """The metrics of this process, in *registry*."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._count_streams()
        self._time_streams()
        self._time_tokens()
        build = Gauge(
            "mlx_relay_build_info",
            "1, with the version that runs.",
            ("version",),
            registry=registry,
            multiprocess_mode="livemax",
        )
        build.labels(__version__).set(1)
        ProcessCollector(registry=registry)

    def _count_streams(self) -> None:
        self.streams = Counter(
            "mlx_relay_streams",
            "Streams that ended, by outcome: done, error or client_gone.",
            ("profile", "outcome"),
            registry=self._registry,
        )
        self.errors = Counter(
            "mlx_relay_stream_errors",
            "Streams that ended in an error event, by its code and its finer cause.",
            ("profile", "code", "cause"),
            registry=self._registry,
        )
        self.active = self._gauge(
            "mlx_relay_active_streams", "Streams that are open now, those that queue too."
        )
        self.queued = self._gauge(
            "mlx_relay_queued_streams", "Streams that wait for their turn at the upstream."
        )

    def _time_streams(self) -> None:
        self.duration = self._histogram(
            "gen_ai_server_request_duration_seconds",
            "From the request to the end of its stream, however it ended.",
            _SECONDS,
            _GEN_AI,
        )
        self.first_event = self._histogram(
            "gen_ai_server_time_to_first_token_seconds",
            "From the request to the first thinking, text or call.",
            _SECONDS,
            _GEN_AI,
        )
        self.first_answer = self._histogram(
            "mlx_relay_time_to_first_answer_seconds",
            "From the request to the first text or call: after the thinking.",
            _SECONDS,
        )
        self.thinking = self._histogram(
            "mlx_relay_thinking_seconds", "All reasoning blocks of a stream together.", _SECONDS
        )
        self.upstream_release = self._histogram(
            "mlx_relay_upstream_release_seconds",
            "From a client's leaving to the end of the connection to its upstream.",
            _RELEASE_SECONDS,
        )

    def _time_tokens(self) -> None:
        self.gap = TalliedHistogram(
            "gen_ai_client_operation_time_per_output_chunk_seconds",
            "Between two reads from the upstream that brought thinking, text or calls.",
            _GEN_AI,
            buckets=GAP_BOUNDS,
            registry=self._registry,
        )
        self.seconds_per_token = self._histogram(
            "gen_ai_server_time_per_output_token_seconds",
            "After the first token, for streams that are done and whose upstream counts tokens.",
            _SECONDS_PER_TOKEN,
            _GEN_AI,
        )
        self.tokens_per_second = self._histogram(
            "mlx_relay_tokens_per_second",
            "The same, the other way round.",
            _TOKENS_PER_SECOND,
        )
        self.tokens = self._histogram(
            "gen_ai_client_token_usage",
            "Tokens of a stream as its upstream reported them: input or output.",
            _TOKENS,
            (*_GEN_AI, "gen_ai_token_type"),
        )
        self.reasoning_tokens = Counter(
            "mlx_relay_reasoning_tokens",
            "Those of the output tokens that were reasoning, where the upstream says so.",
            _PROFILE,
            registry=self._registry,
        )

    def _gauge(self, name: str, meaning: str) -> Gauge:
        return Gauge(name, meaning, _PROFILE, registry=self._registry, multiprocess_mode="livesum")

    def _histogram(
        self,
        name: str,
        meaning: str,
        bounds: Sequence[float],
        labels: Sequence[str] = _PROFILE,
    ) -> Histogram:
        return Histogram(name, meaning, labels, buckets=bounds, registry=self._registry)

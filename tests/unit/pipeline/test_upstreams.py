"""What each server puts on the wire, as whole streams: a good one and one that fails."""

import json
from typing import Any

import pytest

from laws import merged, play
from mlx_relay.errors import StreamError
from mlx_relay.events import (
    Done,
    Error,
    Event,
    FinishReason,
    Response,
    Thinking,
    ThinkingDone,
    ToolCall,
    Usage,
    UsageCounts,
)

DONE = b"data: [DONE]\n\n"
COUNTS = {"prompt_tokens": 3, "total_tokens": 8, "completion_tokens": 5}


def wire(*chunks: Any, ascii_only: bool = True, compact: bool = False) -> bytes:
    separators = (",", ":") if compact else None
    return b"".join(
        b"data: %b\n\n" % json.dumps(chunk, ensure_ascii=ascii_only, separators=separators).encode()
        for chunk in chunks
    )


def one(delta: Any, **fields: Any) -> dict[str, Any]:
    return {"id": "c", "choices": [{"delta": delta, "index": 0, **fields}], "model": "m"}


def good(
    *events: Event, reason: FinishReason = "stop", counts: dict[str, int] | None = None
) -> list[Event]:
    if counts is None:
        return [*events, Done(reason)]
    return [*events, Usage(**counts), Done(reason, UsageCounts(**counts))]


def bad(code: str, cause: str, *events: Event) -> list[Event]:
    return [*events, Error.from_failure(StreamError(code, cause))]


WHY = [Thinking("Okay"), ThinkingDone(0.0)]
ANSWER = [*WHY, Response("wörld 👋")]
PARTIAL = Response("par")
NULLS = {"content": None, "function_call": None, "refusal": None, "tool_calls": None}
VLM_NULLS = {"tool_calls": None, "tool_call_id": None, "name": None}
VLM = {"object": "chat.completion.chunk", "usage": None, "timings": {"predicted_per_second": 41.2}}


def vlm(text: str | None, reasoning: str | None, finish: str | None = None) -> dict[str, Any]:
    fields = {"content": text, "reasoning_content": reasoning, "reasoning": reasoning, **VLM_NULLS}
    delta = {"role": "assistant", **fields}
    return {**VLM, "choices": [{"index": 0, "finish_reason": finish, "delta": delta}]}


SERVERS: dict[str, tuple[bytes, list[Event]]] = {
    "mlx-openai-server 1.8": (
        wire(
            one({"role": "assistant"}),
            one({"role": "assistant", "reasoning_content": "Okay"}),
            one({"role": "assistant", "reasoning_content": ""}),
            one({"content": "wörld 👋", "role": "assistant"}),
            {**one({}, finish_reason="stop"), "usage": {**COUNTS, "prompt_tokens_details": {}}},
        )
        + DONE,
        good(*ANSWER, counts=COUNTS),
    ),
    "mlx-openai-server 1.8 with calls": (
        wire(
            one(
                {
                    "role": "assistant",
                    "tool_calls": [
                        {
                            "index": 0,
                            "id": "call_1",
                            "function": {"arguments": '{"city": "Rome"}', "name": "get_weather"},
                            "type": "function",
                        }
                    ],
                }
            ),
            {**one({}, finish_reason="tool_calls"), "usage": COUNTS},
        )
        + DONE,
        good(
            ToolCall(0, "call_1", "get_weather", '{"city": "Rome"}'),
            reason="tool_calls",
            counts=COUNTS,
        ),
    ),
    "mlx-openai-server fails": (
        wire(
            one({"content": "par"}),
            {"error": {"message": "", "type": "server_error", "param": None, "code": "500"}},
            one({}, finish_reason="stop"),
        )
        + DONE,
        bad("upstream_error", "in_band", PARTIAL),
    ),
    "mlx-openai-server is full": (
        wire(
            one({"role": "assistant"}),
            {"error": {"message": "full", "type": "rate_limit_exceeded", "code": "429"}},
            one({}, finish_reason="stop"),
        )
        + DONE,
        bad("upstream_busy", "in_band"),
    ),
    "mlx-openai-server 1.5": (
        wire(
            {
                **one({**NULLS, "role": "assistant", "reasoning_content": "Okay"}),
                "usage": None,
                "request_id": None,
            },
            one({**NULLS, "content": "wörld 👋", "reasoning_content": None}, finish_reason=None),
            {**one({**NULLS, "role": None}, finish_reason="stop"), "usage": COUNTS},
        )
        + DONE,
        good(*ANSWER, counts=COUNTS),
    ),
    "mlx_lm.server": (
        b": keepalive 2048/4999\n\n: keepalive 4999/4999\n\n"
        + wire(
            one({"role": "assistant", "reasoning": "Okay"}, finish_reason=None),
            one({"role": "assistant", "content": "wörld 👋"}, finish_reason=None),
            one({"role": "assistant"}, finish_reason="length"),
            {"object": "chat.completion", "choices": [], "usage": COUNTS},
        )
        + DONE,
        good(*ANSWER, reason="length", counts=COUNTS),
    ),
    "mlx_lm.server with the last text in the finish chunk": (
        wire(one({"role": "assistant", "content": "wörld 👋"}, finish_reason="stop")) + DONE,
        good(ANSWER[-1]),
    ),
    "mlx_lm.server without options for usage": (
        wire(one({"content": "par"}), one({}, finish_reason="stop")),
        good(PARTIAL),
    ),
    "mlx_lm.server dies": (
        wire(one({"role": "assistant", "reasoning": "Okay"}), one({"content": "par"})),
        bad("upstream_truncated", "truncated", *WHY, PARTIAL),
    ),
    "mlx_lm.server 0.30": (
        wire(
            one({"role": "assistant", "reasoning": "Okay", "content": "", "tool_calls": []}),
            one({"role": "assistant", "reasoning": "", "content": "wörld 👋", "tool_calls": []}),
            one({"reasoning": "", "content": "", "tool_calls": []}, finish_reason="stop"),
        )
        + DONE,
        good(*ANSWER),
    ),
    "mlx-vlm": (
        wire(
            vlm(None, "Okay"),
            vlm("wörld\u2028👋", None),
            vlm(None, None, "stop"),
            {"choices": [], "usage": COUNTS, "timings": {}},
            ascii_only=False,
            compact=True,
        )
        + DONE,
        good(*WHY, Response("wörld\u2028👋"), counts=COUNTS),
    ),
    "mlx-vlm fails": (
        wire(vlm("par", None), {"error": "Expecting ',' delimiter"}),
        bad("upstream_error", "in_band", PARTIAL),
    ),
    "vllm-mlx": (
        b": heartbeat\n\n"
        + wire(
            one({"role": "assistant"}, finish_reason=None),
            {**one({"reasoning_content": "Okay"}, finish_reason=None), "usage": None},
            {**one({"content": "wörld 👋"}, finish_reason=None), "usage": None},
            {**one({}, finish_reason="stop"), "usage": COUNTS},
            {"choices": [], "usage": COUNTS},
            ascii_only=False,
            compact=True,
        )
        + DONE,
        good(*ANSWER, counts=COUNTS),
    ),
    "vllm-mlx fails": (
        wire(one({"content": "par"})) + DONE,
        bad("upstream_truncated", "truncated", PARTIAL),
    ),
    "mlx-manager": (
        (
            wire(
                one({"role": "assistant", "content": ""}, finish_reason=None),
                one({"reasoning_content": "Okay"}, finish_reason=None),
            )
            + b": ping - 2026-11-21 10:00:00\n\n"
            + wire(one({"content": "wörld 👋"}), one({}, finish_reason="stop"))
            + DONE
        ).replace(b"\n", b"\r\n"),
        good(*ANSWER),
    ),
    "mlx-manager with calls in the finish chunk": (
        wire(
            one(
                {"tool_calls": [{"id": "x", "function": {"name": "f", "arguments": "{}"}}]},
                finish_reason="tool_calls",
            )
        )
        + DONE,
        good(ToolCall(0, "x", "f", "{}"), reason="tool_calls"),
    ),
    "mlx-manager fails": (
        wire(one({"content": "par"})).replace(b"\n", b"\r\n")
        + b'event: error\r\ndata: {"error":{"type":"about:blank","message":"boom"}}\r\n\r\n',
        bad("upstream_error", "in_band", PARTIAL),
    ),
    "Ollama": (
        wire(
            one({"role": "assistant", "content": "", "reasoning": "Ok"}),
            one({"content": "", "reasoning": "ay"}),
            one({"content": "wörld 👋"}),
            one({"content": ""}, finish_reason="stop"),
            {"choices": [], "usage": COUNTS},
            ascii_only=False,
            compact=True,
        )
        + DONE,
        good(*ANSWER, counts=COUNTS),
    ),
    "Ollama escapes its tags": (
        b'data: {"choices":[{"delta":{"content":"\\u003cthink\\u003eOkay\\u003c/think\\u003e4"},'
        b'"finish_reason":"stop"}]}\n\n' + DONE,
        good(*WHY, Response("4")),
    ),
    "Ollama fails": (
        wire(one({"content": "par"}), one({"content": ""})),
        bad("upstream_truncated", "truncated", PARTIAL),
    ),
    "llama.cpp": (
        b":\n\n"
        + wire(
            one({"role": "assistant", "content": None}, finish_reason=None),
            {**one({}), "prompt_progress": {"total": 9, "processed": 4}},
            one({"reasoning_content": "Okay"}, finish_reason=None),
            one({"content": "wörld 👋"}, finish_reason=None),
            one({}, finish_reason="stop"),
            {"choices": [], "usage": COUNTS, "timings": {}},
        )
        + DONE,
        good(*ANSWER, counts=COUNTS),
    ),
    "llama.cpp fails": (
        wire(
            one({"content": "par"}),
            {"error": {"code": 500, "message": "x", "type": "server_error"}},
        ),
        bad("upstream_error", "in_band", PARTIAL),
    ),
    "llama.cpp fails the old way": (
        wire(one({"content": "par"})) + b'error: {"code":500,"message":"x"}\n\n',
        bad("upstream_error", "in_band", PARTIAL),
    ),
    "vLLM with usage on every chunk": (
        wire(
            {**one({"role": "assistant", "content": ""}), "usage": {"prompt_tokens": 3}},
            {**one({"reasoning": "Okay"}), "usage": {"prompt_tokens": 3, "completion_tokens": 1}},
            {**one({"content": "wörld 👋"}), "usage": {**COUNTS, "completion_tokens": 4}},
            {**one({"content": ""}, finish_reason="stop"), "usage": COUNTS},
        )
        + DONE,
        good(*ANSWER, counts=COUNTS),
    ),
    "vLLM fails": (
        wire(
            one({"content": "par"}),
            {"error": {"message": "x", "type": "x", "param": None, "code": 400}},
        )
        + DONE,
        bad("upstream_error", "in_band", PARTIAL),
    ),
    "vLLM fails the old way": (
        wire(one({"content": "par"}), {"object": "error", "message": "x", "code": 400}) + DONE,
        bad("upstream_error", "in_band", PARTIAL),
    ),
    "SGLang": (
        wire(
            one({"role": "assistant", "content": "", "reasoning_content": None}),
            one({"content": None, "reasoning_content": "Okay"}),
            one({"content": "wörld 👋", "reasoning_content": None}),
            one({"content": None}, finish_reason="stop", matched_stop=151645),
        )
        + DONE,
        good(*ANSWER),
    ),
    "LM Studio fails": (
        wire({"error": {"message": "Model unloaded"}}),
        bad("upstream_error", "in_band"),
    ),
    "oMLX keeps alive with empty deltas": (
        wire(one({}), one({}), one({"reasoning_content": "Okay"}), one({}))
        + wire(one({"content": "wörld 👋"}), one({}, finish_reason="stop"))
        + DONE,
        good(*ANSWER),
    ),
    "llama-swap tells of its loading": (
        wire(
            one({"reasoning_content": "loading"}),
            one({"role": "assistant", "content": None}),
            one({"content": "4"}),
            one({}, finish_reason="stop"),
        )
        + DONE,
        good(Thinking("loading"), ThinkingDone(0.0), Response("4")),
    ),
    "Mistral": (
        wire(
            one(
                {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Okay"}]}]}
            ),
            one({"content": [{"type": "text", "text": "wörld "}]}),
            one({"content": "👋"}),
            one(
                {
                    "tool_calls": [
                        {"id": "a", "function": {"name": "f", "arguments": "{}"}},
                        {"id": "b", "function": {"name": "g", "arguments": "{}"}},
                    ]
                },
                finish_reason="tool_calls",
            ),
        )
        + DONE,
        good(
            *ANSWER, ToolCall(0, "a", "f", "{}"), ToolCall(1, "b", "g", "{}"), reason="tool_calls"
        ),
    ),
    "OpenRouter finishes twice": (
        b": OPENROUTER PROCESSING\n\n"
        + wire(
            one({"reasoning": "Okay", "reasoning_details": [{"text": "Okay"}]}),
            one({"content": "wörld 👋"}),
            one({}, finish_reason="stop"),
            {**one({}, finish_reason="stop"), "usage": COUNTS},
        )
        + DONE,
        good(*ANSWER, counts=COUNTS),
    ),
    "Snowflake has no finish reason": (
        wire(one({"content": "wörld 👋"}), {"choices": [], "usage": COUNTS}) + DONE,
        good(ANSWER[-1], reason="unknown", counts=COUNTS),
    ),
    "Azure begins without choices": (
        wire({"choices": [], "prompt_filter_results": []}, one({"content": "par"}))
        + wire(one({}, finish_reason="content_filter"))
        + DONE,
        good(PARTIAL, reason="unknown"),
    ),
    "DeepSeek sends arguments in pieces": (
        wire(
            one({"role": "assistant", "content": None, "reasoning_content": ""}),
            one({"tool_calls": [{"index": 0, "id": "x", "function": {"name": "f"}}]}),
            one({"tool_calls": [{"index": 0, "function": {"arguments": '{"a"'}}]}),
            one({"tool_calls": [{"index": 0, "function": {"arguments": ": 1}"}}]}),
            {**one({"content": ""}, finish_reason="tool_calls"), "usage": COUNTS},
        )
        + DONE,
        good(ToolCall(0, "x", "f", '{"a": 1}'), reason="tool_calls", counts=COUNTS),
    ),
}


@pytest.mark.parametrize("server", SERVERS)
def test_the_stream_of_this_server_is_read(server: str) -> None:
    stream, events = SERVERS[server]
    assert merged(play([stream])) == events


@pytest.mark.parametrize("server", SERVERS)
def test_so_it_is_byte_by_byte(server: str) -> None:
    stream, events = SERVERS[server]
    assert merged(play([stream[at : at + 1] for at in range(len(stream))])) == events


def test_text_that_preceded_the_tag_comes_before_the_reasoning_of_its_chunk() -> None:
    stream = wire(
        one({"content": "Hm "}),
        one({"reasoning_content": "Okay", "content": "so: "}),
        one({"content": "4"}, finish_reason="stop"),
    )
    assert merged(play([stream])) == good(Response("Hm so: "), *WHY, Response("4"))


def test_mlx_openai_server_says_stop_where_the_limit_cut_the_answer() -> None:
    stream = wire(one({"content": "par"}), {**one({}, finish_reason="stop"), "usage": COUNTS})
    assert play([stream + DONE], max_tokens=5) == good(PARTIAL, reason="length", counts=COUNTS)

"""Calls of the families that share markers or ways of writing, for ``samples``."""

from typing import Any, Final, TypeAlias

_Call: TypeAlias = tuple[str, dict[str, Any]]

_WEATHER: Final = '{"city": "Bern", "days": 3}'
_BERN: Final[_Call] = ("weather", {"city": "Bern", "days": 3})
_TIME: Final[_Call] = ("time", {})
_ONE: Final = f'{{"name": "weather", "arguments": {_WEATHER}}}'
_TWO: Final = f'[{_ONE}, {{"name": "time", "arguments": {{}}}}]'
_Samples: TypeAlias = list[tuple[str, list[_Call]]]

_GLM: Final[_Samples] = [
    (
        (
            "<tool_call>weather\n<arg_key>city</arg_key>\n<arg_value>Bern</arg_value>\n"
            "<arg_key>days</arg_key>\n<arg_value>3</arg_value>\n</tool_call>"
        ),
        [_BERN],
    ),
    ("<tool_call>time</tool_call>", [_TIME]),
]
_TOOL_CALLS: Final[_Samples] = [(f"<tool_calls>{_TWO}</tool_calls>", [_BERN, _TIME])]
_GRANITE: Final[_Samples] = [(f"<|tool_call|>{_TWO}", [_BERN, _TIME])]


def _hunyuan(suffix: str, separator: str) -> str:
    text = (
        f"<tool_calls>\n<tool_call>weather{separator}\n<arg_key>city</arg_key>\n"
        "<arg_value>Bern</arg_value>\n<arg_key>days</arg_key>\n<arg_value>3</arg_value>\n"
        f"</tool_call>\n<tool_call>time{separator}\n</tool_call>\n</tool_calls>"
    )
    return text.replace(">", f"{suffix}>")


_DOTS: Final = (
    '<dots_function_call><invoke name="weather"><parameter name="city">Bern</parameter>'
    '<parameter name="days">3</parameter></invoke><invoke name="time"></invoke>'
    "</dots_function_call>"
)
_STEP3: Final = (
    '<|tool_calls_begin|><|tool_call_begin|>function<|tool_sep|><steptml:invoke name="weather">'
    '<steptml:parameter name="city">Bern</steptml:parameter>'
    '<steptml:parameter name="days">3</steptml:parameter></steptml:invoke><|tool_call_end|>'
    '<|tool_call_begin|>function<|tool_sep|><steptml:invoke name="time"></steptml:invoke>'
    "<|tool_call_end|><|tool_calls_end|>"
).replace("|", "\N{FULLWIDTH VERTICAL LINE}")

OTHER_SAMPLES: Final[dict[str, _Samples]] = {
    **dict.fromkeys(("glm45", "glm47", "ling3", "spark25", "poolside_v1", "iquest_q1"), _GLM),
    **dict.fromkeys(("jamba", "apriel", "hunyuan_a13b"), _TOOL_CALLS),
    **dict.fromkeys(("granite", "granite_33"), _GRANITE),
    "granite_20b_fc": [(f"<function_call> {_ONE}", [_BERN])],
    "hunyuan_v3": [
        (_hunyuan("", "<tool_sep>"), [_BERN, _TIME]),
        (_hunyuan(":opensource", "<tool_sep>"), [_BERN, _TIME]),
        (_hunyuan(":6124c78e", ""), [_BERN, _TIME]),
    ],
    "internlm2": [(f"<|action_start|><|plugin|>{_ONE}<|action_end|>", [_BERN])],
    "phi4mini": [(f"functools{_TWO}", [_BERN, _TIME])],
    "gigachat3": [
        (f"<|function_call|>{_ONE}", [_BERN]),
        (f"<|message_sep|>\n\nfunction call<|role_sep|>\n{_ONE}", [_BERN]),
    ],
    "nemotron_v2": [(f"<TOOLCALL>{_TWO}</TOOLCALL>", [_BERN, _TIME])],
    "llama3_json": [(f"<|python_tag|>{_ONE}", [_BERN])],
    "xlam": [
        (f"[TOOL_CALLS]{_TWO}", [_BERN, _TIME]),
        (f"<tool_call>{_TWO}</tool_call>", [_BERN, _TIME]),
    ],
    "dots": [
        (_DOTS, [_BERN, _TIME]),
        (f"<dots_function_call>{_ONE}</dots_function_call>", [_BERN]),
    ],
    "minicpm5": [
        (
            (
                '<function name="weather"><param name="city">Bern</param>'
                '<param name="days">3</param></function>'
            ),
            [_BERN],
        ),
        ('<function name="time"></function>', [_TIME]),
    ],
    "mimo": [
        (
            (
                "<tool_call><function=weather><parameter=city>Bern</parameter>"
                "<parameter=days>3</parameter></function></tool_call>"
            ),
            [_BERN],
        )
    ],
    "step3": [(_STEP3, [_BERN, _TIME])],
    "functiongemma": [
        (
            (
                "<start_function_call>call:weather{city:<escape>Bern<escape>,"
                "days:<escape>3<escape>}<end_function_call>"
            ),
            [_BERN],
        ),
        ("<start_function_call>call:time{}<end_function_call>", [_TIME]),
    ],
    "solar_open": [
        (
            (
                f"<|tool_call:begin|>a1<|tool_call:name|>weather<|tool_call:args|>{_WEATHER}"
                "<|tool_call:end|>"
            ),
            [_BERN],
        )
    ],
    "functionary_v31": [(f"<function=weather>{_WEATHER}</function>", [_BERN])],
    "functionary_v32": [(f">>>weather\n{_WEATHER}", [_BERN])],
}

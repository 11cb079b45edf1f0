"""Calls of the families whose markers are all their own, for ``samples``."""

from typing import Any, Final, TypeAlias

_Call: TypeAlias = tuple[str, dict[str, Any]]

_WEATHER: Final = '{"city": "Bern", "days": 3}'
_BERN: Final[_Call] = ("weather", {"city": "Bern", "days": 3})
_ZIP: Final[_Call] = ("weather", {"zip": "012"})
_TIME: Final[_Call] = ("time", {})


def wide(text: str) -> str:
    """Return *text* with the bars of DeepSeek."""
    return text.replace("|", "\N{FULLWIDTH VERTICAL LINE}")


def _dsml(wrapper: str, space: str = "") -> str:
    invoke, parameter = f"{space}invoke", f"{space}parameter"
    return wide(
        f'<|DSML|{wrapper}>\n<|DSML|{invoke} name="weather">\n'
        f'<|DSML|{parameter} name="city" string="true">Bern</|DSML|{parameter}>\n'
        f'<|DSML|{parameter} name="days" string="false">3</|DSML|{parameter}>\n'
        f'</|DSML|{invoke}>\n<|DSML|{invoke} name="time">\n</|DSML|{invoke}>\n'
        f"</|DSML|{wrapper}>"
    )


def _m3(text: str) -> str:
    return text.replace("@", "]<]minimax[>[")


def _plamo(text: str) -> str:
    return text.replace("«", "<|plamo:").replace("»", ":plamo|>")


_DEEPSEEK_V3: Final = wide(
    "<|tool▁calls▁begin|><|tool▁call▁begin|>function<|tool▁sep|>weather\n"
    f"```json\n{_WEATHER}\n```<|tool▁call▁end|>\n"
    "<|tool▁call▁begin|>function<|tool▁sep|>time\n```json\n{}\n```<|tool▁call▁end|>"
    "<|tool▁calls▁end|>"
)
_DEEPSEEK_V31: Final = wide(
    f"<|tool▁calls▁begin|><|tool▁call▁begin|>weather<|tool▁sep|>{_WEATHER}"
    "<|tool▁call▁end|><|tool▁call▁begin|>time<|tool▁sep|>{}<|tool▁call▁end|>"
    "<|tool▁calls▁end|>"
)
_MINIMAX_M2: Final = (
    '<minimax:tool_call>\n<invoke name="weather">\n<parameter name="city">Bern</parameter>\n'
    "<parameter name='days'>3</parameter>\n</invoke>\n<invoke name=time>\n</invoke>\n"
    "</minimax:tool_call>"
)
_MINIMAX_M3: Final = _m3(
    '@<tool_call>\n@<invoke name="weather">@<city>Bern@</city>@<days>3@</days>@</invoke>\n'
    '@<invoke name="time">@</invoke>\n@</tool_call>'
)
_KIMI_K3: Final = (
    '<|open|>tools<|sep|><|open|>call tool="weather" index="1"<|sep|>'
    '<|open|>argument key="city" type="string"<|sep|>Bern<|close|>argument<|sep|>'
    '<|open|>argument key="days" type="number"<|sep|>3<|close|>argument<|sep|>'
    '<|close|>call<|sep|><|open|>call tool="time" index="2"<|sep|><|close|>call<|sep|>'
    "<|close|>tools<|sep|>"
)
_K2_HORIZON: Final = (
    "<ifm|tool_calls><ifm|tool_call>weather<ifm|arg_key>city</ifm|arg_key>"
    "<ifm|arg_value>Bern</ifm|arg_value><ifm|arg_key>days</ifm|arg_key>"
    "<ifm|arg_type>integer</ifm|arg_type><ifm|arg_value>3</ifm|arg_value></ifm|tool_call>"
    '<ifm|tool_call>{"name": "time", "arguments": {}}</ifm|tool_call></ifm|tool_calls>'
)
_COHERE: Final = (
    '[{"tool_call_id": "0", "tool_name": "weather", "parameters": '
    + _WEATHER
    + '}, {"tool_call_id": "1", "tool_name": "time", "parameters": {}}]'
)
_PLAMO3: Final = _plamo(
    "«begin_tool_requests»«begin_tool_request»«begin_tool_name»weather«end_tool_name»"
    f"«begin_tool_arguments»«constrain»json«msg»{_WEATHER}«end_tool_arguments»«end_tool_request»"
    "«begin_tool_request»«begin_tool_name»time«end_tool_name»"
    "«begin_tool_arguments»«constrain»json«msg»{}«end_tool_arguments»«end_tool_request»"
    "«end_tool_requests»"
)
_ATEM: Final = (
    '<atem:function_calls>\n<atem:invoke name="weather">\n'
    '<atem:parameter name="city">Bern</atem:parameter>\n'
    '<atem:parameter name="days">3</atem:parameter>\n</atem:invoke>\n</atem:function_calls>'
)
_BEAM: Final = (
    "<|start|>assistant to=weather<|channel|>analysis <|constrain|>xml<|message|>"
    '<rfl:parameter name="city">Bern</rfl:parameter>'
    '<rfl:parameter name="days">3</rfl:parameter><|call|>'
)

_SEED_OSS: Final = (
    "<seed:tool_call>\n<function=weather>\n<parameter=zip>\n012\n</parameter>\n"
    "</function>\n</seed:tool_call>"
)
_LONGCAT: Final = (
    "<longcat_tool_call>weather<longcat_arg_key>zip</longcat_arg_key>"
    "<longcat_arg_value>012</longcat_arg_value></longcat_tool_call>"
)
_INKLING: Final = (
    f'<|content_invoke_tool_json|>{{"name": "weather", "args": {_WEATHER}}}<|end_message|>'
)

MORE_SAMPLES: Final[dict[str, list[tuple[str, list[_Call]]]]] = {
    "deepseek_v3": [(_DEEPSEEK_V3, [_BERN, _TIME])],
    "deepseek_v31": [(_DEEPSEEK_V31, [_BERN, _TIME])],
    "deepseek_v32": [(_dsml("function_calls"), [_BERN, _TIME])],
    "deepseek_v4": [
        (_dsml("tool_calls"), [_BERN, _TIME]),
        (_dsml("toolcalls"), [_BERN, _TIME]),
        (_dsml("tool"), [_BERN, _TIME]),
        (_dsml(" calls", " "), [_BERN, _TIME]),
    ],
    "minimax_m2": [(_MINIMAX_M2, [_BERN, _TIME])],
    "minimax_m3": [(_MINIMAX_M3, [_BERN, _TIME])],
    "kimi_k3": [(_KIMI_K3, [_BERN, _TIME])],
    "k2_horizon": [(_K2_HORIZON, [_BERN, _TIME])],
    "cohere": [(f"<|START_ACTION|>{_COHERE}<|END_ACTION|>", [_BERN, _TIME])],
    "command_r_plus": [(f"Action:\n```json\n{_COHERE}\n```", [_BERN, _TIME])],
    "seed_oss": [(_SEED_OSS, [_ZIP])],
    "apertus": [
        (
            f'<|tools_prefix|>[{{"weather": {_WEATHER}}}, {{"time": {{}}}}]<|tools_suffix|>',
            [_BERN, _TIME],
        )
    ],
    "plamo3": [(_PLAMO3, [_BERN, _TIME])],
    "inkling": [(_INKLING, [_BERN])],
    "muse_glimmer": [
        (_ATEM, [_BERN]),
        (f"<|start|>assistant to=weather<|message|>{_ATEM}<|eom|>", [_BERN]),
    ],
    "beam": [(_BEAM, [_BERN])],
    "longcat": [
        (_LONGCAT, [_ZIP]),
        ('<longcat_tool_call>{"name": "time"}</longcat_tool_call>', [_TIME]),
    ],
}

"""Charts are SVG that a browser reads, and show what was measured where it was."""

import math
from xml.etree import ElementTree as ET

from load.plots import LEFT, RIGHT, WIDTH, Line, chart


def paths(svg: str) -> list[str]:
    figure = ET.fromstring(svg)
    return [path.attrib["d"] for path in figure.iter("path")]


def test_a_chart_has_a_line_for_each_series_over_the_whole_width() -> None:
    svg = chart("Streams", "open", 10, [Line("a", [(0, 1), (10, 5)]), Line("b", [(0, 2), (10, 2)])])
    first, second = paths(svg)
    assert first.startswith(f"M{LEFT:.1f}")
    assert f"L{WIDTH - RIGHT:.1f}" in first
    assert "Streams" in svg
    assert second != first


def test_a_silence_breaks_the_line() -> None:
    points = [(1.0, 1.0), (2.0, 1.0), (3.0, 1.0), (9.0, 1.0)]
    [path] = paths(chart("x", "", 10, [Line("a", points)]))
    assert path.count("M") == 2


def test_what_is_no_number_is_left_out() -> None:
    [path] = paths(chart("x", "", 10, [Line("a", [(1, 1), (2, math.nan), (3, 1)])]))
    assert "nan" not in path


def test_a_chart_without_values_says_so() -> None:
    assert "nothing was measured" in chart("x", "", 10, [Line("a", [(1, math.nan)])])


def test_a_logarithmic_chart_has_a_tick_for_each_power_of_ten() -> None:
    svg = chart("x", "", 10, [Line("a", [(1, 2), (2, 300)])], logarithmic=True)
    ticks = [text.text for text in ET.fromstring(svg).iter("text")]
    assert ticks[:4] == ["1", "10", "100", "1000"]


def test_names_are_text_not_markup() -> None:
    assert "<b>&lt;i&gt;</b>" in chart("<i>", "", 10, [Line("a", [(1, 1)])])

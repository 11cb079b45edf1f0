"""The Markdown of a conversation: thinking left out, and no message runs into the next."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlx_relay.web.conversation_export import file_name, to_markdown
from mlx_relay.web.conversation_form import Entry, load_entry, parse_entry

NEXT = "## User\n\nnext"
SHOWN = r"""# Of \*stars\*

## User

What is **this**?

*(image/png)*

## Assistant (my\_model)

A *star*.

Tool call: look\_up

````
{"a": "```"}
````

## Assistant (qwen)

And

*(stopped)*

## Assistant (qwen)

*(It is down.)*
"""


def user(content: Any) -> Entry:
    return load_entry(parse_entry({"role": "user", "content": content}))


def assistant(*parts: dict[str, Any], **changes: Any) -> Entry:
    turn = {"profile": "qwen", "model": "m", "parts": parts, "finish": "stop"} | changes
    return load_entry(parse_entry({"role": "assistant", "turn": turn}))


def text(content: str) -> dict[str, Any]:
    return {"kind": "text", "text": content}


def test_a_conversation_reads_as_it_went() -> None:
    thinking = {"kind": "thinking", "text": "Secret.", "state": "done", "duration": 1.0}
    tool = {"kind": "tool", "id": "1", "name": "look_up", "arguments": '{"a": "```"}'}
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    markdown = to_markdown(
        "Of *stars*",
        [
            user([{"type": "text", "text": "What is **this**?"}, image]),
            assistant(thinking, text("A *star*."), tool, profile="my_model"),
            assistant(text("And"), finish="stopped"),
            assistant(
                finish=None, error={"content": "It is down.", "code": "x", "retryable": True}
            ),
        ],
    )
    assert markdown == SHOWN


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ("```python\nx = 1", "```python\nx = 1\n```"),
        ("```python\nx = 1\n```", "```python\nx = 1\n```"),
        ("````\n```\n", "````\n```\n````"),
        ("~~~\n```", "~~~\n```\n~~~"),
        ("```\n``` no end\n~~~", "```\n``` no end\n~~~\n```"),
        ("- ```py\n  x", "- ```py\n  x\n  ```"),
        ("1. one\n   ```\n   x\n   ```", "1. one\n   ```\n   x\n   ```"),
        ("a `` ``` `` b", "a `` ``` `` b"),
        ("``` not `a` fence", "``` not `a` fence"),
        ("<!-- for ever", "\\<!-- for ever"),
        ("  <script>", "  \\<script>"),
        ("<PRE class=x>", "\\<PRE class=x>"),
        ("<prefix>", "<prefix>"),
        ("```\n<!-- code -->\n```", "```\n<!-- code -->\n```"),
        ("\n\nx\n\n", "x"),
    ],
)
def test_what_is_open_ends_with_its_message(content: str, shown: str) -> None:
    markdown = to_markdown("t", [user(content), user("next")])
    assert markdown == f"# t\n\n## User\n\n{shown}\n\n{NEXT}\n"


def test_a_line_of_many_list_markers_is_read_in_one_go() -> None:
    line = "-  " * 5000 + "x"
    assert line in to_markdown("t", [user(line)])


def test_only_line_ends_are_line_ends() -> None:
    assert "a\u2028b\nc" in to_markdown("t", [user("a\u2028b\r\nc")])


def test_a_title_makes_no_heading_of_its_own() -> None:
    assert to_markdown("a\n# b [c](d) <e>", []) == "# a \\# b \\[c\\](d) \\<e\\>\n"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("What is 2 + 2?", "chat-What-is-2-2.md"),
        ("../../etc/passwd", "chat-etc-passwd.md"),
        ("C:\\CON", "chat-C-CON.md"),
        ('a"b\r\nSet-Cookie: x', "chat-a-b-Set-Cookie-x.md"),
        ("日本語", "chat-日本語.md"),
        ("...", "chat-conversation.md"),
        ("x" * 200, f"chat-{'x' * 80}.md"),
    ],
)
def test_a_file_name_is_safe_everywhere(title: str, name: str) -> None:
    assert file_name(title, "md") == name


@given(st.text())
def test_no_title_makes_a_path(title: str) -> None:
    name = file_name(title, "json")
    assert not set(name) & set('/\\:*?"<>|\r\n\0 ')
    assert name.startswith("chat-")

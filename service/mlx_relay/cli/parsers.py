"""The formats of reasoning and tool calls, for people, for programs and for the documentation."""

import re
from collections.abc import Iterable
from typing import Annotated, Final

import typer

from mlx_relay.cli.options import AsJson
from mlx_relay.cli.output import print_columns, print_json
from mlx_relay.pipeline.families.describe import Description, descriptions

TESTS: Final = "../tests/unit/pipeline/families"
"""Where the tests are, as seen from the folder of the documentation."""

_INTRODUCTION: Final = """\
# Formats of reasoning and tool calls

Made by `mlx-relay parsers --markdown`; do not edit. Each name is valid as `reasoning_parser` and
as `tool_parser`; a format without that half lets the text pass. `none` reads no markers. All
formats keep the laws in [test_laws.py](../tests/unit/pipeline/families/test_laws.py).

Where other servers disagree, this is what the relay does:

- White space beside a marker is kept, except where the table says that it is dropped.
- A block of nothing but white space is no thinking.
- A second block of thinking is thinking too. A marker quoted in Markdown code is text.
- A closing marker without an opening one is text, except in families that drop it.
- A call whose text cannot be read, is cut off or is longer than 1 MiB comes back as `response`,
  once and in order.
- Without a tool parser a call's marker still ends thinking where the table says so; the call
  stays text.
- White space that may belong to a marker is held back, but never more than 256 characters of it.
- The `..._append_think` names of other servers mean `none` here: everything is the answer; the
  opening tag is not put back.
- `hf` and `response_template` are not here: that format comes with the tokenizer, which the relay
  does not see.
"""

_HEADINGS: Final = (
    "| format | also called | models | thinking | calls | calls in thinking | white space | test |"
    "\n|---|---|---|---|---|---|---|---|"
)

app = typer.Typer(rich_markup_mode=None)


@app.command()
def parsers(
    *,
    as_json: AsJson = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the page of the documentation.")
    ] = False,
) -> None:
    """List the formats of reasoning and tool calls with their aliases and markers."""
    formats = descriptions()
    if as_json:
        print_json(formats)
    elif as_markdown:
        typer.echo(page(formats), nl=False)
    else:
        print_columns([("NAME", "ALIASES", "THINKING", "CALLS"), *map(_columns, formats)])


def page(formats: Iterable[Description]) -> str:
    """Return the documentation's page about *formats*."""
    return "\n".join([_INTRODUCTION, _HEADINGS, *map(_row, formats), ""])


def _columns(description: Description) -> tuple[str, str, str, str]:
    return (
        description.name,
        ", ".join(description.aliases) or "-",
        _listed([*description.opens_thinking, *description.closes_thinking]),
        _listed(description.opens_calls),
    )


def _listed(markers: list[str]) -> str:
    return " ".join(marker.replace("\n", "\\n") for marker in markers) or "-"


def _row(description: Description) -> str:
    thinking = _between(description.opens_thinking, description.closes_thinking)
    if description.starts_in_thinking:
        thinking += "; starts inside"
    test = f"test_{description.file}.py"
    cells = (
        f"`{description.name}`",
        ", ".join(f"`{alias}`" for alias in description.aliases),
        description.models,
        thinking,
        _between(description.opens_calls, description.closes_calls),
        description.calls_in_thinking,
        description.white_space,
        f"[{test}]({TESTS}/{test})",
    )
    return f"| {' | '.join(cells)} |"


def _between(opening: list[str], closing: list[str]) -> str:
    parts = [" ".join(map(_code, texts)) for texts in (opening, closing) if texts]
    return " … ".join(parts)


def _code(marker: str) -> str:
    """Return *marker* as code in a table: a bar would end the cell."""
    visible = marker.replace("\n", "\\n").replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", visible)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {visible} {fence}" if longest else f"`{visible}`"

"""Values in; JSON or aligned columns on stdout."""

from collections.abc import Sequence

import msgspec
import typer

from mlx_relay.cli.printable import one_line


def print_json(value: object) -> None:
    typer.echo(msgspec.json.encode(value))


def print_columns(rows: Sequence[Sequence[object]]) -> None:
    """Print *rows*, the first of them the headings, as columns that ``awk`` can read too."""
    texts = [[one_line(str(value)) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())

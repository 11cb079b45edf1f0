"""Strings that break things: some of our own always, and the Big List where it is there."""

import json
from pathlib import Path
from typing import Final

_BIG_LIST: Final = Path(__file__).parents[3] / "shared" / "data" / "naughty_strings.json"

OURS: Final = (
    *(
        "",
        " ",
        "\t",
        "\n",
        "\r\n",
        "\x00",
        "\x1b[2J",
        "\x7f",
        "\x9b31m",
        "\u2028",
        "\u0085",
        "\ufeff",
    ),
    *(
        "null",
        "undefined",
        "NaN",
        "-1",
        "1e999",
        "0x10",
        "true",
        "[]",
        "{}",
        "__proto__",
        "../../etc",
    ),
    *("' OR 1=1--", '"; DROP TABLE users;', "%00", "%s%n", "{0}", "${jndi:x}", "$(id)", "`id`"),
    *("<script>alert(1)</script>", "javascript:alert(1)", "\\", '"', "'", "data: x\n\nevent: y"),
    *(
        "\u202egnp",
        "\U0001f469\u200d\U0001f52c",
        "i\u0307",
        "\u0131",
        "\ud55c\uae00",
        "a\u0300" * 50,
    ),
    *("e\u0301" * 30, "\ufdfa", "\uffff", "\U0010ffff", "z" * 65, "z" * 201, "z" * 1025),
)


def naughty_strings() -> list[str]:
    """Return them all, each once."""
    more = json.loads(_BIG_LIST.read_text()) if _BIG_LIST.is_file() else []
    return list(dict.fromkeys([*OURS, *more]))

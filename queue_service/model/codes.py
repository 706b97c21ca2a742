"""How public codes look: symbols that people can type and every scanner reads."""

import unicodedata
from collections.abc import Sequence

CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWX"
"""Typed codes: no I O 0 1, no Y Z (swapped by scanners with a German keyboard layout)."""
TOKEN_ALPHABET = "0123456789ABCDEFGHJKLMNPQRSTUVWX"  # noqa: S105 - symbols, no secret
"""32 symbols for machine-read tokens."""
CODE_LENGTH = 8
TOKEN_LENGTH = 26
SHORTEST_CODE = 4
"""Signs of a code that are enough on paper, unless two of the day begin with the same ones."""


def shortened(codes: Sequence[str]) -> list[str]:
    """The beginning of each code, `SHORTEST_CODE` signs or more, that no other of `codes` has."""
    return [
        next(
            (
                code[:signs]
                for signs in range(SHORTEST_CODE, len(code))
                if sum(other.startswith(code[:signs]) for other in codes) == 1
            ),
            code,
        )
        for code in codes
    ]


def ordinary(text: str) -> str:
    """`text` in signs of ordinary width and our digits, whatever keyboard wrote it."""
    if text.isascii():
        return text
    normal = unicodedata.normalize("NFKC", text)
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in normal)

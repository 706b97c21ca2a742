"""How public codes look: symbols that people can type and every scanner reads."""

CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWX"
"""Typed codes: no I O 0 1, no Y Z (swapped by scanners with a German keyboard layout)."""
TOKEN_ALPHABET = "0123456789ABCDEFGHJKLMNPQRSTUVWX"  # noqa: S105 - symbols, no secret
"""32 symbols for machine-read tokens."""
CODE_LENGTH = 8
TOKEN_LENGTH = 26

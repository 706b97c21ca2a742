"""The base of what the API answers, as types for the OpenAPI document."""

import msgspec


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Exactly these fields."""

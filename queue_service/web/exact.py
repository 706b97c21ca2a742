"""Bodies of programs are taken at their word: a number in a text is no number, nor an instant.

The framework reads leniently, as forms need it, where all that was said is text; JSON says itself
what is what. Whoever sends `until: 3` has made a mistake, and shall hear of it.
"""

from functools import lru_cache
from typing import Any

import msgspec
from litestar import Request
from litestar.exceptions import SerializationException, ValidationException

from queue_service.web.problems import placed

_NUL = b"\\u0000"
"""As JSON writes it; raw it is no JSON."""
_WHOLE = "data"
"""What the framework calls the body itself: something is missing in it, or it is none."""


@lru_cache(maxsize=256)
def _reading(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


class Exact(Request[Any, Any, Any]):
    """A request whose JSON must have the very types that its handler names."""

    async def json(self) -> Any:
        """The body as its handler takes it. Raises ValidationException naming the field."""
        wanted = self.route_handler.parsed_data_field
        if wanted is None:
            return await super().json()
        content = await self.body()
        try:
            body = _reading(wanted.annotation).decode(content)
        except msgspec.ValidationError as wrong:
            field, reason = placed(wrong)
            found = {"key": field or _WHOLE, "message": reason}
            raise ValidationException(extra=[found]) from wrong
        except msgspec.DecodeError as broken:
            raise SerializationException(str(broken)) from broken
        nul = _with_nul(msgspec.to_builtins(body)) if _NUL in content else None
        if nul is not None:
            found = {"key": nul or _WHOLE, "message": "the sign U+0000 is no part of a text"}
            raise ValidationException(extra=[found])
        return body


def _with_nul(said: Any, place: str = "") -> str | None:
    """Where a text has the one sign that no text column takes; None where none has."""
    if isinstance(said, str):
        return place if "\0" in said else None
    if isinstance(said, dict):
        inner = ((f"{place}.{name}".lstrip("."), each) for name, each in said.items())
    elif isinstance(said, list | tuple):
        inner = ((f"{place}[{n}]", each) for n, each in enumerate(said))
    else:
        return None
    return next((found for at, each in inner if (found := _with_nul(each, at)) is not None), None)

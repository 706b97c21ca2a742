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
        try:
            return _reading(wanted.annotation).decode(await self.body())
        except msgspec.ValidationError as wrong:
            field, reason = placed(wrong)
            found = {"key": field or _WHOLE, "message": reason}
            raise ValidationException(extra=[found]) from wrong
        except msgspec.DecodeError as broken:
            raise SerializationException(str(broken)) from broken

"""The journal without a database: what its readers get of a fact."""

from datetime import UTC, datetime

from queue_service.events.chapters import AnyFact, decode, encode
from queue_service.events.entry import Entry
from queue_service.model.ids import SYSTEM, OfficeId
from queue_service.model.world import Told


def as_read(told: Told) -> AnyFact:
    """The fact as a reader of the journal gets it: through its JSON."""
    return read(encode(told.fact), str(told.fact.__struct_config__.tag))


def read(body: str, tag: str) -> AnyFact:
    """The fact that a stored body tells."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return decode(
        Entry(
            office=OfficeId(1),
            seq=1,
            recorded=now,
            happened=now,
            by=SYSTEM,
            undoes=None,
            tag=tag,
            body=body,
            digest=b"",
            salt=b"",
            link=b"",
        )
    )

"""How programs and forms describe layers: one shape a kind, unknown fields refused."""

from datetime import date, datetime, time, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from queue_service.model.ids import ActorId
from queue_service.model.layer import Layer, Origin
from queue_service.offices.layers import Added, DeskAdded, Opened
from queue_service.web.api.shapes import Body, Dated, Instant

_encode = msgspec.json.Encoder().encode
Name = Annotated[str, Meta(min_length=1, max_length=60)]
Reason = Annotated[
    str,
    # No NUL: the database keeps none, so a preview would promise what cannot be set.
    Meta(
        min_length=1,
        max_length=200,
        pattern=r"^[^\x00]*[^\s\x00][^\x00]*$",
        description="Why, for colleagues",
    ),
]
Opens = Annotated[time, Meta(tz=False)]


class LayerBody(Dated, frozen=True):
    """What every layer says; without `since` it begins now."""

    reason: Reason
    since: Instant | None = None
    until: Instant | None = None


class PlacesBody(LayerBody, frozen=True, tag="places", tag_field="kind", kw_only=True):
    """Places more or fewer in each cell of a limit."""

    limit: Name
    add: int


class CounterBody(LayerBody, frozen=True, tag="counter", tag_field="kind", kw_only=True):
    """A counter absent (-1) or more (1), in every limit made of it."""

    counter: Name
    add: int = -1


class WindowBody(LayerBody, frozen=True, tag="window", tag_field="kind", kw_only=True):
    """Extra hours or an extra team: places of a limit in time that may be closed otherwise."""

    limit: Name
    opens: Instant
    closes: Instant
    capacity: int


class ClosureBody(LayerBody, frozen=True, tag="closure", tag_field="kind", kw_only=True):
    """Days, both included, on which the office is closed."""

    first: date
    last: date


class HoursBody(Body, frozen=True):
    """From when until when, local time."""

    opens: Opens
    closes: Opens


class ExceptionBody(LayerBody, frozen=True, tag="exception", tag_field="kind", kw_only=True):
    """Days, both included, with hours of their own."""

    first: date
    last: date
    hours: Annotated[tuple[HoursBody, ...], Meta(min_length=1, max_length=6)]


AnyLayerBody = PlacesBody | CounterBody | WindowBody | ClosureBody | ExceptionBody
Layers = Annotated[tuple[AnyLayerBody, ...], Meta(max_length=50)]


class PreviewBody(Body, frozen=True):
    """Layers that would be set, and numbers of those that would be taken back."""

    layers: Layers = ()
    end: Annotated[tuple[int, ...], Meta(max_length=50)] = ()


class LayersBody(Body, frozen=True):
    """Layers to be set together."""

    layers: Annotated[Layers, Meta(min_length=1)]


def layer_of(body: AnyLayerBody, by: ActorId, now: datetime) -> Layer:
    """The layer that a body describes, set by `by`; `now` in the office's zone."""
    subject, change, until = _said(body, now)
    if until is None or body.until is not None:
        until = body.until
    since = body.since or now
    text = _encode(change).decode()
    return Layer(subject, text, since, until, by, body.reason.strip(), Origin.MANAGER)


def _said(body: AnyLayerBody, now: datetime) -> tuple[str, object, datetime | None]:
    """Subject, change, and the end that the change itself names."""
    if isinstance(body, PlacesBody):
        return f"capacity:{body.limit}", Added(body.limit, body.add), None
    if isinstance(body, CounterBody):
        return f"capacity:{body.counter}", DeskAdded(body.counter, body.add), None
    if isinstance(body, WindowBody):
        opened = Opened(body.limit, body.opens, body.closes, body.capacity)
        return f"capacity:{body.limit}", opened, body.closes
    days = {"first": body.first, "last": body.last, "reason": {"de": body.reason.strip()}}
    if isinstance(body, ClosureBody):
        return "closures", {"add": [days]}, _after(body.last, now)
    return "exceptions", {"add": [days | {"hours": body.hours}]}, _after(body.last, now)


def _after(last: date, now: datetime) -> datetime | None:
    """When the local day `last` is over; None where the calendar ends."""
    if last >= date.max - timedelta(days=1):
        return None
    return datetime.combine(last + timedelta(days=1), time(), now.tzinfo)

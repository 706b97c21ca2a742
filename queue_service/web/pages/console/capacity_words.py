"""Layers, places and proposals in words for managers; knows no request."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

import msgspec

from queue_service.flows.capacity.overview import DayOfLimit, LayerShown, Standing
from queue_service.flows.capacity.previewing import Preview, Run
from queue_service.language import catalogue, clock, day_short, mark, pick, span
from queue_service.model.layer import Layer
from queue_service.model.office import Office
from queue_service.offices.layers import Added, DeskAdded, Opened, added_by
from queue_service.offices.validity import named_days
from queue_service.slots.rehoming import Proposal
from queue_service.web.pages.console.layer_words import ORIGINS, sets, why

_ONE_MINUTE = timedelta(minutes=1)
_ABSENT = mark("{counter} is absent")
_TOO = mark("{counter} works too")
_MORE = mark("{limit}: {n} more")
_FEWER = mark("{limit}: {n} fewer")


class LayerLine(msgspec.Struct, frozen=True):
    """A layer as the list shows it."""

    id: int | None
    what: str
    when: str
    reason: str
    who: str
    in_force: bool


class RunLine(msgspec.Struct, frozen=True):
    """A change of places as the preview shows it."""

    limit: str
    when: str
    before: int
    after: int


class Losing(msgspec.Struct, frozen=True):
    """Somebody who would lose a place or go along with their family, by code alone."""

    code: str
    when: str
    services: str
    instead: str
    """Empty where no other start is free."""
    along: bool


class CellWords(msgspec.Struct, frozen=True):
    """A limit on one day in the week's table."""

    places: str
    """Empty while closed."""
    taken: int
    """Per cent; while closed, whether anybody is still there."""


def layer_line(shown: LayerShown, office: Office, language: str) -> LayerLine:
    """A layer in words."""
    layer, t = shown.layer, catalogue(language)
    return LayerLine(
        layer.id,
        what(layer, office, language),
        when(layer, office, language),
        why(layer, office, language),
        t(ORIGINS[layer.origin]),
        shown.standing is Standing.IN_FORCE,
    )


def what(layer: Layer, office: Office, language: str) -> str:
    """What a layer changes."""
    t, said = catalogue(language), added_by(layer)
    if isinstance(said, DeskAdded):
        counter = office.counter(said.counter)
        name = pick(counter.name, language)[0] if counter else said.counter
        return t(_ABSENT if said.add < 0 else _TOO, counter=name)
    if isinstance(said, Added):
        limit = limit_name(office, said.limit, language)
        return t(_FEWER if said.add < 0 else _MORE, limit=limit, n=abs(said.add))
    if isinstance(said, Opened):
        limit = limit_name(office, said.limit, language)
        return t.plural(
            "{limit}: open with {n} place",
            "{limit}: open with {n} places",
            said.capacity,
            limit=limit,
        )
    return sets(layer, office, language)


def _named_days(layer: Layer, language: str) -> str:
    return " · ".join(
        span(day_short(first, language), day_short(last, language), language)
        for first, last in named_days(layer)
    )


def when(layer: Layer, office: Office, language: str) -> str:
    """From when until when a layer holds, or the days that it names."""
    t, said, zone = catalogue(language), added_by(layer), office.tz
    if said is None and (days := _named_days(layer, language)):
        return days
    since = (said.opens if isinstance(said, Opened) else layer.since).astimezone(zone)
    until = said.closes if isinstance(said, Opened) else layer.until
    if until is None:
        return t("from {start} on", start=_moment(since, language))
    return _from_to(since, until.astimezone(zone), language)


def _moment(at: datetime, language: str) -> str:
    return f"{day_short(at, language)} {span(clock(at), clock(at), language)}"


def _from_to(start: datetime, end: datetime, language: str) -> str:
    """Midnight ends the day before it."""
    until = "24:00" if end.time() == time() else clock(end)
    last = end - _ONE_MINUTE
    if (start.time(), until) == (time(), "24:00"):
        return span(day_short(start, language), day_short(last, language), language)
    if start.date() == last.date():
        return f"{day_short(start, language)} {span(clock(start), until, language)}"
    return catalogue(language)(
        "{start} to {end}", start=_moment(start, language), end=_moment(end, language)
    )


def limit_name(office: Office, key: str, language: str) -> str:
    """The name of a limit, or its key where it is no more."""
    found = next((limit for limit in office.limits if limit.key == key), None)
    return pick(found.name, language)[0] if found else key


def run_lines(runs: Sequence[Run], office: Office, language: str) -> tuple[RunLine, ...]:
    """Changes of places in words."""
    return tuple(
        RunLine(
            limit_name(office, run.limit, language),
            _from_to(run.start, run.end, language),
            run.before,
            run.after,
        )
        for run in runs
    )


def losing_lines(shown: Preview, office: Office, language: str) -> tuple[Losing, ...]:
    """Who would lose a place, and who would go along with them, in words."""
    return tuple(_losing(proposal, office, language) for proposal in shown.proposals)


def _losing(proposal: Proposal, office: Office, language: str) -> Losing:
    booking, zone = proposal.booking, office.tz
    services = (
        pick(service.name, language)[0]
        if (service := office.service(part.service))
        else part.service
        for part in booking.parts
    )
    return Losing(
        booking.code or "",
        _moment(booking.start.astimezone(zone), language),
        " · ".join(services),
        _moment(proposal.start.astimezone(zone), language) if proposal.start else "",
        proposal.along,
    )


def cell_words(day: DayOfLimit, language: str) -> CellWords:
    """A limit's day in the table of the week."""
    if not day.most:
        return CellWords("", 100 if day.taken else 0)
    taken = round(100 * day.taken / day.capacity)
    return CellWords(span(day.least, day.most, language), taken)

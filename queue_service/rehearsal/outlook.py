"""What a worker process is asked and answers: the hall as it stands, and everybody's wait.

Both travel between processes, so they hold values only. The same scene and chance give the same
outlook in every process of an office.
"""

from random import Random

import msgspec

from queue_service.model.ids import ServiceCode, VisitId
from queue_service.model.office import LineRules
from queue_service.rehearsal.day import Services
from queue_service.rehearsal.wait import (
    PATHS,
    Counter,
    Expected,
    Returning,
    Stream,
    Wait,
    Waiting,
    forecast,
)


class Door(msgspec.Struct, frozen=True):
    """A service asked for by somebody who would come in now."""

    service: ServiceCode
    person: Waiting


class Scene(msgspec.Struct, frozen=True):
    """The hall at one moment, minutes counted from it."""

    visits: tuple[VisitId, ...]
    """Whose wait is asked, in the order of `line`."""
    line: tuple[Waiting, ...]
    counters: tuple[Counter, ...]
    """On duty."""
    durations: tuple[tuple[Services, tuple[float, ...]], ...]
    rules: LineRules
    doors: tuple[Door, ...] = ()
    streams: tuple[Stream, ...] = ()
    expected: tuple[Expected, ...] = ()
    gaps: tuple[float, ...] = (0.0,)
    """Minutes until a counter that is free calls somebody who waits."""
    seed: int = 0
    returning: tuple[Returning, ...] = ()
    """People who were sent to fetch something."""
    away: tuple[VisitId, ...] = ()
    """Who those are, in the same order."""


class Outlook(msgspec.Struct, frozen=True):
    """The waits of a scene's visits and doors, each in the scene's order."""

    waits: tuple[Wait, ...]
    doors: tuple[Wait, ...]
    naive: float
    """Minutes by the usual formula for the last in the line: mean times people by counters."""


def look(scene: Scene, chance: Random, paths: int = PATHS) -> Outlook:
    """Play the scene forward `paths` times."""
    people = len(scene.line)
    found = forecast(
        [*scene.line, *(door.person for door in scene.doors)],
        scene.counters,
        dict(scene.durations),
        scene.rules,
        chance,
        streams=scene.streams,
        expected=scene.expected,
        returning=scene.returning,
        gaps=scene.gaps,
        paths=paths,
    )
    return Outlook(tuple(found[:people]), tuple(found[people:]), naive(scene))


def naive(scene: Scene) -> float:
    """Mean minutes times people waiting, divided by counters: the yardstick of every promise."""
    if not scene.line:
        return 0.0
    durations = dict(scene.durations)
    each = [sum(durations[w.services]) / len(durations[w.services]) for w in scene.line]
    return sum(each) / max(1, len(scene.counters))

"""What surge rules measure in the hall: work, waits and emergencies, from who waits now.

Pure. Somebody before their appointment waits for nothing yet but is work all the same.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from queue_service.floor import steps
from queue_service.model.office import Office
from queue_service.model.visit import NeedClass, Visit, VisitState

MINUTE = timedelta(minutes=1)


def work_minutes(visit: Visit, office: Office) -> float:
    """Minutes of service that a visit still needs, by its open stops."""
    stops = steps.written_out(visit)
    minutes = 0.0
    for part in visit.parts:
        service = office.service(part.service)
        of_part = [stop for stop in stops if stop.service == part.service]
        if service is None or not of_part:
            continue
        whole = service.minutes_first + service.minutes_next * (part.persons - 1)
        minutes += whole * sum(not stop.done for stop in of_part) / len(of_part)
    return minutes


def work_per_counter(line: Iterable[Visit], office: Office, counters: int) -> float:
    """Minutes of work that wait for each open counter; all of it where none is open."""
    return sum(work_minutes(v, office) for v in _waiting(line)) / max(1, counters)


def oldest_wait(line: Iterable[Visit], now: datetime, need: NeedClass | None) -> float:
    """Minutes that the longest waiting person has waited; 0 where nobody waits."""
    return max((_waited(v, now) for v in _waiting(line, need)), default=0.0)


def predicted_p80(line: Sequence[Visit], need: NeedClass | None, to_come: Sequence[float]) -> float:
    """Minutes until the last of those who wait is called, as they are told; 0 for nobody.

    `to_come` is the upper end of what each of `line` is told.
    """
    return max(
        (
            more
            for visit, more in zip(line, to_come, strict=True)
            if visit.state is VisitState.WAITING and need in (None, visit.need)
        ),
        default=0.0,
    )


def unserved_emergencies(line: Iterable[Visit]) -> int:
    """Emergencies that no counter has taken yet."""
    return sum(1 for _ in _waiting(line, NeedClass.EMERGENCY))


def _waiting(line: Iterable[Visit], need: NeedClass | None = None) -> Iterable[Visit]:
    return (v for v in line if v.state is VisitState.WAITING and need in (None, v.need))


def _waited(visit: Visit, now: datetime) -> float:
    return max(0.0, (now - max(visit.arrived, visit.due)) / MINUTE)

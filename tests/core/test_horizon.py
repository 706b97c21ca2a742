"""Up to which day each service can be booked, and when a new day opens."""

from datetime import date, datetime, time, timedelta

import msgspec
import pytest

from queue_service.model.booking import Part
from queue_service.model.release import Release
from queue_service.slots import release
from tests import make
from tests.make import BERLIN, NOW


def office(**booking: object) -> release.Office:
    found = make.office()
    services = tuple(
        msgspec.structs.replace(s, window_days=7 if s.code == "BIO" else None)
        for s in found.services
    )
    rules = msgspec.structs.replace(found.booking, **booking)
    return msgspec.structs.replace(found, services=services, booking=rules)


PICK, BIO = Part(make.PICK, 1), Part(make.BIO, 1)


@pytest.mark.parametrize(
    ("parts", "day", "refused"),
    [
        ((PICK,), "2026-11-26", False),
        ((PICK,), "2026-11-27", True),
        ((BIO,), "2026-11-30", False),
        ((BIO,), "2026-12-01", True),
        ((PICK, BIO), "2026-11-27", True),
    ],
)
def test_each_service_has_its_horizon_and_a_visit_the_shortest(
    parts: tuple[Part, ...], day: str, refused: bool
) -> None:
    here = office()
    answer = release.may_start(here, parts, make.at(f"{day} 09:00"), NOW)
    assert (answer is not None) is refused
    services = [s for s in here.services if s.code in {p.service for p in parts}]
    last = release.last_bookable(here.booking, services, NOW)
    assert (date.fromisoformat(day) > last) is refused
    assert release.furthest(here) == 7


def test_a_busy_service_has_a_shorter_horizon() -> None:
    here = office(release=Release(busy_window_days=1))
    [pick] = [s for s in here.services if s.code == "PICK"]
    busy = msgspec.structs.replace(pick, first_come=False)
    assert release.last_bookable(here.booking, [pick], NOW) == date(2026, 11, 26)
    assert release.last_bookable(here.booking, [busy], NOW) == date(2026, 11, 24)


def test_the_new_day_waits_for_its_moment_and_no_day_that_was_open_closes() -> None:
    between = (time(7), time(19))
    for moved, last in (
        (None, 26),
        (NOW.date(), 26),
        (NOW.date() - timedelta(days=1), 25),
        (NOW.date() - timedelta(days=9), 25),
    ):
        here = office(release=Release(open_between=between, moved_on=moved))
        assert release.last_bookable(here.booking, [], NOW) == date(2026, 11, last)


def test_the_moment_lies_between_its_bounds_on_every_day_also_when_clocks_change() -> None:
    rules = Release(open_between=(time(1), time(5)))
    moments = set()
    for n in range(366):
        noon = datetime.combine(date(2026, 1, 1) + timedelta(days=n), time(12), BERLIN)
        moment = release.opening(rules, noon, n.to_bytes(16, "big"))
        assert time(1) <= moment.time() <= time(5)
        assert moment.date() == noon.date()
        moments.add(moment.time())
    assert len(moments) > 300

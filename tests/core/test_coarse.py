"""Half days with counts as steps: right about what is open, silent about single places."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from queue_service.events.capacity import Planned
from queue_service.events.entry import CellsNow
from queue_service.model.booking import Part
from queue_service.model.ids import LimitId, Tick
from queue_service.views.coarse import STEPS, HalfDay, coarse, half_days
from queue_service.views.openings import Openings
from queue_service.web.api.scheduling import location, schedule, slot
from tests import make
from tests.make import DESKS, HALL, MINUTE, NOW, PICK

OFFICE = make.office()
EIGHT, NOON = make.tick(make.at("08:00")), make.tick(make.at("12:00"))
PARTS = (Part(PICK, 1),)


def view(left: int) -> Openings:
    found = Openings(OFFICE, make.NUMBERS)
    found.load([(limit, t, left) for limit in (DESKS, HALL) for t in ticks()], (), ())
    return found


def ticks() -> list[Tick]:
    return [Tick(t) for t in range(EIGHT, NOON + 24)]


def test_a_half_day_counts_visits_one_after_another_as_the_step_they_reach() -> None:
    found = list(half_days(view(3), PARTS, make.at("08:30")))
    assert found == [
        # 21 starts each ten minutes, three at a time; then twelve.
        HalfDay(NOW.date(), "am", make.at("08:30"), make.at("12:00"), 50),
        HalfDay(NOW.date(), "pm", make.at("12:00"), make.at("14:00"), 20),
    ]


def test_what_is_full_is_told_with_no_place_and_what_is_over_not_at_all() -> None:
    assert [each.places for each in half_days(view(0), PARTS, NOW)] == [0, 0]
    assert [each.half for each in half_days(view(1), PARTS, make.at("12:30"))] == ["pm"]
    assert list(half_days(view(1), (Part(make.HELP, 1),), NOW)) == []


@given(st.integers(0, 2_000))
def test_a_count_is_the_highest_step_it_reaches(places: int) -> None:
    told = coarse(places)
    assert told <= places
    assert told == 0 or told in STEPS
    assert not any(told < step <= places for step in STEPS)


def test_one_place_more_or_less_is_seen_only_at_a_step() -> None:
    shown = view(3)
    before = list(half_days(shown, PARTS, NOW))
    for limit in (DESKS, HALL):
        run = CellsNow(LimitId(limit), Tick(EIGHT + 24), 1, (2, 2))
        shown.apply(Planned(day=NOW.date(), cells=(run,)))
    assert list(half_days(shown, PARTS, NOW)) == before


def test_keys_of_the_federal_catalogue_are_told_where_the_office_has_them() -> None:
    service = msgspec.structs.replace(OFFICE.services[0], leika=("99010021001000",))
    told = schedule(OFFICE, service, "https://example.org")
    [kind] = told["serviceType"]  # type: ignore[misc]  # a list of one
    assert [code["code"] for code in kind["coding"]] == [PICK, "99010021001000"]
    assert location(OFFICE)["identifier"] == [
        {
            "system": "urn:de:bund:destatis:bevoelkerungsstatistik:schluessel:ags",
            "value": "08221000",
        }
    ]
    free = HalfDay(NOW.date(), "am", NOW, NOW + 30 * MINUTE, 5)
    assert slot(OFFICE, service, free, "https://example.org")["id"] == "small.PICK.20261123.am"

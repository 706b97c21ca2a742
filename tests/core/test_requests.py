"""Requests: several services and persons, buffers, and days that need no appointment."""

from datetime import UTC, date, datetime, time

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from queue_service.model.asking import (
    Exemption,
)
from queue_service.model.booking import Part
from queue_service.model.layer import Layer, Origin
from queue_service.model.office import Office, Window
from queue_service.model.refusal import Code, Refusal
from queue_service.offices import layers_of, next_change, resolve
from queue_service.slots.claims import taken_by
from queue_service.slots.openings import Request, request
from tests import make
from tests.asking import BIO, MAIL, PICK, office


@given(
    st.lists(st.sampled_from([PICK, BIO, MAIL]), min_size=1, max_size=3, unique=True),
    st.lists(st.integers(1, 4), min_size=3, max_size=3),
    st.lists(st.tuples(st.integers(1, 25), st.integers(0, 9)), min_size=3, max_size=3),
    st.integers(0, 20),
)
def test_a_visit_lasts_the_sum_of_its_services_by_their_own_rules(
    codes: list[str], persons: list[int], minutes: list[tuple[int, int]], buffer: int
) -> None:
    made = make.office()
    rules = dict(zip([PICK, BIO, MAIL], minutes, strict=True))
    services = tuple(
        msgspec.structs.replace(
            s, minutes_first=rules[s.code][0], minutes_next=rules[s.code][1], buffer_minutes=buffer
        )
        if s.code in rules
        else s
        for s in made.services
    )
    parts = tuple(Part(c, n) for c, n in zip(codes, persons, strict=False))  # type: ignore[arg-type]  # codes
    found = request(msgspec.structs.replace(made, services=services), parts)
    exact = sum(rules[p.service][0] + rules[p.service][1] * (p.persons - 1) for p in parts)
    if isinstance(found, Refusal):
        assert found.code is Code.TOO_LONG
        assert exact + buffer > 240 - 5
        return
    assert found.visit_minutes % 5 == 0
    assert 0 <= found.visit_minutes - exact < 5
    assert found.minutes % 5 == 0
    assert 0 <= found.minutes - exact - buffer < 5


def test_a_father_collects_five_cards_in_one_slot_of_twenty_minutes() -> None:
    found = request(office(PICK, minutes_first=7, minutes_next=3), (Part(PICK, 5),))
    assert isinstance(found, Request)
    assert found.minutes == 20


def test_minutes_after_a_visit_count_in_the_cells_and_not_as_its_length() -> None:
    found = request(office(PICK, buffer_minutes=10), (Part(PICK, 1),))
    assert isinstance(found, Request)
    assert (found.visit_minutes, found.minutes, found.ticks) == (10, 20, 4)
    booked = make.booking(minutes=found.minutes, buffer=found.buffer)
    assert len(taken_by(booked)) == 4
    assert booked.leaves == make.at("10:10")


def test_one_visit_is_cleared_up_after_once() -> None:
    both = office(PICK, buffer_minutes=10)
    services = tuple(
        msgspec.structs.replace(s, buffer_minutes=5) if s.code == BIO else s for s in both.services
    )
    parts = (Part(PICK, 1), Part(BIO, 1))
    found = request(msgspec.structs.replace(both, services=services), parts)
    assert isinstance(found, Request)
    assert found.minutes == 10 + 20 + 10


def test_services_of_different_counters_are_not_booked_together() -> None:
    made = make.office()
    apart = tuple(
        msgspec.structs.replace(c, skills=skills)
        for c, skills in zip(made.counters, ((PICK, MAIL), (BIO,)), strict=True)
    )
    found = request(msgspec.structs.replace(made, counters=apart), (Part(PICK, 1), Part(BIO, 1)))
    assert isinstance(found, Refusal)
    assert found.code is Code.NOT_TOGETHER
    assert isinstance(
        request(msgspec.structs.replace(made, counters=apart), (Part(PICK, 1), Part(MAIL, 1))),
        Request,
    )


def test_services_without_a_common_pool_are_not_booked_together() -> None:
    made = make.office()
    pools = tuple(
        msgspec.structs.replace(limit, services=(PICK, MAIL)) if limit.key == "desks" else limit
        for limit in made.limits
        if limit.key != "hall"
    )
    found = request(msgspec.structs.replace(made, limits=pools), (Part(PICK, 1), Part(BIO, 1)))
    assert isinstance(found, Refusal)


def test_each_service_is_named_once() -> None:
    found = request(make.office(), (Part(PICK, 1), Part(PICK, 2)))
    assert isinstance(found, Refusal)
    assert found.code is Code.INVALID


def test_what_is_longer_than_any_morning_is_refused_with_both_lengths() -> None:
    found = request(office(BIO, minutes_next=60), (Part(BIO, 5),))
    assert found == Refusal(Code.TOO_LONG, {"minutes": 260, "longest_minutes": 240})


def test_windows_that_touch_are_one_stretch() -> None:
    made = office(BIO, minutes_next=60)
    hours = (Window((0,), time(8), time(12)), Window((0,), time(12), time(13)))
    found = request(msgspec.structs.replace(made, hours=hours), (Part(BIO, 5),))
    assert isinstance(found, Request)


def resolved(made: Office, day: str, *more: Layer) -> Office:
    at = datetime.fromisoformat(f"{day}T12:00+01:00")
    return resolve((*layers_of(made, datetime(2026, 1, 1, tzinfo=UTC)), *more), at)


def test_no_appointment_is_needed_on_the_days_named_and_not_else() -> None:
    made = office(
        PICK,
        not_needed={"de": "kommen Sie einfach"},
        not_needed_from=date(2026, 12, 1),
        not_needed_to=date(2026, 12, 3),
    )
    said = {
        day: bool(resolved(made, f"2026-{day}").service(PICK).not_needed)  # type: ignore[union-attr]  # it has that service
        for day in ("11-30", "12-01", "12-03", "12-04")
    }
    assert said == {"11-30": False, "12-01": True, "12-03": True, "12-04": False}
    refusal = request(resolved(made, "2026-12-02"), (Part(PICK, 1),))
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.NO_APPOINTMENT_NEEDED


def test_settings_are_read_anew_at_the_local_midnights_on_which_something_changes() -> None:
    group = Exemption("g", {"de": "Gruppe"}, {"de": "x"}, valid_to=date(2026, 12, 9))
    made = office(PICK, not_needed={"de": "x"}, not_needed_from=date(2026, 12, 1), exempt=(group,))
    layers = layers_of(made, datetime(2026, 1, 1, tzinfo=UTC))
    first = next_change(layers, make.NOW)
    assert first == datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert next_change(layers, first) == datetime(2026, 12, 9, 23, tzinfo=UTC)


def test_a_manager_says_so_by_a_layer_that_ends_by_its_dates() -> None:
    change = '{"not_needed": {"de": "verlängert"}, "not_needed_to": "2026-12-24"}'
    layer = Layer(f"service:{PICK}", change, make.NOW, origin=Origin.MANAGER)
    assert resolved(make.office(), "2026-12-24", layer).service(PICK).not_needed  # type: ignore[union-attr]  # it has it
    assert not resolved(make.office(), "2026-12-25", layer).service(PICK).not_needed  # type: ignore[union-attr]  # it has it

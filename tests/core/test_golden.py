"""One sample per released tag: what was once written can be read for ever.

A released fact only gains defaulted fields. When this fails, give the new meaning a new tag; add
a sample for it with ``python -m tests.core.test_golden``, which never rewrites an old one.
"""

from datetime import date, time
from pathlib import Path
from typing import get_args
from uuid import UUID

import msgspec
import pytest

from bench.journal import read
from queue_service.events import booking, capacity, floor, surge, waiting
from queue_service.events.chapters import AnyFact, encode
from queue_service.events.entry import BookingNow, CellsNow, DeskNow, Fact, VisitNow
from queue_service.model.booking import BookingState, Part
from queue_service.model.desk import DeskState
from queue_service.model.ids import (
    ActorId,
    BookingId,
    CounterKey,
    LimitId,
    ServiceCode,
    Tick,
    VisitId,
    WishId,
)
from queue_service.model.visit import Aid, Hand, NeedClass, Step, Stop, VisitState
from queue_service.model.waiting import Acceptable, Passed, WishClass, WishState
from tests.make import at

SAMPLES = Path(__file__).parent / "golden"
TAGS = {str(fact.__struct_config__.tag): fact for fact in get_args(AnyFact)}

_BOOKING = BookingNow(
    BookingId(UUID(int=1)),
    BookingState.HELD,
    at("10:00"),
    at("10:15"),
    (Part(ServiceCode("PICK"), 2),),
    (LimitId(1), LimitId(2)),
    "ar",
    41,
    1,
    at("09:00"),
)
_VISIT = VisitNow(
    VisitId(UUID(int=2)),
    "A123",
    VisitState.CALLED,
    NeedClass.BOOKING,
    (Part(ServiceCode("PICK"), 2),),
    "en",
    at("09:50"),
    at("10:00"),
    42,
    BookingId(UUID(int=1)),
    CounterKey("5"),
    at("10:02"),
    2,
    at("10:20"),
)
_JOURNEY = msgspec.structs.replace(
    _VISIT,
    state=VisitState.SERVING,
    stops=(
        Stop(ServiceCode("BIO"), Step.FINGERPRINTS, done=True),
        Stop(ServiceCode("TRAN"), Step.COUNTER),
    ),
    only=CounterKey("6"),
    hand=Hand(at("10:01"), ActorId(7), (ActorId(8),)),
    aids=(Aid.VULNERABLE, Aid.INTERPRETER),
    away_until=at("10:12"),
    served_at=at("10:03"),
    parked="papers",
)
_DESK = DeskNow(CounterKey("5"), DeskState.BREAK, at("10:00"), ActorId(7), 43)
_OF_THE_FLOOR = frozenset(
    {
        "started",
        "parked",
        "resumed",
        "forwarded",
        "service_added",
        "handed_over",
        "hand_accepted",
        "hand_passed",
        "comes_later",
        "marked",
    }
)
_CELLS = (CellsNow(LimitId(1), Tick(5_980_000), 1, (0, 2, -1)),)
_WISH = waiting.WishNow(
    WishId(UUID(int=3)),
    WishState.OPEN,
    WishClass.EARLIER,
    (Part(ServiceCode("PICK"), 2),),
    (Acceptable(date(2026, 11, 23), date(2026, 11, 27), (0, 2), time(8), time(11, 30)),),
    at("2026-11-27 12:00"),
    "ar",
    40,
    39,
    BookingId(UUID(int=1)),
    WishId(UUID(int=4)),
    at("12:00"),
)
_OFFER = waiting.OfferMade(
    BookingId(UUID(int=1)),
    WishId(UUID(int=3)),
    39,
    2,
    at("10:00"),
    (waiting.PassedOver(Passed.NOT_WANTED, (17,)),),
    True,
)
_RULE: dict[str, object] = {"rule": "eat_season", "on": 41}
_MEASURED = surge.Measured("cards_ready_unbooked", 612.0, 450.0, 350.0, 75, 60, 1440, 1)
_OWN: dict[str, dict[str, object]] = {
    "offer_accepted": {"moved": BookingId(UUID(int=1))},
    "wish_ended": {"reason": waiting.EndReason.OVER},
    "held": {"receipt": "0123456789abcdef"},
    "booked_by_staff": {"reason": "crowd"},
    "cancelled": {"reason": booking.CancelReason.OFFICE},
    "swapped": {"reason": booking.SwapReason.ILLNESS},
    "restored": {
        "was": BookingState.NO_SHOW,
        "reason": booking.RestoreReason.CAME_LATE,
    },
    "numbers_reserved": {"day": "2026-11-23", "first": 40, "many": 100, "device": 3},
    "person_sought": {"reason": "lost_code", "found": 1},
    "hand_accepted": {"why": floor.WhyNext("accepted", 4, 15)},
    "called": {"why": floor.WhyNext("emergency_floor", 12, 15, 3)},
    "planned": {"day": date(2026, 11, 23)},
    "recounted": {"bookings": (_BOOKING,)},
    "cards_recorded": {"states": {"in_safe": 1, "ready": 2}},
    "configured": {"subjects": ("office", "limit:desks")},
    "surge_decided": {
        **_RULE,
        "outcome": "fired",
        "reason": "cooldown",
        "measured": _MEASURED,
        "measures": (
            surge.Measure("open_counters", "pickup", 2, at("13:00"), at("16:00"), 10, 36, 2),
        ),
        "wave": 2,
        "ends": at("2026-12-04 16:00"),
        "places_before": 60,
        "places_after": 110,
        "days_to_clear": 5,
    },
    "surge_approved": {**_RULE, "complete": False, "ends": at("2026-12-04 16:00")},
    "surge_declined": _RULE,
    "surge_overridden": {
        **_RULE,
        "act": "start",
        "reason": "crowd",
        "until": at("12:00"),
        "ends": at("16:00"),
        "measures": (
            surge.Measure("open_counters", "pickup", 2, at("13:00"), at("16:00"), 10, 36, 2),
        ),
        "places_before": 60,
        "places_after": 110,
    },
    "surge_ended": {**_RULE, "why": "cleared", "measured": _MEASURED},
}


def sample(tag: str) -> Fact:
    """A fact of that tag with every field filled."""
    kind = TAGS[tag]
    module = kind.__module__.rpartition(".")[2]
    shared: dict[str, object] = {"cells": _CELLS}
    if module == "booking":
        shared["bookings"] = (_BOOKING,)
    if module == "waiting":
        offers = (_OFFER,)
        shared |= {"bookings": (_BOOKING,), "wishes": (_WISH,), "offers": offers, "seen": 38}
    if module == "floor":
        visit = _JOURNEY if tag in _OF_THE_FLOOR else _VISIT
        shared |= {"bookings": (_BOOKING,), "visits": (visit,)}
    if tag == "desk_changed":
        shared = {"desks": (_DESK,)}
    if tag in ("numbers_reserved", "person_sought"):
        shared = {}
    if kind in (capacity.Configured, capacity.ClockSet) or module == "surge":
        shared = {}
    made: Fact = kind(**shared, **_OWN.get(tag, {}))
    return made


def test_every_released_tag_has_its_sample_and_no_sample_lost_its_tag() -> None:
    assert {file.stem for file in SAMPLES.glob("*.json")} == set(TAGS)


@pytest.mark.parametrize("tag", sorted(TAGS))
def test_a_released_body_is_read_as_it_was_meant(tag: str) -> None:
    stored = (SAMPLES / f"{tag}.json").read_text("utf-8").rstrip("\n")
    assert read(stored, tag) == sample(tag)


@pytest.mark.parametrize("tag", sorted(TAGS))
def test_a_released_body_keeps_its_names_so_that_older_programs_read_it(tag: str) -> None:
    stored = msgspec.json.decode((SAMPLES / f"{tag}.json").read_text("utf-8"))
    written = msgspec.json.decode(encode(sample(tag)))
    assert stored.items() <= written.items()


@pytest.mark.parametrize("tag", sorted(TAGS))
def test_a_body_with_nothing_but_its_tag_is_read_where_all_fields_have_defaults(tag: str) -> None:
    body = '{"tag":"planned","day":"2026-11-23"}' if tag == "planned" else f'{{"tag":"{tag}"}}'
    assert encode(read(body, tag)) == body


def test_a_body_with_a_field_of_a_newer_version_is_still_read() -> None:
    assert read('{"tag":"held","colour":"green"}', "held") == booking.Held()


if __name__ == "__main__":
    SAMPLES.mkdir(exist_ok=True)
    for name in TAGS:
        file = SAMPLES / f"{name}.json"
        if not file.exists():
            file.write_text(encode(sample(name)) + "\n", "utf-8")

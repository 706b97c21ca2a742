"""Cards: which state may follow which, who may book one, and what a list changes."""

from datetime import UTC, date, timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.events.booking import Lapsed
from queue_service.events.cards import CardsRecorded
from queue_service.model.booking import BookingState
from queue_service.model.card import Card, CardState, Why
from queue_service.model.refusal import Code, Refusal
from queue_service.model.world import Told, World
from queue_service.slots import card_list, cards
from queue_service.slots.cards import Recorded, Said
from tests import make

DAY = date(2026, 11, 20)
S = CardState
BOUND = BookingState.HELD, BookingState.PENDING, BookingState.BOOKED, BookingState.ARRIVED


def card(state: CardState = S.READY, **more: object) -> Card:
    return msgspec.structs.replace(Card(b"k" * 16, state, DAY), **more)


def world(*known: Card, bookings: tuple[object, ...] = ()) -> World:
    keys = {each.key: each for each in known}
    return World(
        make.NOW,
        cards={bytes([n]) * 16: None for n in range(9)} | keys,  # type: ignore[arg-type]  # None: unknown
        bookings={b.id: b for b in bookings},  # type: ignore[attr-defined]  # objects with an id, of a strategy
    )


@pytest.mark.parametrize(
    ("path", "ends"),
    [
        ([S.ORDERED, S.PRODUCED, S.DELIVERED, S.RECORDED, S.READY, S.OFFERED, S.BOOKED], False),
        ([S.BOOKED, S.HANDED_OUT], True),
        ([S.ORDERED, S.DIRECT_SHIPPED], True),
        ([S.DELIVERED, S.RE_ORDERED, S.ORDERED], False),
        ([S.READY, S.POSTED], True),
        ([S.OFFERED, S.READY], False),
        ([S.OFFERED, S.IN_SAFE], False),
        ([S.BOOKED, S.READY], False),
    ],
)
def test_a_card_goes_the_ways_of_the_handbook(path: list[CardState], ends: bool) -> None:
    for before, after in pairwise(path):
        assert after in cards.TRANSITIONS[before]
    assert (cards.TRANSITIONS[path[-1]] == frozenset()) is ends


def test_nothing_becomes_ready_without_having_been_recorded_before() -> None:
    ways = {before for before, after in cards.TRANSITIONS.items() if S.READY in after}
    assert ways == {S.RECORDED, S.OFFERED, S.BOOKED, S.IN_SAFE}


@pytest.mark.parametrize("state", list(BookingState))
def test_a_card_stands_as_its_booking_does(state: BookingState) -> None:
    bound = card(booking=make.uuid(), booking_state=state)
    expected = {
        **dict.fromkeys(BOUND, S.BOOKED),
        BookingState.OFFERED: S.OFFERED,
        BookingState.SERVED: S.HANDED_OUT,
    }.get(state, S.READY)
    assert cards.standing(bound) is expected
    assert cards.bookable(bound) is (expected is S.READY)


@given(st.sampled_from(S), st.sampled_from([None, *BookingState]))
def test_only_what_stands_ready_can_be_booked(
    state: CardState, booking: BookingState | None
) -> None:
    known = card(state, booking=make.uuid() if booking else None, booking_state=booking)
    assert cards.bookable(known) is (cards.standing(known) is S.READY)
    assert not cards.bookable(None)


def test_unknown_not_ready_and_booked_cards_get_the_same_answer() -> None:
    unready = card(S.DELIVERED)
    taken = card(booking=make.uuid(), booking_state=BookingState.BOOKED)
    answers = {cards.refused([each]) for each in (None, unready, taken)}
    assert answers == {(1,)}


def told(booking: object) -> Told:
    return Told(CardsRecorded(), bookings=(booking,))  # type: ignore[arg-type]  # a booking


def test_all_cards_of_a_family_are_bound_or_none() -> None:
    held = make.booking()
    ready = [card(key=bytes([n]) * 16) for n in range(3)]
    bound = cards.claimed(world(*ready), told(held), [c.key for c in ready], held.id)
    assert isinstance(bound, Told)
    assert [c.booking for c in bound.cards] == [held.id] * 3
    late = [*ready[:2], card(S.RECORDED, key=bytes([2]) * 16)]
    refused = cards.claimed(world(*late), told(held), [c.key for c in late], held.id)
    assert refused == Refusal(Code.CARD_NOT_READY, {"cards": [3]})


def test_one_card_is_not_bound_twice_by_one_booking() -> None:
    held, ready = make.booking(), card()
    refused = cards.claimed(world(ready), told(held), [ready.key, ready.key], held.id)
    assert isinstance(refused, Refusal)


def test_the_second_of_two_in_one_turn_finds_the_card_taken_until_the_first_gives_it_back() -> None:
    first, second, ready = make.booking(), make.booking(), card()
    here = world(ready)
    given_ = cards.claimed(here, told(first), [ready.key], first.id)
    assert isinstance(given_, Told)
    here.take(given_, 1)
    assert isinstance(cards.claimed(here, told(second), [ready.key], second.id), Refusal)
    gone = msgspec.structs.replace(first, state=BookingState.CANCELLED)
    here.take(told(gone), 2)
    assert isinstance(cards.claimed(here, told(second), [ready.key], second.id), Told)


def test_whoever_changes_the_time_takes_the_card_along() -> None:
    old, new, ready = make.booking(), make.booking(), card()
    bound = msgspec.structs.replace(ready, booking=old.id, booking_state=BookingState.HELD)
    again = cards.claimed(world(bound), told(new), [ready.key], new.id, replaces=old.id)
    assert isinstance(again, Told)
    assert again.cards[0].booking == new.id


def test_the_third_offer_that_runs_out_puts_a_card_into_the_safe() -> None:
    once = cards.lapsed(card(), DAY)
    twice = cards.lapsed(once, DAY)
    assert [once.state, twice.state, cards.lapsed(twice, DAY).state] == [
        S.READY,
        S.READY,
        S.IN_SAFE,
    ]


def test_an_offer_that_ran_out_counts_against_a_card_unless_it_was_booked_meanwhile() -> None:
    free = card(lapses=2)
    booked = card(key=b"b" * 16, lapses=2, booking_state=BookingState.BOOKED)
    lapsed = msgspec.structs.replace(told(make.booking()), fact=Lapsed())
    after = cards.given_up(lapsed, [free, booked], DAY)
    assert [(c.key, c.state, c.lapses) for c in after.cards] == [(free.key, S.IN_SAFE, 3)]
    assert after.fact == Lapsed(safe=1)
    assert cards.given_up(lapsed, [booked], DAY) is lapsed


rows = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from(sorted(cards.RECORDABLE)), st.integers(0, 5)),
    max_size=12,
)


def taken(here: World, said: list[Said]) -> Recorded:
    answer = cards.record(here, said, zone=make.BERLIN)
    if isinstance(answer, Recorded):
        return answer
    here.take(answer, 1)
    assert isinstance(answer.answer, Recorded)
    return answer.answer


@given(rows, rows)
def test_a_list_moves_cards_only_as_they_may_and_the_same_list_again_changes_nothing(
    first: list[tuple[int, CardState, int]], second: list[tuple[int, CardState, int]]
) -> None:
    here = world()
    keys = [bytes([n]) * 16 for n in range(5)]
    for given_ in (first, second):
        said = [
            Said(line, keys[k], state, DAY + timedelta(days=d))
            for line, (k, state, d) in enumerate(given_, 2)
        ]
        before = {key: here.card(key) for key in keys}
        done = taken(here, said)
        counted = done.changed + done.same + done.older + len(done.doubts)
        assert counted >= len({k for k, _, _ in given_})
        for key, was in before.items():
            now = here.card(key)
            if was is not None and now is not None:
                assert now.state in cards.REACHABLE[was.state]
                assert now.since >= was.since
    latest = {key: here.card(key) for key in keys}
    repeat = [Said(9, k, c.state, c.since) for k, c in latest.items() if c is not None]
    assert taken(here, repeat).changed == 0


def test_a_row_that_would_leave_somebody_with_an_appointment_standing_is_doubted() -> None:
    booked = card(booking=make.uuid(), booking_state=BookingState.BOOKED)
    done = cards.record(world(booked), [Said(7, booked.key, S.POSTED, DAY)], zone=make.BERLIN)
    assert isinstance(done, Recorded)
    assert [d.line for d in done.doubts] == [7]
    out = cards.record(world(booked), [Said(7, booked.key, S.HANDED_OUT, DAY)], zone=make.BERLIN)
    assert isinstance(out, Told)


def test_a_list_is_read_in_german_or_english_and_bad_rows_are_named_by_line() -> None:
    text = (
        "Seriennummer;Status;Datum\nYZ1 234;abholbereit;20.11.2026\n\n"
        '"AB-99 x";in_safe;2026-11-21\n'
        "x;bereit;20.11.2026\nAB123;unterwegs;20.11.2026\nAB124;bereit;gestern\nAB125;bereit\n"
    )
    found = card_list.read(text)
    assert [(r.line, card_list.plain(r.serial), r.state, r.since) for r in found.rows] == [
        (2, "YZ1234", S.READY, DAY),
        (4, "AB99X", S.IN_SAFE, DAY + timedelta(days=1)),
    ]
    assert [d.line for d in found.doubts] == [5, 6, 7, 8]
    whys = [d.why for d in found.doubts]
    assert whys == [Why.SERIAL, Why.STATE, Why.DATE, Why.TOO_SHORT]
    assert "AB12" not in " ".join(d.said for d in found.doubts)


@pytest.mark.parametrize(
    "typed", ["yz1 234", "YZ-1234", "YZ\u0661\u0662\u0663\u0664", "\uff39Z\uff11234"]
)
def test_a_card_is_the_same_whatever_keyboard_its_number_is_typed_on(typed: str) -> None:
    assert card_list.plain(typed) == "YZ1234"


@pytest.mark.parametrize("text", ["", "serial,state\nA1234,ready\n", "a,b,c\n"])
def test_a_list_without_its_columns_is_doubted_as_a_whole(text: str) -> None:
    found = card_list.read(text)
    assert found.rows == ()
    assert [d.line for d in found.doubts] == [1]


def test_a_stray_quote_costs_no_other_row_of_a_list() -> None:
    head = "serial,state,date,note\n"
    rows = [f'AA1000{n},ready,2026-11-20,"open\n' for n in range(9)]
    found = card_list.read(head + "".join(rows))
    assert [row.line for row in found.rows] == list(range(2, 11))
    early = card_list.read(head + '"AA10000,ready,2026-11-20,\nAA10001,ready,2026-11-20,\n')
    assert ([row.line for row in early.rows], [d.line for d in early.doubts]) == ([3], [2])


def test_what_spreadsheets_write_above_the_header_is_passed_over() -> None:
    for above, line in (
        ("\n\n", 4),
        ("sep=;\n", 3),
        ("SEP=;\n\n", 4),
        ('"sep=;"\n', 3),
        ("sep=;;;\n", 3),
        (";;\n \n", 4),
    ):
        found = card_list.read(f"{above}serial;state;date\nAA10001;ready;2026-11-20\n")
        assert [row.line for row in found.rows] == [line], above
        assert found.doubts == ()
    many = card_list.read("\n" * 1_000_000 + "serial;state;date\nAA10001;ready;2026-11-20\n")
    assert [row.line for row in many.rows] == [1_000_002]
    tabs = card_list.read("sep=\t\nserial\tstate\tdate\nAA10001\tready\t2026-11-20\n")
    assert [row.line for row in tabs.rows] == [3]


@pytest.mark.parametrize("sign", ['"', " ", "x", "\0"])
def test_a_separator_that_is_none_breaks_nothing(sign: str) -> None:
    found = card_list.read(f"sep={sign}\nserial;state;date\nAA10001;ready;2026-11-20\n")
    assert found.rows == ()
    assert [d.why for d in found.doubts] == [Why.NO_COLUMNS]


def test_a_file_that_is_no_list_is_not_answered_row_by_row() -> None:
    found = card_list.read("serial,state,date\n" + "nonsense\n" * 5_000)
    assert len(found.doubts) == card_list.MOST_DOUBTS + 1
    assert found.doubts[-1].why is Why.TOO_MANY_DOUBTS


def test_a_day_to_come_is_doubted_and_locks_no_card() -> None:
    late, today = card(S.DELIVERED), make.NOW.date()
    done = taken(world(late), [Said(2, late.key, S.READY, today + timedelta(days=1))])
    assert [(d.line, d.why) for d in done.doubts] == [(2, Why.NOT_YET)]
    locked = card(S.DELIVERED, since=today.replace(year=2062))
    assert taken(world(locked), [Said(2, locked.key, S.READY, today)]).changed == 1


def test_a_list_of_the_night_is_of_the_offices_day() -> None:
    """A turn counts in UTC, where it is still yesterday."""
    midnight = make.at("2026-11-24 00:30").astimezone(UTC)
    late = card(S.DELIVERED)
    here = World(midnight, cards={late.key: late})
    said = [Said(n, late.key, S.READY, make.NOW.date() + timedelta(days=n)) for n in (2, 1)]
    done = taken(here, said)
    assert (done.changed, [d.line for d in done.doubts]) == (1, [2])


@given(st.text(max_size=200))
def test_no_text_breaks_the_reading_of_a_list(text: str) -> None:
    card_list.read("serial,state,date\n" + text)


def test_the_next_check_is_a_day_on_which_the_office_is_open() -> None:
    office, friday = make.office(), date(2026, 11, 20)
    assert cards.next_check(office, friday, 1, frozenset()) == date(2026, 11, 23)
    holiday = frozenset({date(2026, 11, 23)})
    assert cards.next_check(office, friday, 1, holiday) == date(2026, 11, 24)

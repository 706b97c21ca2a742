"""Ticket numbers: never twice, from anywhere, and silent about how many came."""

from collections import Counter
from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.kiosk import ticket
from queue_service.model.office import Tickets
from queue_service.model.visit import TicketSeries

DAY = date(2026, 11, 23)
LETTERS = Tickets().letters
A_LETTER = 900


def numbers(series: TicketSeries, many: int, letters: str = LETTERS) -> list[str]:
    found = []
    for _ in range(many):
        number, series = ticket.next_number(series, letters)
        found.append(number)
    return found


@given(st.integers(0), st.integers(1, 3_000))
def test_however_many_come_no_number_is_given_twice(seed: int, many: int) -> None:
    found = numbers(ticket.open_series(DAY, LETTERS, Random(seed)), many)
    assert len(set(found)) == many


def test_all_numbers_of_a_day_are_used_before_one_comes_again() -> None:
    letters = "ABC"
    found = numbers(TicketSeries(DAY, "B", 500), len(letters) * A_LETTER, letters)
    assert len(set(found)) == len(found)
    assert Counter(n[0] for n in found) == dict.fromkeys(letters, A_LETTER)


@given(st.integers(0), st.integers(0, 20_000))
def test_a_number_is_a_letter_of_the_office_and_three_digits(seed: int, issued: int) -> None:
    opened = ticket.open_series(DAY, LETTERS, Random(seed))
    series = TicketSeries(DAY, opened.letter, opened.start, issued)
    number, after = ticket.next_number(series, LETTERS)
    assert number[0] in LETTERS
    assert 100 <= int(number[1:]) <= 999
    assert len(number) == 4
    assert after.issued == issued + 1
    assert (after.day, after.letter, after.start) == (series.day, series.letter, series.start)


def test_the_first_number_says_nothing() -> None:
    firsts = [
        ticket.next_number(ticket.open_series(DAY, LETTERS, Random(seed)), LETTERS)[0]
        for seed in range(2_000)
    ]
    assert {n[0] for n in firsts} == set(LETTERS)
    assert len({n[1:] for n in firsts}) > 700


def test_letters_that_look_like_digits_are_not_used() -> None:
    assert not set("IO") & set(LETTERS)


@pytest.mark.parametrize("issued", [0, 5, A_LETTER + 5])
def test_a_letter_that_went_out_of_use_during_the_day_stops_nobody(issued: int) -> None:
    series = TicketSeries(DAY, "Q", 100, issued)
    number, after = ticket.next_number(series, "ABC")
    assert number[0] in "ABC"
    assert ticket.next_number(after, "ABC")[0] != number

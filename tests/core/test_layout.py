"""Sizes on the lobby screen against the table of the screens handbook."""

import pytest

from display.layout import (
    CALL_MM_PER_M,
    CAP_HEIGHT,
    ROW_MM_PER_M,
    picture_height_mm,
    sizes,
)

TABLE = {
    32: (398, {5: (22, 6), 8: (35, 3), 10: None, 12: None}),
    43: (535, {5: (16, 6), 8: (26, 5), 10: (32, 4), 12: None}),
    55: (685, {5: (13, 6), 8: (20, 6), 10: (25, 5), 12: (30, 4)}),
    65: (809, {5: (11, 6), 8: (17, 6), 10: (22, 6), 12: (26, 5)}),
    75: (934, {5: (10, 6), 8: (15, 6), 10: (19, 6), 12: (22, 6)}),
}
CELLS = [(inch, metres, cell) for inch, (_, row) in TABLE.items() for metres, cell in row.items()]


@pytest.mark.parametrize("inch", TABLE)
def test_the_height_of_the_picture_is_that_of_the_table(inch: int) -> None:
    assert picture_height_mm(inch) == pytest.approx(TABLE[inch][0], abs=1)


@pytest.mark.parametrize(("inch", "metres", "cell"), CELLS)
def test_call_size_and_rows_are_those_of_the_table(
    inch: int, metres: int, cell: tuple[int, int] | None
) -> None:
    found = sizes(diagonal=inch, distance=metres)
    if cell is None:
        assert not found.fits
    else:
        assert found.fits
        assert (found.call_vh, found.rows) == cell


@pytest.mark.parametrize("portrait", [False, True])
@pytest.mark.parametrize("inch", [32, 55, 75])
@pytest.mark.parametrize("metres", [3, 5, 8, 12])
def test_capitals_are_never_smaller_than_the_norm(inch: int, metres: int, portrait: bool) -> None:
    found = sizes(diagonal=inch, distance=metres, portrait=portrait)
    height = picture_height_mm(inch, portrait=portrait)
    if not found.fits:
        return
    assert found.call_vh / 100 * height * CAP_HEIGHT >= CALL_MM_PER_M * metres
    assert found.row_vh / 100 * height * CAP_HEIGHT >= ROW_MM_PER_M * metres


def test_a_screen_that_is_too_small_names_the_one_to_buy() -> None:
    assert sizes(diagonal=32, distance=10).advice_inch == 43
    assert sizes(diagonal=43, distance=12).advice_inch == 55


def test_a_hall_too_deep_for_any_screen_still_gets_an_answer() -> None:
    found = sizes(diagonal=32, distance=60)
    assert not found.fits
    assert found.rows >= 1
    assert found.advice_inch == 98


def test_a_screen_too_small_is_used_as_far_as_it_reaches() -> None:
    found = sizes(diagonal=32, distance=10)
    assert found.call_vh == sizes(diagonal=32, distance=8).call_vh


def test_times_since_the_call_give_way_before_anything_else() -> None:
    assert sizes(diagonal=55, distance=8).ages
    assert not sizes(diagonal=55, distance=12).ages


def test_a_portrait_screen_holds_the_list_below_the_call() -> None:
    found = sizes(diagonal=55, distance=8, portrait=True)
    assert found.fits
    assert found.call_vh < sizes(diagonal=55, distance=8).call_vh
    assert found.rows >= 4


def test_a_long_sentence_takes_its_lines_from_the_list_on_a_portrait_screen_only() -> None:
    short, long = (
        sizes(diagonal=43, distance=8, portrait=True, longest=signs) for signs in (12, 36)
    )
    assert (short.lines, long.lines) == (1, 3)
    assert long.rows < short.rows
    assert sizes(diagonal=43, distance=8, longest=36) == sizes(diagonal=43, distance=8)

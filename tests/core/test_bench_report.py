"""Goals are judged, figures summed up and requests parsed as the benches rely on it."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.load import KEY, Plan, _questions
from bench.report import (
    GOALS,
    Conditions,
    Goal,
    as_json,
    as_table,
    judge,
    median,
    percentile,
    report,
)
from bench.wire import complete, request

CONDITIONS = Conditions("abc", 2, "1", "15.18", 0.1, 0.35, 9)
NUMBERS = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=60)


@pytest.mark.parametrize(
    ("op", "figure", "holds"),
    [
        (">=", 0.18, True),
        (">=", 0.1799, False),
        ("<=", 0.18, True),
        ("<=", 0.19, False),
        (">", 0.18, False),
        (">", 0.19, True),
        ("<", 0.18, False),
        ("<", 0.17, True),
        ("==", 0.18, True),
        ("==", 0.2, False),
    ],
)
def test_a_goal_holds_when_its_figure_keeps_the_bound(op: str, figure: float, holds: bool) -> None:
    (judged,) = judge({"ratio": figure}, [Goal("ratio", op, 0.18)])
    assert judged.holds is holds


@pytest.mark.parametrize("figures", [{}, {"ratio": math.nan}])
def test_a_figure_that_is_missing_keeps_no_goal(figures: dict[str, float]) -> None:
    assert not judge(figures, [Goal("ratio", "<=", 3)])[0].holds


def test_a_race_that_shows_no_overbooking_without_guards_fails() -> None:
    exact = {"oversold": 0, "undersold": 0, "wrong_refusals": 0, "lost_cells": 0}
    assert not report("race", CONDITIONS, exact | {"control_oversold": 0}).holds
    assert report("race", CONDITIONS, exact | {"control_oversold": 4}).holds


def test_every_goal_names_a_figure_of_the_published_list() -> None:
    published = {
        "race": "oversold undersold rounds wrong_refusals lost_cells control_oversold",
        "crowd": "decided_500_s loser_p99_500_s decided_2000_s oversold undersold errors_5xx",
        "book": "holds_over_hello_w1 holds_over_hello_w2 sold_out_over_hello_w1 "
        "in_process_over_unbatched in_process_over_insert",
        "availability": "month_over_hello not_modified_over_hello",
        "sharing": "stuttgart_unservable stuttgart_wrongly_refused stuttgart_over_greedy "
        "heidelberg_unservable heidelberg_wrongly_refused heidelberg_over_greedy",
        "month": "cost_1m_over_1k three_months_seven_offices_p95_ms",
        "edit": "visible_s longest_wait_ms",
        "wait": "error_over_naive p80_coverage cpu_ms_80_waiting p99_with_over_without",
        "waiting": "filled_share doubts two_offers",
        "floor": "called_twice skipped duplicate_numbers next_p95_16_over_1 "
        "next_p95_crowd_over_alone",
        "surge": "switches_a_day in_target_gain_points emergencies_in_15min_share",
        "heidelberg": "wrong_steps skipped called_twice wait_over_15_share "
        "emergencies_in_10min_share report_differences",
        "fanout": "p99_over_redis_1000 board_p95_ms board_p99_ms lost_events",
    }
    assert set(GOALS) == set(published)
    for name, goals in GOALS.items():
        assert {goal.figure for goal in goals} <= set(published[name].split())


def test_the_json_has_name_conditions_figures_and_goals() -> None:
    done = report("availability", CONDITIONS, {"month_over_hello": 0.91234567})
    said = msgspec.json.decode(as_json(done))
    assert list(said) == ["name", "conditions", "figures", "goals"]
    assert said["figures"] == {"month_over_hello": 0.9123}
    assert said["goals"][0] == {
        "figure": "month_over_hello",
        "op": ">=",
        "bound": 0.8,
        "holds": True,
    }
    assert "A GOAL WAS MISSED" in as_table(done)


def test_a_percentile_is_the_smallest_value_that_covers_the_share() -> None:
    values = list(range(1, 101))
    assert percentile(values, 0.5) == 50
    assert percentile(values, 0.99) == 99
    assert percentile(values, 1) == 100
    assert percentile([7.0], 0.01) == 7.0
    assert math.isnan(percentile([], 0.5))


@pytest.mark.parametrize("share", [0, -0.1, 1.1])
def test_a_percentile_of_no_share_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        percentile([1.0], share)


@given(NUMBERS, st.floats(0.01, 1))
def test_a_percentile_is_one_of_the_values_and_covers_its_share(
    values: list[float], share: float
) -> None:
    found = percentile(values, share)
    assert found in values
    covered = sum(value <= found for value in values)
    assert covered >= share * len(values) - 1e-6


@given(NUMBERS)
def test_a_median_has_as_many_above_as_below(values: list[float]) -> None:
    middle = median(values)
    assert sum(v < middle for v in values) <= len(values) / 2
    assert sum(v > middle for v in values) <= len(values) / 2


def test_an_answer_is_cut_at_its_content_length() -> None:
    answer = b"HTTP/1.1 409 Conflict\r\nserver: x\r\ncontent-length: 4\r\n\r\nbody"
    assert complete(answer + b"HTTP/1.1 200") == (answer.index(b"body"), len(answer), 409)
    assert complete(answer[:-1])[1] == -1
    assert complete(answer[:30])[1] == -1


def test_an_answer_without_body_ends_with_its_head() -> None:
    answer = b"HTTP/1.1 304 Not Modified\r\netag: x\r\n\r\n"
    assert complete(answer) == (len(answer), len(answer), 304)


def test_a_header_in_capitals_is_found() -> None:
    assert complete(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")[1:] == (40, 200)


def test_an_answer_of_unknown_length_is_an_error_not_a_guess() -> None:
    with pytest.raises(ValueError, match="content length"):
        complete(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")


def test_every_request_of_a_run_has_a_key_of_its_own() -> None:
    wish = request("POST", "/holds", {"a": 1}, {"idempotency-key": KEY.decode()})
    questions = _questions(Plan((1,), (wish, wish), run="holds-3"))
    seen = {next(questions) for _ in range(50)}
    assert len(seen) == 50
    assert all(b"idempotency-key: holds-3-" in question for question in seen)
    assert len({len(question) for question in seen}) == 1


def test_a_request_says_how_long_its_body_is() -> None:
    assert request("POST", "/x", {"a": 1}).endswith(b'content-length: 7\r\n\r\n{"a":1}')
    assert b"content-length: 0" in request("POST", "/x")
    assert b"content-length" not in request("GET", "/x")

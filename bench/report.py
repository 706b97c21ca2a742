"""What a bench hands back: figures under fixed names, their goals and the conditions of the run.

Knows nothing of how a figure is measured.
"""

import math
import operator
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
}


class Goal(msgspec.Struct, frozen=True):
    """A bound that a figure has to keep; `op` is one of ``>= <= > < ==``."""

    figure: str
    op: str
    bound: float


class Judged(msgspec.Struct, frozen=True):
    """A goal and whether this run kept it; a figure that is missing keeps nothing."""

    figure: str
    op: str
    bound: float
    holds: bool


class Conditions(msgspec.Struct, frozen=True):
    """Under what the figures came about; without them no figure means anything."""

    commit: str
    cores: int
    workers: str
    postgresql: str
    load_before: float
    generator_cpu_share: float
    rounds: int
    remarks: tuple[str, ...] = ()


class Report(msgspec.Struct, frozen=True):
    """One run of one bench, as printed by ``--json``."""

    name: str
    conditions: Conditions
    figures: dict[str, float]
    goals: tuple[Judged, ...]

    @property
    def holds(self) -> bool:
        """Whether every goal was kept."""
        return all(goal.holds for goal in self.goals)


GOALS: dict[str, tuple[Goal, ...]] = {
    "wait": (
        Goal("error_over_naive", "<=", 0.6),
        Goal("p80_coverage", ">=", 0.77),
        Goal("p80_coverage", "<=", 0.83),
        Goal("cpu_ms_80_waiting", "<=", 50),
        Goal("p99_with_over_without", "<=", 1.5),
    ),
    "race": (
        Goal("oversold", "==", 0),
        Goal("undersold", "==", 0),
        Goal("wrong_refusals", "==", 0),
        Goal("lost_cells", "==", 0),
        Goal("control_oversold", ">", 0),
    ),
    "book": (
        Goal("holds_over_hello_w1", ">=", 0.18),
        Goal("holds_over_hello_w2", ">=", 0.13),
        Goal("sold_out_over_hello_w1", ">=", 0.45),
        Goal("in_process_over_unbatched", ">=", 5),
        Goal("in_process_over_insert", ">=", 0.4),
    ),
    "crowd": (
        Goal("decided_500_s", "<", 0.5),
        Goal("loser_p99_500_s", "<", 0.4),
        Goal("decided_2000_s", "<", 1),
        Goal("oversold", "==", 0),
        Goal("undersold", "==", 0),
        Goal("errors_5xx", "==", 0),
    ),
    "month": (
        Goal("cost_1m_over_1k", "<=", 1.2),
        Goal("three_months_seven_offices_p95_ms", "<=", 60),
    ),
    "availability": (
        Goal("month_over_hello", ">=", 0.8),
        Goal("not_modified_over_hello", ">=", 0.85),
    ),
    "sharing": tuple(
        goal
        for slug in ("stuttgart", "heidelberg")
        for goal in (
            Goal(f"{slug}_unservable", "==", 0),
            Goal(f"{slug}_wrongly_refused", "==", 0),
            Goal(f"{slug}_over_greedy", ">", 1),
        )
    ),
    "waiting": (
        Goal("filled_share", ">=", 0.9),
        Goal("doubts", "==", 0),
        Goal("two_offers", "==", 0),
    ),
    "floor": (
        Goal("called_twice", "==", 0),
        Goal("skipped", "==", 0),
        Goal("duplicate_numbers", "==", 0),
        Goal("next_p95_16_over_1", "<=", 3),
        Goal("next_p95_crowd_over_alone", "<=", 4),
    ),
    "heidelberg": (
        Goal("wrong_steps", "==", 0),
        Goal("skipped", "==", 0),
        Goal("called_twice", "==", 0),
        Goal("wait_over_15_share", "<", 0.02),
        Goal("emergencies_in_10min_share", "==", 1),
        Goal("report_differences", "==", 0),
    ),
    "surge": (
        Goal("switches_a_day", "<=", 6),
        Goal("in_target_gain_points", ">=", 30),
        Goal("emergencies_in_15min_share", ">=", 0.99),
    ),
    "edit": (
        Goal("visible_s", "<=", 1),
        Goal("longest_wait_ms", "<=", 50),
    ),
    "fanout": (
        Goal("p99_over_redis_1000", "<=", 3),
        Goal("board_p95_ms", "<=", 300),
        Goal("board_p99_ms", "<=", 500),
        Goal("lost_events", "==", 0),
    ),
}
"""The bounds a release has to keep, by bench."""


def judge(figures: Mapping[str, float], goals: Sequence[Goal]) -> tuple[Judged, ...]:
    """Hold each goal against its figure; missing and not-a-number figures fail."""
    return tuple(
        Judged(goal.figure, goal.op, goal.bound, _kept(figures.get(goal.figure), goal))
        for goal in goals
    )


def _kept(figure: float | None, goal: Goal) -> bool:
    if figure is None or math.isnan(figure):
        return False
    return _COMPARE[goal.op](figure, goal.bound)


def report(name: str, conditions: Conditions, figures: Mapping[str, float]) -> Report:
    """The report of one run, judged by the goals of its bench."""
    rounded = {key: round(value, 4) for key, value in figures.items()}
    return Report(name, conditions, rounded, judge(figures, GOALS.get(name, ())))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed; NaN of nothing."""
    if not values:
        return math.nan
    if not 0 < share <= 1:
        raise ValueError(f"share must lie in (0, 1], not {share}")
    ordered = sorted(values)
    return ordered[math.ceil(share * len(ordered)) - 1]


def median(values: Sequence[float]) -> float:
    """The middle value, or the mean of the two in the middle; NaN of nothing."""
    if not values:
        return math.nan
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def conditions(
    *,
    workers: str,
    postgresql: str,
    load_before: float,
    generator_cpu_share: float,
    rounds: int,
    remarks: Sequence[str] = (),
) -> Conditions:
    """The conditions of this run, with commit and cores read from where it runs."""
    return Conditions(
        commit=_commit(),
        cores=len(os.sched_getaffinity(0)),
        workers=workers,
        postgresql=postgresql,
        load_before=round(load_before, 2),
        generator_cpu_share=round(generator_cpu_share, 3),
        rounds=rounds,
        remarks=tuple(remarks),
    )


def _commit() -> str:
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return found.stdout.strip() or "unknown"


def as_json(done: Report) -> str:
    """The report as one JSON object; a figure that could not be measured is null."""
    return msgspec.json.encode(done).decode()


def as_table(done: Report) -> str:
    """The report for people: goals first, then every other figure, then the conditions."""
    judged = {goal.figure: goal for goal in done.goals}
    lines = [f"bench {done.name}: {'all goals kept' if done.holds else 'A GOAL WAS MISSED'}", ""]
    for goal in done.goals:
        figure = done.figures.get(goal.figure, math.nan)
        mark = "ok" if goal.holds else "MISSED"
        lines.append(f"  {goal.figure:<34}{figure:>14,.4g}   {goal.op} {goal.bound:<8g}{mark}")
    lines.append("")
    for name, figure in done.figures.items():
        if name not in judged:
            lines.append(f"  {name:<34}{figure:>14,.4g}")
    lines.append("")
    for name, value in msgspec.structs.asdict(done.conditions).items():
        if name != "remarks":
            lines.append(f"  {name:<34}{value!s:>14}")
    lines.extend(f"  note: {remark}" for remark in done.conditions.remarks)
    return "\n".join(lines)

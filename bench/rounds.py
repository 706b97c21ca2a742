"""Alternation: the yardstick runs before each thing measured, and only ratios of a round count."""

from collections.abc import Mapping

import msgspec

from bench.load import Load, Plan, load
from bench.report import median


class Measured(msgspec.Struct, frozen=True):
    """One thing measured: its plan and the status every answer must have."""

    plan: Plan
    status: int


class Paired(msgspec.Struct):
    """What the rounds gave: ratios and loads by name, and the generator's highest CPU share."""

    ratios: dict[str, list[float]] = {}
    loads: dict[str, list[Load]] = {}
    yardsticks: list[Load] = []
    cpu_share: float = 0.0

    def ratio(self, name: str) -> float:
        """The median ratio to the yardstick."""
        return median(self.ratios.get(name, []))

    def rate(self, name: str, status: int) -> float:
        """The median rate, for the reader's sense of scale only."""
        return median([done.rate(status) for done in self.loads.get(name, [])])

    def hello(self) -> float:
        """The median rate of the yardstick."""
        return median([done.rate(200) for done in self.yardsticks])


def alternate(yardstick: Plan, things: Mapping[str, Measured], rounds: int) -> Paired:
    """Run yardstick and thing in turn, each thing once a round beside a yardstick of its own.

    Which of the two runs first changes from round to round, so that a drift of the machine falls on
    both. Raises RuntimeError when an answer has another status than its thing allows.
    """
    paired = Paired()
    for number in range(rounds):
        for name, thing in things.items():
            run = f"{name}-{number}"
            plan = msgspec.structs.replace(thing.plan, run=run)
            if number % 2:
                done, hello = load(plan), load(yardstick)
            else:
                hello, done = load(yardstick), load(plan)
            paired.ratios.setdefault(name, []).append(done.only(thing.status) / hello.only(200))
            paired.loads.setdefault(name, []).append(done)
            paired.yardsticks.append(hello)
            paired.cpu_share = max(paired.cpu_share, done.cpu_share, hello.cpu_share)
    return paired

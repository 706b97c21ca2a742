"""Alternation: the yardstick runs before and after each thing; only ratios of neighbours count."""

from collections.abc import Mapping

import msgspec

from bench.load import Load, Plan, load
from bench.report import median, percentile


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

    def spread(self, name: str) -> str:
        """The middle half of the ratios, for the reader's sense of noise."""
        ratios = self.ratios.get(name, [])
        return f"{name}: {percentile(ratios, 0.25):.2f} to {percentile(ratios, 0.75):.2f}"

    def rate(self, name: str, status: int) -> float:
        """The median rate, for the reader's sense of scale only."""
        return median([done.rate(status) for done in self.loads.get(name, [])])

    def hello(self) -> float:
        """The median rate of the yardstick."""
        return median([done.rate(200) for done in self.yardsticks])


def alternate(yardstick: Plan, things: Mapping[str, Measured], rounds: int) -> Paired:
    """Run the yardstick before and after each thing, every thing once a round.

    A thing is compared with the mean of its two neighbours, so that a drift of the machine falls on
    both sides. Raises RuntimeError when an answer has another status than its thing allows.
    """
    paired = Paired()
    before = load(yardstick)
    for number in range(rounds):
        for name, thing in things.items():
            done = load(msgspec.structs.replace(thing.plan, run=f"{name}-{number}"))
            after = load(yardstick)
            hello = (before.only(200) + after.only(200)) / 2
            paired.ratios.setdefault(name, []).append(done.only(thing.status) / hello)
            paired.loads.setdefault(name, []).append(done)
            paired.yardsticks.append(after)
            paired.cpu_share = max(paired.cpu_share, done.cpu_share, after.cpu_share)
            before = after
    return paired

"""Where surge actions fall: an office, its layers, what is taken, who is there; and its guards."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property

import msgspec

from queue_service.model.ids import Tick
from queue_service.model.layer import Layer, Origin
from queue_service.model.office import Limit, Office, Period, Taker
from queue_service.slots import capacity, desks

Capacities = dict[str, dict[Tick, int]]
"""Limit → tick → places."""


class Ground(msgspec.Struct, frozen=True, dict=True):
    """Where actions fall: the office in force, all its layers, what is taken, who is there."""

    office: Office
    holidays: frozenset[date] = frozenset()
    layers: tuple[Layer, ...] = ()
    taken: Mapping[str, Mapping[Tick, int]] = {}
    """Limit → tick → places taken."""
    staff: Mapping[date, int] = {}
    """People who can sit at a desk that day, where it is not the office's usual number."""
    on_duty: int = 0
    """Counters that are open now."""

    def with_layers(self, more: Iterable[Layer]) -> "Ground":
        """The ground once `more` layers lie on it."""
        return msgspec.structs.replace(self, layers=(*self.layers, *more))

    def present(self, day: date) -> int:
        """How many desks can be staffed on that day."""
        usual = self.office.staff.present or len(self.office.counters)
        return self.staff.get(day, usual)

    def absent(self, day: date) -> dict[int, int]:
        """How many counters are absent in each tick of that day; those come on top of `present`."""
        if day not in self._absent_days:
            self._absent_days[day] = capacity.absences(self.office, day, self.layers)
        return self._absent_days[day]

    def capacities(self, day: date) -> Capacities:
        """Places of every limit of bookings by time on that day."""
        return self._capacities(day, self.layers, self._days)

    def usually_open(self, day: date) -> Capacities:
        """The same without what surge rules laid: who opens doors opens them for its own desks."""
        usual = tuple(layer for layer in self.layers if layer.origin is not Origin.SURGE)
        return self._capacities(day, usual, self._usual_days)

    def _capacities(
        self, day: date, layers: tuple[Layer, ...], known: dict[date, Capacities]
    ) -> Capacities:
        if day not in known:
            limits = self.desk_limits
            known[day] = capacity.cells(self.office, limits, day, self.holidays, layers)
        return known[day]

    @cached_property
    def _days(self) -> dict[date, Capacities]:
        return {}

    @cached_property
    def _absent_days(self) -> dict[date, dict[int, int]]:
        return {}

    @cached_property
    def _usual_days(self) -> dict[date, Capacities]:
        return {}

    @cached_property
    def desk_limits(self) -> tuple[Limit, ...]:
        """Limits counted in ticks by bookings; those only whole families take from are left out."""
        return tuple(
            limit
            for limit in self.office.limits
            if limit.period is Period.TICK and limit.taker is Taker.BOOKING and not limit.together
        )

    def limit(self, key: str) -> Limit:
        """The limit of that key; raises LookupError when a layer took it away."""
        found = next((limit for limit in self.desk_limits if limit.key == key), None)
        if found is None:
            raise LookupError(key)
        return found

    def beside(self, target: Limit) -> tuple[Limit, ...]:
        """The other limits that visits for services of `target` take from as well."""
        wanted = set(target.services)
        return tuple(
            one
            for one in self.desk_limits
            if one.key != target.key and not wanted.isdisjoint(one.services)
        )

    def places(self, target: Limit, day: date) -> int:
        """How many visits of the limit's shortest kind fit into that day."""
        have = self.capacities(day)
        shared = [have[limit.key] for limit in (target, *self.beside(target))]
        fit = {tick: min(each.get(tick, 0) for each in shared) for tick in shared[0]}
        return desks.places(fit, desks.step_ticks(self.office, target))


def broken_guard(before: Ground, after: Ground, days: Iterable[date]) -> str:
    """The guard that the new layers break where the day kept it before; empty for none."""
    for day in days:
        old, new = before.capacities(day), after.capacities(day)
        for minimum in after.office.surge.minimum:
            had, has = old.get(minimum.limit, {}), new.get(minimum.limit, {})
            if any(has[t] < min(minimum.places, had.get(t, 0)) for t in has):
                return "minimum"
        most, absent = after.present(day), after.absent(day)
        grown = _desks_grown(after.desk_limits, old, new, absent)
        if any(needed + missing > most for needed, missing in grown):
            return "staff"
    return ""


def _desks_grown(
    limits: tuple[Limit, ...], old: Capacities, new: Capacities, absent: Mapping[int, int]
) -> Iterator[tuple[int, int]]:
    """Desks needed, and absent, at every moment that needs more of them than before."""
    seen: set[tuple[int, ...]] = set()
    every = sorted({tick for each in new.values() for tick in each})
    for tick in every:
        then = tuple(old[limit.key].get(tick, 0) for limit in limits)
        now = tuple(new[limit.key].get(tick, 0) for limit in limits)
        missing = absent.get(tick, 0)
        if then == now or (*now, missing) in seen:
            continue
        seen.add((*now, missing))
        needed = desks.desks_needed(limits, now)
        if needed > desks.desks_needed(limits, then):
            yield needed, missing

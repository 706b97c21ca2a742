"""One day of a preset as the bench of shared desks sees it: limits, matching, and a clerk's book.

What runs and what is counted stands in `sharing`.
"""

import random
import tomllib
from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import msgspec

from bench.matching import Desks, matched, without_one_desk
from queue_service.model.booking import Part
from queue_service.model.ids import LimitId, ServiceCode, Tick
from queue_service.model.office import Office
from queue_service.model.refusal import Refusal
from queue_service.model.world import Cell, CellKey, World
from queue_service.offices import read
from queue_service.offices.sharing import Sharing, desks_for, skills
from queue_service.slots import capacity, claims, openings
from queue_service.slots.calendar import instant_of, windows


class Asked(msgspec.Struct, frozen=True):
    """A wish that passed the office's rules, with what it would take."""

    parts: tuple[Part, ...]
    ticks: range
    cells: tuple[CellKey, ...]
    desks: Desks
    """Those that can do all of it."""
    sharing: Desks
    """Those that can do what shares desks by the table; none when nothing of it does."""


class Shared:
    """One preset with its table ``[sharing]``: what a visit needs, and what is always taken."""

    def __init__(self, folder: Path) -> None:
        office = read(folder)
        if not isinstance(office, Office):
            raise RuntimeError(f"{folder} has faults: queue-service check {folder}")
        self.office = office
        table = tomllib.loads((folder / "office.toml").read_text("utf-8"))["sharing"]
        self.sharing = msgspec.convert(table, Sharing)
        self.numbers = {limit.key: LimitId(n) for n, limit in enumerate(office.limits)}
        self.shared = skills(office, self.sharing)
        self.own = {self.numbers[limit.key] for limit in office.limits if not limit.counters}
        """Limits beside the table: quotas, and emergencies with hours of their own."""
        self.kept: tuple[Desks, ...] = tuple(
            frozenset(map(str, desks_for(office, self.sharing, kept.services)))
            for kept in self.sharing.kept
            for _ in range(kept.desks)
        )
        self.bookable = [s.code for s in office.services if s.bookable]

    def cells(self, day: date) -> dict[CellKey, int]:
        """The capacity of every cell of `day`."""
        planned = capacity.cells(self.office, self.office.limits, day, frozenset())
        return {
            (self.numbers[key], tick): places
            for key, cells in planned.items()
            for tick, places in cells.items()
        }

    def asked(self, day: date, chance: random.Random, *, several: float) -> Asked:
        """A random wish on `day`."""
        codes = [chance.choice(self.bookable)]
        if chance.random() < several and codes[0] in self.shared:
            others = [code for code in self.shared if code not in codes]
            more = [code for code in others if self.desks_of((*codes, code))]
            codes += chance.sample(more, bool(more))
        most = {service.code: service.max_persons for service in self.office.services}
        parts = tuple(Part(code, min(most[code], chance.choice((1, 1, 2, 3)))) for code in codes)
        request = openings.request(self.office, parts)
        if isinstance(request, Refusal):
            raise RuntimeError(f"{codes}: {request.code}")
        [(opens, closes), *_] = windows(self.office, (), day, frozenset())
        step = timedelta(minutes=self.office.booking.grid_minutes)
        room = closes - opens - timedelta(minutes=request.minutes)
        start = opens + step * chance.randrange(room // step + 1)
        limits = [self.numbers[key] for key in request.limits]
        taken = claims.cells_of(limits, start, start + timedelta(minutes=request.minutes))
        ticks = range(taken[0][1], taken[0][1] + request.ticks)
        shared = [code for code in codes if code in self.shared]
        sharing = self.desks_of(shared) if shared else frozenset()
        return Asked(parts, ticks, taken, self.desks_of(codes), sharing)

    def desks_of(self, codes: Iterable[ServiceCode]) -> Desks:
        """The desks that can do all of it; nobody is sent from one desk to another."""
        return frozenset.intersection(*(self._served(code) for code in codes))

    def _served(self, code: ServiceCode) -> Desks:
        desks = self.shared.get(code) or desks_for(self.office, Sharing(), (code,))
        return frozenset(map(str, desks))


class Day:
    """One day as each of the three sees it."""

    def __init__(self, shared: Shared, day: date) -> None:
        self.shared, self.day = shared, day
        self.capacity = shared.cells(day)
        self.taken = dict.fromkeys(self.capacity, 0)
        self.booked: list[Asked] = []
        self.seats: dict[int, str] = {}
        self.busy: set[tuple[str, int]] = set()
        self.greedy_taken = dict.fromkeys(self.capacity, 0)

    def fits(self, asked: Asked) -> bool:
        """What the office decides: the real claim on the real cells."""
        cells: dict[CellKey, Cell | None] = {
            key: Cell(self.capacity[key], self.taken[key]) if key in self.capacity else None
            for key in asked.cells
        }
        world = World(instant_of(Tick(asked.ticks.start)), cells=cells)
        return claims.fits(world, dict.fromkeys(asked.cells, 1)) is None

    def could(self, asked: Asked) -> bool:
        """Whether at every tick everybody, this one too, could have a desk and no quota is over."""
        for cell in asked.cells:
            if cell not in self.capacity:
                return False
            if cell[0] in self.shared.own and self.taken[cell] >= self.capacity[cell]:
                return False
        return all(self.matches(tick, asked) for tick in asked.ticks)

    def matches(self, tick: int, more: Asked | None = None) -> bool:
        """Whether everybody at `tick` can have a desk beside those that are kept."""
        here = [visit for visit in self.booked if tick in visit.ticks] + [more] * bool(more)
        sharing = [visit.sharing for visit in here if visit and visit.sharing]
        return _all_matched(_sorted([*sharing, *self.shared.kept]))

    def everybody(self, tick: int) -> bool:
        """Whether everybody at `tick` can have a desk at all, those beside the table too."""
        return _all_matched(_sorted(visit.desks for visit in self.booked if tick in visit.ticks))

    def book(self, asked: Asked) -> None:
        """Take it."""
        self.booked.append(asked)
        for cell in asked.cells:
            self.taken[cell] += 1

    def cancel(self, asked: Asked) -> None:
        """Give it back."""
        if asked not in self.booked:
            return
        self.booked.remove(asked)
        for cell in asked.cells:
            self.taken[cell] -= 1

    def seat(self, asked: Asked) -> bool:
        """What a clerk does who writes each visit down at the first desk free for all of it."""
        quotas = [cell for cell in asked.cells if cell[0] in self.shared.own]
        if any(cell not in self.capacity for cell in asked.cells):
            return False
        if any(self.greedy_taken[cell] >= self.capacity[cell] for cell in quotas):
            return False
        held = self._held_back()
        able = _in_order(asked.sharing - held)
        seat = next((desk for desk in able if self._is_free(desk, asked.ticks)), "")
        if asked.sharing and not seat:
            return False
        self.seats[id(asked)] = seat
        self.busy |= {(seat, tick) for tick in asked.ticks}
        for cell in quotas:
            self.greedy_taken[cell] += 1
        return True

    def unseat(self, asked: Asked) -> None:
        """The clerk strikes it out, when it stands there."""
        seat = self.seats.pop(id(asked), None)
        if seat is None:
            return
        self.busy -= {(seat, tick) for tick in asked.ticks}
        for cell in asked.cells:
            if cell[0] in self.shared.own:
                self.greedy_taken[cell] -= 1

    def _held_back(self) -> Desks:
        """The last desks, as many as are kept."""
        held: frozenset[str] = frozenset()
        for desks in self.shared.kept:
            held |= {_in_order(desks - held)[-1]}
        return held

    def _is_free(self, desk: str, ticks: range) -> bool:
        return not any((desk, tick) in self.busy for tick in ticks)

    def without_one_desk(self, *, kept: bool) -> int:
        """How many could not keep one desk; with `kept` beside the desks kept all day."""
        whole = range(min(t for _, t in self.capacity), max(t for _, t in self.capacity) + 1)
        visits = [(v.ticks, v.sharing) for v in self.booked if v.sharing]
        visits += [(whole, desks) for desks in self.shared.kept if kept]
        return without_one_desk(visits, [c.key for c in self.shared.office.counters])


@cache
def _all_matched(visits: tuple[Desks, ...]) -> bool:
    return matched(visits) == len(visits)


def _sorted(visits: Iterable[Desks]) -> tuple[Desks, ...]:
    """The same visits in one order, so that what was tried once is known."""
    return tuple(sorted(visits, key=sorted))


def _in_order(desks: Desks) -> list[str]:
    return sorted(desks, key=lambda key: (len(key), key))

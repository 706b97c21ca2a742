"""Plays a day over HTTP: kiosk, guide and desks as clients, at office time that is moved by hand.

Each client knows what its screen would tell it and nothing more; what they did is judged by others
from the journal.
"""

import heapq
import itertools
import math
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, timedelta

import msgspec

from bench import racing
from bench.heidelberg_day import MINUTES, Visitor, opens
from bench.heidelberg_door import Door, good
from queue_service.model.office import Office
from queue_service.model.visit import Step

DESKS = ("1", "2", "3", "4", "5", "6")
FEE_STATION = "8"
CLOSED = ("7",)
"""The day is played with six desks; only the cash point stands beside them."""
STEP = timedelta(seconds=10)
"""Office time moves in such steps."""
WALK = timedelta(seconds=40)
TRIAGE = timedelta(seconds=30)
NOT_HERE = timedelta(minutes=2)
AWAY = timedelta(minutes=10)
PATIENCE = timedelta(minutes=6)
"""When no case worker is free so long, one asks their visitor to wait and takes the emergency."""
BREAK = timedelta(minutes=20)
BREAKS_FROM = timedelta(hours=4)
Act = Callable[[datetime], Awaitable[None]]


class Replay:
    """One day, event by event."""

    def __init__(self, door: Door, office: Office, visitors: Sequence[Visitor], day: date) -> None:
        """Nothing has happened yet."""
        self._door, self._ask = door, door.ask
        self._home = f"/api/v1/offices/{door.slug}"
        self._office = office
        self._visitors = visitors
        self._events: list[tuple[datetime, int, Act]] = []
        self._order = itertools.count()
        self._opens = opens(day)
        self._now = self._opens - timedelta(days=1)
        self._by_number: dict[str, Visitor] = {}
        self._codes: dict[int, str] = {}
        self._idle: dict[str, None] = {}
        self._pauses: set[str] = set()
        self._happened: set[str] = set()
        self._passed = False
        self._serving: dict[str, tuple[str, Visitor]] = {}
        self._put_off: dict[str, str] = {}
        """Counter → who was asked to wait there for an emergency."""

    async def book(self) -> None:
        """The day before: appointments are made, by staff."""
        for n, visitor in enumerate(self._visitors):
            if visitor.booked is None:
                continue
            wish = racing.wish(visitor.service, visitor.booked)
            wish |= {"applicant": {"name": f"Besuch {n}"}, "exceed_reason": "crowd"}
            made = await self._ask("POST", f"{self._home}/bookings", wish, "manager", ok=(201,))
            self._codes[n] = str(made["code"])

    async def play(self) -> None:
        """The day, from before the doors open until nobody is left."""
        await self._clock(self._opens - timedelta(minutes=10))
        for counter in (*DESKS, FEE_STATION):
            await self._state(counter, "open")
        for counter in CLOSED:
            await self._state(counter, "closed", by=FEE_STATION)
        for n, visitor in enumerate(self._visitors):
            self._at(visitor.at, self._arrives(n, visitor))
        for n, counter in enumerate(DESKS):
            self._at(self._opens + BREAKS_FROM + n * BREAK, self._wants_a_break(counter))
        self._idle = dict.fromkeys((*DESKS, FEE_STATION))
        while self._events:
            at, _, act = heapq.heappop(self._events)
            await self._clock(at)
            await act(at)

    # Who comes

    def _arrives(self, n: int, visitor: Visitor) -> Act:
        async def act(at: datetime) -> None:
            if visitor.emergency:
                await self._guide_takes(visitor, at)
                return
            wish: dict[str, object] = {"code": self._codes.get(n)}
            if visitor.booked is None:
                wish = {"walk_in": {"service": visitor.service, "language": "de"}}
            given = await self._ask("POST", "/api/v1/kiosk/check-ins", wish, "kiosk", ok=(201,))
            self._by_number[str(given["number"])] = visitor
            await self._wake(at)

        return act

    async def _guide_takes(self, visitor: Visitor, at: datetime) -> None:
        """A number at the tablet, a look at whose it is, and over to any case worker."""
        wish = {"walk_in": {"service": visitor.service, "language": "ar"}}
        given = await self._ask("POST", "/api/v1/kiosk/check-ins", wish, "tablet", ok=(201,))
        number = str(given["number"])
        self._by_number[number] = visitor

        async def over(then: datetime) -> None:
            seen = await self._looked(number)
            if seen["state"] == "waiting":  # else a case worker was faster
                said = {"sentence": "Flug in neun Stunden"}
                path = f"/api/v1/visits/{seen['visit']}/hand-over"
                await self._ask("POST", path, said, "tablet")
                self._at(then + PATIENCE, self._presses(str(seen["visit"])))
                await self._wake(then)

        self._at(at + TRIAGE, over)
        await self._wake(at)

    async def _looked(self, number: str) -> dict[str, object]:
        """Somebody's visit, as the tablet shows it."""
        path = f"/api/v1/guide/{self._door.slug}/looks"
        seen = await self._ask("POST", path, {"said": number}, "tablet")
        return msgspec.convert(seen["visit"], dict[str, object])

    # What desks do

    async def _wake(self, at: datetime) -> None:
        """The screens of idle desks moved: each presses next."""
        for counter in tuple(self._idle):
            await self._free(counter, at)

    async def _free(self, counter: str, at: datetime) -> None:
        """A desk without anybody: its break, an emergency handed over, or the next in line."""
        self._idle.pop(counter, None)
        if counter in self._pauses:
            await self._break(counter, at)
            return
        shown = await self._accepted(counter) or await self._next(counter)
        if shown is None:
            self._idle[counter] = None
            return
        current = msgspec.convert(shown["current"], dict[str, object])
        visit, visitor = str(current["visit"]), self._by_number[str(current["number"])]
        if self._once(visitor, "undone"):
            await self._ask("POST", f"/api/v1/visits/{visit}/undo", None, counter)
            await self._free(counter, at)
        elif visitor.absent and f"absent {visit}" not in self._happened:
            self._happened.add(f"absent {visit}")
            self._at(at + NOT_HERE, self._missed(counter, visit))
        else:
            self._at(at + WALK, self._starts(counter, visit, visitor))

    def _presses(self, visit: str) -> Act:
        """Still not accepted: a case worker parks whom they serve and takes it."""

        async def act(at: datetime) -> None:
            told = await self._ask("GET", f"{self._home}/hands", None, "6")
            waits = msgspec.convert(told["hands"], list[dict[str, object]])
            busy = next((c for c in DESKS[4:] if c in self._serving), None)
            if busy is None or visit not in [hand["visit"] for hand in waits]:
                return
            there, _ = self._serving.pop(busy)
            self._put_off[busy] = there
            await self._ask("POST", f"/api/v1/visits/{there}/park", {"reason": "other"}, busy)
            body = {"counter": f"{self._door.slug}.{busy}"}
            shown = await self._ask("POST", f"/api/v1/visits/{visit}/accept", body, busy)
            current = msgspec.convert(shown["current"], dict[str, object])
            visitor = self._by_number[str(current["number"])]
            self._at(at + WALK, self._starts(busy, visit, visitor))

        return act

    async def _accepted(self, counter: str) -> dict[str, object] | None:
        """A case worker takes the first emergency handed over; the very first is passed once."""
        place = self._office.counter(counter)
        if place is None or Step.CASE_WORKER not in place.steps:
            return None
        told = await self._ask("GET", f"{self._home}/hands", None, counter)
        for hand in msgspec.convert(told["hands"], list[dict[str, object]]):
            path = f"/api/v1/visits/{hand['visit']}"
            if not self._passed and self._can_pass():
                self._passed = True
                await self._ask("POST", f"{path}/pass", None, counter)
                continue
            if hand["passed"]:
                continue
            body = {"counter": f"{self._door.slug}.{counter}"}
            return await self._ask("POST", f"{path}/accept", body, counter)
        return None

    def _can_pass(self) -> bool:
        """Whether case workers are two different people here."""
        workers = [self._door.tokens[c.key] for c in self._office.counters if c.key in DESKS[4:]]
        return len(set(workers)) > 1

    async def _next(self, counter: str) -> dict[str, object] | None:
        path = f"/api/v1/desks/{self._door.slug}.{counter}/next"
        answer = await self._door.say("POST", path, None, counter)
        if answer.status == 409 and answer.json()["code"] == "nobody_waiting":
            return None
        return good(answer, (200,), path)

    def _missed(self, counter: str, visit: str) -> Act:
        async def act(at: datetime) -> None:
            await self._ask("POST", f"/api/v1/visits/{visit}/missed", None, counter)
            await self._free(counter, at)
            await self._wake(at)

        return act

    def _starts(self, counter: str, visit: str, visitor: Visitor) -> Act:
        async def act(at: datetime) -> None:
            await self._ask("POST", f"/api/v1/visits/{visit}/start", None, counter)
            self._serving[counter] = visit, visitor
            minutes = MINUTES["FEE"] if counter == FEE_STATION else visitor.minutes
            self._at(at + timedelta(minutes=minutes), self._ends(counter, visit, visitor))

        return act

    def _ends(self, counter: str, visit: str, visitor: Visitor) -> Act:
        async def act(at: datetime) -> None:
            path = f"/api/v1/visits/{visit}"
            if self._serving.get(counter, ("", None))[0] != visit:
                return  # asked to wait meanwhile
            if self._once(visitor, "parked"):
                await self._ask("POST", f"{path}/park", {"reason": "papers"}, counter)
                self._at(at + AWAY, self._returns(counter, visit))
            elif self._once(visitor, "forwarded") and counter in DESKS[:4]:
                to = "2" if counter == "1" else "1"
                said = {"to": to, "sentence": "Kennt den Fall"}
                await self._ask("POST", f"{path}/forward", said, counter)
            elif self._once(visitor, "added") and counter in DESKS[:4]:
                await self._ask("POST", f"{path}/add", {"service": "DOCS"}, counter)
                self._at(
                    at + timedelta(minutes=MINUTES["DOCS"]), self._ends(counter, visit, visitor)
                )
                return
            else:
                await self._ask("POST", f"{path}/finish", None, counter)
            del self._serving[counter]
            again = self._put_off.pop(counter, None)
            if again is not None:
                await self._ask("POST", f"/api/v1/visits/{again}/resume", None, counter)
            await self._free(counter, at)
            await self._wake(at)

        return act

    def _returns(self, counter: str, visit: str) -> Act:
        async def act(at: datetime) -> None:
            await self._ask("POST", f"/api/v1/visits/{visit}/resume", None, counter)
            await self._wake(at)

        return act

    def _wants_a_break(self, counter: str) -> Act:
        async def act(at: datetime) -> None:
            self._pauses.add(counter)
            if counter in self._idle:
                await self._free(counter, at)

        return act

    async def _break(self, counter: str, at: datetime) -> None:
        self._pauses.discard(counter)
        await self._state(counter, "break")

        async def back(then: datetime) -> None:
            await self._state(counter, "open")
            await self._free(counter, then)

        self._at(at + BREAK, back)

    # How they ask

    def _once(self, visitor: Visitor, what: str) -> bool:
        """Whether `what` happens to somebody, for the first time."""
        mark = f"{what} {visitor.at.isoformat()}"
        if visitor.turn != what or mark in self._happened:
            return False
        self._happened.add(mark)
        return True

    def _at(self, at: datetime, act: Act) -> None:
        steps = math.ceil((at - self._opens) / STEP)
        heapq.heappush(self._events, (self._opens + steps * STEP, next(self._order), act))

    async def _clock(self, at: datetime) -> None:
        if at > self._now:
            self._now = at
            await self._door.move_clock(at)

    async def _state(self, counter: str, state: str, by: str = "") -> None:
        path = f"/api/v1/desks/{self._door.slug}.{counter}/state"
        await self._ask("PUT", path, {"state": state}, by or counter)

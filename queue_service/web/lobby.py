"""Lends the house to the lobby screens: boards, live channels and opening hours.

The board itself is folded in `display.board`; here it is only kept up to date from what the
follower remembers, and loaded anew when that no longer reaches back.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from litestar import Request, Response

from display.board import Board, Opening
from queue_service.events.chapters import AnyFact
from queue_service.events.entry import Entry
from queue_service.flows.access.devices import by_key
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.ids import split_address
from queue_service.model.office import Office, OfficeClock
from queue_service.model.refusal import Refusal
from queue_service.offices import public_holidays
from queue_service.rights import Role
from queue_service.slots.calendar import windows
from queue_service.store import devices
from queue_service.store.database import UNANSWERED, transaction
from queue_service.views.waits import Waits
from queue_service.web.access import DEVICE_COOKIE
from queue_service.web.live import Channel
from queue_service.web.pages import refused, spoken
from queue_service.web.problems import problem

LOOK_AHEAD_DAYS = 14
"""How far the next opening is looked for; longer closures show no day."""
LOOK_AGAIN = timedelta(minutes=5)
"""How soon a screen asks again whether the last ones waiting have gone."""


class Stage:
    """One office as its screens see it: the board after the follower's last entry."""

    def __init__(self, followed: Followed) -> None:
        self.source = followed
        self.channel: Channel | None = None
        self._board = self._load()

    @property
    def office(self) -> Office:
        """Everything in force."""
        return self.source.office

    @property
    def clock(self) -> OfficeClock:
        """How office time runs."""
        return self.source.clock

    @property
    def waits(self) -> Waits:
        """The waits as last played forward."""
        return self.source.waits

    def now(self) -> datetime:
        """Office time."""
        return self.source.now()

    @property
    def board(self) -> Board:
        """The calls after the follower's last entry."""
        recent = self.source.recent(self._board.seq)
        if recent is None or self._board.seq > self.source.seq:
            self._board = self._load()
        for entry, fact in recent or ():
            self._board = self._board.apply(entry.seq, fact)
        return self._board

    def _load(self) -> Board:
        return Board.load(self.source.line.called(), self.source.seq)


class HouseLobby:
    """The lobby of one process; made once, so that all screens of an office share a channel."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._stages: dict[str, Stage] = {}

    def followed(self, office: str) -> Stage | None:
        """The office of that name; None if there is none."""
        followed = self._house.follower.office(office)
        if followed is None:
            return None
        stage = self._stages.get(office)
        if stage is None or stage.source is not followed:
            stage = self._stages[office] = Stage(followed)
        return stage

    async def enrolled(self, display: str) -> bool:
        """Whether a display of that id is enrolled and not revoked."""
        slug, key = split_address(display)
        office = self._house.follower.office(slug)
        if office is None or "\0" in key:
            return False
        async with transaction(self._house.pool, office.key.authority) as connection:
            device = await devices.device_by_key(connection, office.key.office, key)
        return device is not None and not device.revoked and device.role == Role.DISPLAY

    async def stays(self, display: str) -> bool:
        """Whether an open screen may go on; no answer of the database ends none."""
        try:
            return await self.enrolled(display)
        except UNANSWERED:
            return True

    async def carries(self, request: Request[Any, Any, Any], display: str) -> bool:
        """Whether the browser that asks is this display, by the key it carries."""
        slug, key = split_address(display)
        actor = await by_key(self._house, request.cookies.get(DEVICE_COOKIE, ""))
        return actor is not None and (actor.office, actor.name) == (slug, key)

    def channel(
        self,
        office: str,
        told: Callable[[Entry, AnyFact], tuple[str, bytes] | None],
        snapshot: Callable[[], tuple[int, bytes]],
    ) -> Channel:
        """The one channel of that office."""
        stage = self.followed(office)
        if stage is None:
            raise LookupError(office)
        if stage.channel is None:
            closing = self._house.closing
            stage.channel = Channel(stage.source, closing, told=told, snapshot=snapshot)
        return stage.channel

    def opening(self, office: str) -> Opening:
        """Whether the office is open now; it is while somebody still waits."""
        stage = self.followed(office)
        if stage is None:
            return Opening(open=True)
        now = stage.now()
        found = opening(stage.office, now)
        if not found.open and stage.source.line.waiting(now):
            return Opening(open=True, turns=now + LOOK_AGAIN)
        return found

    def refuse(self, request: Request[Any, Any, Any], refusal: Refusal) -> Response[Any]:
        """The answer that says no: JSON for programs, a page for people before a screen."""
        if request.url.path.startswith("/api/"):
            return problem(request, refusal)
        language = spoken(request)
        return refused(request, language, refusal, onward=f"/{language}", here="")


def opening(office: Office, now: datetime) -> Opening:
    """Whether `office` is open at `now` by its hours, closures and public holidays."""
    today = now.astimezone(office.tz).date()
    last = today + timedelta(days=LOOK_AHEAD_DAYS)
    holidays = public_holidays(office.land, {today.year, last.year})
    for ahead in range(LOOK_AHEAD_DAYS + 1):
        for opens, closes in windows(office, (), today + timedelta(days=ahead), holidays):
            if opens <= now < closes:
                return Opening(open=True, turns=closes)
            if opens > now:
                return Opening(open=False, opens=opens, turns=opens)
    return Opening(open=False)

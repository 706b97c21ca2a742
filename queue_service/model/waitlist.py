"""The waiting list inside a turn: what a decision may ask of it, and what an act changes."""

from collections.abc import Iterable, Mapping

import msgspec
from msgspec.structs import replace

from queue_service.model.booking import LIVE, Booking, BookingState, share_group
from queue_service.model.ids import WishId
from queue_service.model.waiting import Offer, Waiting, Wish, WishPerson, WishState


class WaitingNeeds(msgspec.Struct, frozen=True):
    """Where on the list a decision may look."""

    wishes: tuple[WishId, ...] = ()
    people: tuple[bytes, ...] = ()
    """Whose open wishes."""
    all: bool = False
    """Everybody on it."""


class WaitingTold(msgspec.Struct, frozen=True):
    """Rows of the list after an accepted act."""

    wishes: tuple[Wish, ...] = ()
    offers: tuple[Offer, ...] = ()
    people: tuple[WishPerson, ...] = ()


class WaitingList:
    """The list as read under the lock, with every accepted act on top."""

    def __init__(
        self,
        *,
        named: Mapping[WishId, Wish | None] = {},
        of: Mapping[bytes, Iterable[Wish]] = {},
        everybody: Iterable[Waiting] | None = None,
    ) -> None:
        """Take over what was read; absent rows are named with None."""
        self._named = dict(named)
        self._of = {key: {wish.id: wish for wish in wishes} for key, wishes in of.items()}
        self._all = None if everybody is None else {each.wish.id: each for each in everybody}
        self._by_person: dict[bytes, set[WishId]] = {}
        for each in (self._all or {}).values():
            self._by_person.setdefault(each.wish.person_key, set()).add(each.wish.id)

    def wish(self, wish: WishId) -> Wish | None:
        """The wish, or None; raises LookupError for one that was not named."""
        return self._named[wish]

    def of(self, person: bytes) -> list[Wish]:
        """The open wishes of a person; raises LookupError for one that was not named."""
        return list(self._of[person].values())

    def all(self) -> list[Waiting]:
        """Everybody on the list, in no order; raises LookupError where that was not asked for."""
        if self._all is None:
            raise LookupError("the waiting list was not named")
        return list(self._all.values())

    def given_up(self) -> list[Booking]:
        """Appointments that an offer may bring forward in this turn, unasked: none unless `all`.

        Of people who want to come sooner and are in the house: they accept at once.
        """
        listed = (self._all or {}).values()
        return [each.live for each in listed if each.live is not None and each.wish.here]

    def take(self, told: WaitingTold, seq: int) -> None:
        """Put the rows of an accepted act on top."""
        for wish in told.wishes:
            self._take_wish(written(wish, seq))

    def _take_wish(self, wish: Wish) -> None:
        open_ = wish.state is WishState.OPEN
        self._named[wish.id] = wish
        mine = self._of.get(wish.person_key)
        if mine is not None:
            mine.pop(wish.id, None)
            if open_:
                mine[wish.id] = wish
        if self._all is None:
            return
        old = self._all.pop(wish.id, None)
        if open_:
            self._all[wish.id] = replace(old, wish=wish) if old else Waiting(wish)
            self._by_person.setdefault(wish.person_key, set()).add(wish.id)

    def take_booking(self, booking: Booking, before: Booking | None) -> None:
        """A booking changed: an offer is made or over, an appointment moved or ended."""
        if self._all is None:
            return
        offered = BookingState.OFFERED in (booking.state, before.state if before else None)
        for number in self._by_person.get(booking.person_key or booking.id.bytes, ()):
            each = self._all.get(number)
            if each is None:
                continue
            if offered:
                lapsed = booking.state is BookingState.LAPSED and each.wish.offered == booking.id
                each = replace(
                    each,
                    outstanding=booking.state is BookingState.OFFERED,
                    lapsed=each.lapsed + lapsed,
                )
            if booking.state in LIVE and share_group(booking.group, each.wish.group):
                each = replace(each, live=booking)
            elif each.live is not None and each.live.id == booking.id:
                each = replace(each, live=None)
            self._all[number] = each


def written(wish: Wish, seq: int) -> Wish:
    """The wish as entry `seq` writes it; the entry by which it joined is its number."""
    return replace(wish, seq=seq, number=wish.number or seq)


def merged(needs: Iterable[WaitingNeeds]) -> WaitingNeeds:
    """All needs of a turn in one."""
    every = list(needs)
    return WaitingNeeds(
        wishes=tuple({w for n in every for w in n.wishes}),
        people=tuple({p for n in every for p in n.people}),
        all=any(n.all for n in every),
    )

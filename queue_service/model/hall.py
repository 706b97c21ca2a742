"""The hall inside a turn: states of counters and the number blocks that kiosks keep."""

from collections.abc import Iterable, Mapping
from uuid import UUID

import msgspec

from queue_service.model.desk import Desk
from queue_service.model.ids import CounterKey
from queue_service.model.visit import TicketBlock


class HallNeeds(msgspec.Struct, frozen=True):
    """Where in the hall a decision may look, besides visits, line and series."""

    desks: bool = False
    """The state of every counter."""
    blocks: tuple[UUID, ...] = ()
    """Number blocks that kiosks keep for the hour without network."""


class HallTold(msgspec.Struct, frozen=True):
    """Rows of the hall after an accepted act."""

    desks: tuple[Desk, ...] = ()
    blocks: tuple[TicketBlock, ...] = ()


class Hall:
    """The hall as read under the lock, with every accepted act on top."""

    def __init__(
        self,
        *,
        desks: Mapping[CounterKey, Desk] | None = None,
        blocks: Mapping[UUID, TicketBlock | None] = {},
    ) -> None:
        """Take over what was read; absent blocks are named with None."""
        self._desks = None if desks is None else dict(desks)
        self._blocks = dict(blocks)

    def desk(self, counter: CounterKey) -> Desk:
        """The state of a counter, open when it never said anything.

        Raises LookupError where desks were not asked for.
        """
        return self._known().get(counter) or Desk(counter)

    def desks(self) -> list[Desk]:
        """Every counter that ever said something; raises LookupError where not asked for."""
        return list(self._known().values())

    def block(self, block: UUID) -> TicketBlock | None:
        """A kiosk's block, or None; raises LookupError for one that was not named."""
        return self._blocks[block]

    def take(self, told: HallTold, seq: int) -> None:
        """Put an accepted act on top."""
        for block in told.blocks:
            self._blocks[block.id] = block
        if self._desks is not None:
            self._desks.update((d.counter, written(d, seq)) for d in told.desks)

    def _known(self) -> dict[CounterKey, Desk]:
        if self._desks is None:
            raise LookupError("the desks were not named")
        return self._desks


def written(desk: Desk, seq: int) -> Desk:
    """The row as entry `seq` writes it."""
    return msgspec.structs.replace(desk, seq=seq)


def merged(needs: Iterable[HallNeeds]) -> HallNeeds:
    """All needs of a turn in one."""
    every = list(needs)
    blocks = frozenset[UUID]().union(*(n.blocks for n in every))
    return HallNeeds(any(n.desks for n in every), tuple(blocks))

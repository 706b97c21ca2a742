"""What a turn has settled so far: wishes become entries of the chain and rows to be written."""

import msgspec

from queue_service.chance import fresh_bytes
from queue_service.events.chapters import encode
from queue_service.events.entry import Entry, digest, link
from queue_service.flows.wish import Replayed, Wish
from queue_service.model.hall import written as written_desk
from queue_service.model.ids import ActorId
from queue_service.model.office import OfficeKey
from queue_service.model.refusal import Code, Refusal
from queue_service.model.waitlist import WaitingTold, written
from queue_service.model.world import Cell, CellKey, Told, World
from queue_service.store.access import Holder
from queue_service.store.told import Outcome
from queue_service.store.world import Locked, Receipt

_json = msgspec.json.Encoder()


class Settled:
    """One turn's wishes, each decided on what its predecessors left."""

    def __init__(
        self,
        key: OfficeKey,
        locked: Locked,
        world: World,
        known: dict[bytes, Receipt],
        holders: dict[bytes, Holder],
    ) -> None:
        """Start from the office row, the world, receipts and sessions as read."""
        self.outcome = Outcome()
        self.facts: list[msgspec.Struct] = []
        """Of the outcome's entries, one each."""
        self.real = locked.real
        self.seq = locked.seq
        self.head = locked.head
        """Number and link of the journal's end once this is committed."""
        self._office = key.office
        self._world = world
        self._known = known
        self._holders = holders

    def entries(self) -> list[tuple[Entry, msgspec.Struct]]:
        """What is to be committed, each entry with its fact, in order."""
        return list(zip(self.outcome.entries, self.facts, strict=True))

    def cells(self) -> dict[CellKey, Cell | None]:
        """The cells as these wishes leave them, without those whose capacity they set."""
        cells = self._world.cells()
        for grant in self.outcome.grants.values():
            cells.pop(grant.key, None)
        return cells

    def decide(self, wish: Wish) -> None:
        """Decide one wish; a fault in its decision fails this wish alone."""
        wish.forget()  # what an attempt that was rolled back said
        session = wish.session
        if session is not None and self._holders.get(session.hash) != session.holder:
            wish.answer = Refusal(Code.NOT_SIGNED_IN)
            return
        receipt = wish.receipt
        known = self._known.get(receipt.key) if receipt else None
        if receipt is not None and known is not None:
            same = known.digest == receipt.digest
            wish.answer = Replayed(known.answer) if same else Refusal(Code.KEY_REUSED)
            return
        try:
            told = wish.decide(self._world)
        except Exception as fault:  # noqa: BLE001 - one wish's defect must not cost its neighbours their places
            wish.fault = fault
            return
        if isinstance(told, Refusal):
            wish.answer = told
            return
        self.accept(told, wish.by)
        wish.answer, wish.seq = told.answer, self.seq
        if receipt is not None:
            answer = _json.encode(told.answer).decode()
            self._known[receipt.key] = Receipt(receipt.digest, answer)
            self.outcome.receipts.append((receipt.key, receipt.digest, answer))

    def accept(self, told: Told, by: ActorId) -> None:
        """Put an accepted wish on top of the world and into the chain."""
        self.seq += 1
        self._world.take(told, self.seq)
        self._gather(told)
        salt = fresh_bytes(8)
        body = encode(told.fact)
        now = self._world.now
        entry = Entry(
            office=self._office,
            seq=self.seq,
            recorded=now,
            happened=told.happened or now,
            by=by,
            undoes=told.undoes,
            tag=str(told.fact.__struct_config__.tag),
            body=body,
            digest=digest(salt, body),
            salt=salt,
            link=b"",
        )
        self.head = link(self.head, entry)
        self.outcome.entries.append(msgspec.structs.replace(entry, link=self.head))
        self.facts.append(told.fact)

    def _gather(self, told: Told) -> None:
        outcome, seq, replace = self.outcome, self.seq, msgspec.structs.replace
        for booking in told.bookings:
            outcome.bookings[booking.id] = replace(booking, seq=seq)
        for visit in told.visits:
            outcome.visits[visit.id] = replace(visit, seq=seq)
        self._gather_waiting(told.waiting)
        for card in told.cards:
            outcome.cards[card.key] = card
        for person in told.people:
            outcome.people[person.booking] = person
        if told.series is not None:
            outcome.series[told.series.day] = told.series
        outcome.desks.update({d.counter: written_desk(d, seq) for d in told.hall.desks})
        outcome.blocks.extend(told.hall.blocks)
        for cell, delta in told.net.items():
            outcome.net[cell] = outcome.net.get(cell, 0) + delta
        for grant in told.grants:
            outcome.grants[grant.key] = grant
        outcome.codes.extend(told.public_codes)
        outcome.layers.extend(told.layers)
        now = self._world.now
        outcome.ended_layers.update((n, at or now) for n, at in told.ended_layers.items())
        outcome.errands.extend(told.errands)
        if told.clock is not None:
            outcome.clock = told.clock

    def _gather_waiting(self, told: WaitingTold) -> None:
        outcome = self.outcome
        outcome.wishes.update({wish.id: written(wish, self.seq) for wish in told.wishes})
        outcome.wish_people.update({person.wish: person for person in told.people})
        outcome.offers.update({offer.booking: offer for offer in told.offers})

"""Why the office itself moved or cancelled somebody's appointment, as its journal has it."""

from queue_service.events.booking import Cancelled, Moved, Why
from queue_service.events.chapters import UnknownTagError, decode
from queue_service.flows.bookings.proving import Proof, find
from queue_service.house import House
from queue_service.model.refusal import Refusal
from queue_service.store import offices as store
from queue_service.store.database import transaction


async def why_changed(house: House, code: str, proof: Proof) -> Why | None:
    """What the office said when it changed this booking last; None where somebody else did."""
    found = await find(house, code, proof)
    if isinstance(found, Refusal):
        return None
    office, booking, _ = found
    async with transaction(house.pool, office.key.authority) as connection:
        entry = await store.entry(connection, office.key.office, booking.seq)
    if entry is None or entry.body is None:
        return None
    try:
        fact = decode(entry)
    except UnknownTagError:
        return None
    return fact.why if isinstance(fact, Moved | Cancelled) else None

"""Layers of managers, surge rules and disruptions: set, taken back, previewed.

Setting a layer is one turn, and an errand noted with it makes the cells follow. A layer with an
end needs nobody to end it: cells know its interval. Who may do so is left to `rights`.
"""

from collections.abc import Iterable
from uuid import uuid4

import msgspec

from queue_service.events.capacity import Configured
from queue_service.flows import errands
from queue_service.flows.capacity import cells
from queue_service.flows.capacity.cells import Days
from queue_service.flows.capacity.previewing import Preview, preview
from queue_service.flows.capacity.reach import begun, check, endable, taken_back, touched
from queue_service.flows.wish import ReceiptKey, Replayed, receipt_for
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.ids import ActorId
from queue_service.model.layer import Layer
from queue_service.model.refusal import Refusal
from queue_service.model.world import Needs, Noted, Told, World
from queue_service.store import capacity as store
from queue_service.store.database import transaction
from queue_service.store.errands import ErrandRow

__all__ = ["LayersSet", "Preview", "add", "end", "preview", "settle"]

_encode = msgspec.json.Encoder().encode


class LayersSet(msgspec.Struct, frozen=True):
    """The numbers of the layers that were set, in the order given."""

    layers: tuple[int, ...]


async def add(
    house: House,
    office: Followed,
    layers: tuple[Layer, ...],
    by: ActorId,
    *,
    key: str | None = None,
    asked: bytes = b"",
) -> tuple[int, ...] | Refusal:
    """Set layers together and let the cells of the days they touch follow; answers their numbers.

    A layer begins now at the soonest. The key stands for what was `asked`, in the words of whoever
    asked; without those for the layers as they are given. Refused with `invalid` where one is
    faulty.
    """
    receipt = receipt_for(f"layers:{office.key.slug}", key, by, asked or _encode(layers))
    given = await settle(house, office, layers, by, receipt)
    if isinstance(given, Refusal):
        return given
    if isinstance(given, Replayed):
        return msgspec.json.decode(given.answer, type=LayersSet).layers
    return given.layers


async def settle(
    house: House,
    office: Followed,
    layers: tuple[Layer, ...],
    by: ActorId,
    receipt: ReceiptKey | None,
    noted: tuple[Noted, ...] = (),
    answer: msgspec.Struct | None = None,
) -> LayersSet | Replayed | Refusal:
    """Set layers in one turn with the errands `noted`, whose running is left to the caller.

    The receipt keeps `answer`, or the numbers of the layers without one.
    """
    found = await cells.stand(house, office)
    to_be = begun(layers, found.now)
    refusal = check(found, office.office, to_be)
    if refusal is not None and receipt is None:
        return refusal
    async with transaction(house.pool, office.key.authority) as connection:
        numbers = tuple(await store.layer_numbers(connection, len(layers)))
    errand = () if refusal is not None else _errand(office, to_be)

    def decide(world: World) -> Told | Refusal:
        if refusal is not None:  # only now: a key given again is answered before
            return refusal
        stored = tuple(
            msgspec.structs.replace(layer, id=number, author=by)
            for layer, number in zip(begun(layers, world.now), numbers, strict=True)
        )
        return Told(
            Configured(subjects=_subjects(layers), layers=numbers),
            layers=stored,
            errands=(*errand, *noted),
            answer=answer or LayersSet(numbers),
        )

    done = await house.turn(office.key, by, Needs(), decide, receipt=receipt)
    if isinstance(done.answer, Refusal | Replayed):
        return done.answer
    await _follow(house, office, done.seq, errand)
    return LayersSet(numbers)


async def end(
    house: House,
    office: Followed,
    ids: tuple[int, ...],
    by: ActorId,
) -> Refusal | None:
    """Take layers back: what they would change from now on goes, and the cells follow.

    Refused with `unknown_layer` where one is not a layer of this office, or is configuration.
    """
    known = endable(await cells.stand(house, office), ids)
    if isinstance(known, Refusal):
        return known
    layers = list(known.values())
    errand = _errand(office, layers)

    def decide(world: World) -> Told | Refusal:
        ends = {n: taken_back(known[n], office.office, world.now) for n in ids}
        fact = Configured(subjects=_subjects(layers), ended=ids)
        return Told(fact, ended_layers=ends, errands=errand)

    done = await house.turn(office.key, by, Needs(), decide)
    if isinstance(done.answer, Refusal):
        return done.answer
    await _follow(house, office, done.seq, errand)
    return None


def _errand(office: Followed, layers: Iterable[Layer]) -> tuple[Noted, ...]:
    reach = touched(office, layers)
    if reach is None:
        return ()
    first, last, limits = reach
    return (Noted(uuid4(), "edit", _encode(Days(last, limits)).decode(), first.isoformat()),)


async def _follow(house: House, office: Followed, seq: int, noted: tuple[Noted, ...]) -> None:
    """Run the errand here; whoever leads runs it if this process dies."""
    await house.follower.reach(office, seq)
    for errand in noted:
        row = ErrandRow(errand.id, office.key.office, errand.kind, errand.params, errand.cursor)
        await errands.run(house, office, row, cells.edit_days)


def _subjects(layers: Iterable[Layer]) -> tuple[str, ...]:
    return tuple(sorted({layer.subject for layer in layers}))

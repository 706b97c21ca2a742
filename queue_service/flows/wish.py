"""One act that somebody wants, waiting for the office's turn."""

import asyncio
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import TypeVar

import msgspec

from queue_service.model.hall import merged as merged_hall
from queue_service.model.ids import ActorId
from queue_service.model.refusal import Code, Refusal
from queue_service.model.waitlist import merged as merged_waiting
from queue_service.model.world import Needs, Told, World
from queue_service.store.access import Holder

T = TypeVar("T")
Decide = Callable[[World], Told | Refusal]
"""Pure, leaves the world alone and may be called again: ids and chance are drawn outside."""


class ReceiptKey(msgspec.Struct, frozen=True):
    """An idempotency key with its scope, hashed, and the digest of the act it stands for."""

    key: bytes
    digest: bytes


class HeldSession(msgspec.Struct, frozen=True):
    """A session by its hash, and who held it when it was read last; the turn compares."""

    hash: bytes
    holder: Holder


class Replayed(msgspec.Struct, frozen=True):
    """The stored answer of an act that was done before, as JSON."""

    answer: str


Answer = msgspec.Struct | Refusal | None


class Done(msgspec.Struct, frozen=True):
    """How a wish ended: its answer, and the number of its entry (0 when it left none)."""

    answer: Answer
    seq: int = 0


class Wish(msgspec.Struct, eq=False):
    """Who wants what, where its decision may look, and the answer once there is one."""

    by: ActorId
    needs: Needs
    decide: Decide
    receipt: ReceiptKey | None
    future: "asyncio.Future[Done]"
    session: HeldSession | None = None
    answer: Answer = None
    seq: int = 0
    fault: BaseException | None = None

    def forget(self) -> None:
        """It is to be decided anew."""
        self.answer, self.seq, self.fault = None, 0, None

    def refuse(self, code: Code) -> None:
        """It was not settled at all, whatever an attempt said."""
        self.answer, self.seq, self.fault = Refusal(code), 0, None

    def resolve(self) -> None:
        """Hand the answer over; a client that went away gets none, the act stands all the same."""
        if self.future.done():
            return
        if self.fault is not None:
            self.future.set_exception(self.fault)
        else:
            self.future.set_result(Done(self.answer, self.seq))


def receipt_for(scope: str, key: str | None, *act: object) -> ReceiptKey | None:
    """The receipt of an act under an idempotency key, or None without a key."""
    if not key:
        return None
    digest = sha256("\n".join(map(str, act)).encode()).digest()
    return ReceiptKey(stored_key(scope, key), digest)


def stored_key(scope: str, key: str) -> bytes:
    """How an idempotency key is stored: with its scope, hashed."""
    return sha256(f"{scope}\n{key}".encode()).digest()[:16]


def mark(stored: bytes) -> str:
    """How a view remembers a stored key: its first 8 bytes, hex."""
    return stored[:8].hex()


def mark_of(scope: str, key: str | None) -> str:
    """The mark of a key that nobody has stored yet; empty without."""
    return mark(stored_key(scope, key)) if key else ""


SHORTEST_KEY = 16
_DIFFERENT_SIGNS = 5


def own_key(key: str, address: Callable[[], str]) -> str:
    """The key of a hold as it counts: one that anybody may come upon, within its client's address.

    The answer of a hold opens it, and who asks for one has proved nothing: two strangers who sent
    the same weak key and wish would share a place and, later, each other's data. A key of a UUID's
    making is told apart from a counter by its length and variety, and stands for itself: a phone
    may repeat its request from another network.
    """
    strong = len(key) >= SHORTEST_KEY and len(set(key)) >= _DIFFERENT_SIGNS
    return key if strong or not key else f"{address()}\n{key}"


def merged(needs: Iterable[Needs]) -> Needs:
    """All needs of a turn in one."""
    every = list(needs)
    return Needs(
        cells=_all(n.cells for n in every),
        bookings=_all(n.bookings for n in every),
        people=_all(n.people for n in every),
        emails=_all(n.emails for n in every),
        cards=_all(n.cards for n in every),
        visits=_all(n.visits for n in every),
        visits_of=_all(n.visits_of for n in every),
        line=any(n.line for n in every),
        series=_all(n.series for n in every),
        waiting=merged_waiting(n.waiting for n in every),
        layers=any(n.layers for n in every),
        hall=merged_hall(n.hall for n in every),
    )


def _all(named: Iterable[tuple[T, ...]]) -> tuple[T, ...]:
    found: set[T] = set()
    return tuple(found.union(*named))

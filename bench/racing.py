"""What races share: a hundred clients, what they ask, what was said, and what the database has."""

import asyncio
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from bench import load, wire
from bench import office as measured
from bench.stage import Stage, fetch
from bench.wire import Answer, Line
from queue_service.model.booking import OCCUPYING
from queue_service.slots.claims import taken_by
from queue_service.store import rows

CLIENTS = 100
BOOKINGS = "/api/v1/bookings"
STAFF = f"/api/v1/offices/{measured.SLUG}/bookings"
SWAPS = f"/api/v1/offices/{measured.SLUG}/swaps"
_AT = (
    'select count(*) from booking where "start" = $1 and parts like $2 and state = any($3::text[])'
)
_WRONG_KEPT = 3


class Tally(msgspec.Struct):
    """What the rounds came to."""

    oversold: int = 0
    undersold: int = 0
    rounds: int = 0
    wrong_refusals: int = 0
    lost_cells: int = 0
    """Cells whose count is not that of the bookings standing in them, over all rounds."""
    given: int = 0
    refused: int = 0
    wrong: list[str] = []
    """The first wrong answers in full, to see what happened."""

    def judge(self, answer: Answer, allowed: Collection[int] = ()) -> None:
        """Count one refusal; `allowed` are statuses that are right without alternatives."""
        self.refused += 1
        if answer.status in allowed or is_right(answer):
            return
        self.wrong_refusals += 1
        if len(self.wrong) < _WRONG_KEPT:
            self.wrong.append(f"{answer.status} {answer.body[:400].decode(errors='replace')}")


def is_right(answer: Answer) -> bool:
    """A loser is told `slot_full` with the three nearest alternatives: there are always some."""
    try:
        said = answer.json()
    except msgspec.DecodeError:
        return False
    alternatives = said.get("alternatives")
    return (
        answer.status == 409
        and said.get("code") == "slot_full"
        and isinstance(alternatives, list)
        and len(alternatives) == 3
    )


async def connect(ports: Sequence[int], clients: int = CLIENTS) -> list[Line]:
    """One connection a client, spread over the processes."""
    return [await wire.connect(ports[n % len(ports)]) for n in range(clients)]


async def ask_all(lines: Sequence[Line], questions: Sequence[bytes]) -> list[Answer]:
    """Every line asks its question at once."""
    return await asyncio.gather(
        *(line.ask(question) for line, question in zip(lines, questions, strict=True))
    )


def key() -> dict[str, str]:
    """A fresh idempotency key."""
    return {"idempotency-key": str(uuid.uuid4())}


def wish(service: str, start: datetime) -> dict[str, object]:
    """One person for one service."""
    return {
        "services": [{"service": service, "persons": 1}],
        "start": start.isoformat(),
        "language": "de",
    }


def hold(service: str, start: datetime, office: str = measured.SLUG) -> bytes:
    """Hold a place."""
    return wire.request("POST", f"/api/v1/offices/{office}/holds", wish(service, start), key())


def hold_of_many(service: str, start: datetime) -> bytes:
    """Hold a place for one of a crowd; the generator makes each key its own."""
    headers = {"idempotency-key": f"{load.KEY.decode()}"}
    return wire.request(
        "POST", f"/api/v1/offices/{measured.SLUG}/holds", wish(service, start), headers
    )


def confirmation(held: Answer) -> bytes:
    """Make a hold binding, by somebody new."""
    given = held.json()
    body = {
        "hold": given["hold"],
        "secret": given["secret"],
        "applicant": {"name": f"Renn {uuid.uuid4().hex}"},
        "language": "de",
    }
    return wire.request("POST", BOOKINGS, body, key())


def by_staff(service: str, start: datetime, token: str) -> bytes:
    """Book by staff, somebody new."""
    body = wish(service, start) | {"applicant": {"name": f"Renn {uuid.uuid4().hex}"}}
    return wire.request("POST", STAFF, body, key() | {"authorization": f"Bearer {token}"})


def move(booking: Mapping[str, object], start: datetime) -> bytes:
    """Move one's own booking."""
    path = f"{BOOKINGS}/{booking['code']}/move"
    headers = key() | {"authorization": f"Bearer {booking['secret']}"}
    return wire.request("POST", path, {"start": start.isoformat()}, headers)


def swap(one: str, other: str, token: str) -> bytes:
    """Let two bookings trade their times, by staff."""
    body = {"one": one, "other": other, "reason": "agreed"}
    return wire.request("POST", SWAPS, body, key() | {"authorization": f"Bearer {token}"})


async def standing(at: Stage, service: str, start: datetime) -> int:
    """How many bookings and holds stand at a start, by the database."""
    found = await fetch(at, _AT, start, f'%"{service}"%', sorted(OCCUPYING))
    return int(found[0][0])


async def reconcile(at: Stage, tally: Tally) -> None:
    """Σ taken of every cell = Σ ticks of the bookings standing in it; else cells were lost."""
    found = await fetch(
        at, "select * from booking where state = any($1::text[])", sorted(OCCUPYING)
    )
    counted: dict[tuple[int, int], int] = {}
    for row in found:
        for cell in taken_by(rows.booking(row)):
            counted[cell] = counted.get(cell, 0) + 1
    cells = await fetch(at, 'select "limit", tick, taken from cell where taken <> 0')
    taken = {(row["limit"], row["tick"]): row["taken"] for row in cells}
    differing = {cell for cell in counted | taken if counted.get(cell) != taken.get(cell)}
    tally.lost_cells += len(differing)

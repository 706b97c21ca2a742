"""People and devices of a served city, each with an HTTP client of their own.

`Hall` is one office as those in it meet it: anyone, the kiosk, the staff; its verbs do what a test
needs done before the thing it looks at. `events` reads a live stream.
"""

import asyncio
import json
import secrets
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

import asyncpg
import httpx

from tests.city import BEGIN, City, Served
from tests.conftest import aside

T = TypeVar("T")
PATIENCE_SECONDS = 60.0
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody; without it every client reads all authorities of the world, for 60 ms."""


def client(served: Served, credential: str = "", language: str = "en") -> httpx.Client:
    """Somebody's client; `credential` is a session's token, a device's key or a secret."""
    headers = {"Accept-Language": language}
    if credential:
        headers["Authorization"] = f"Bearer {credential}"
    # A server may end a connection whose request it answered before reading all of it: nonsense is
    # sent on connections of its own.
    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.Client(
        base_url=served.url,
        headers=headers,
        timeout=PATIENCE_SECONDS,
        limits=limits,
        verify=PLAIN,
    )


class Hall:
    """One office of a served city."""

    def __init__(self, served: Served, office: str = "heidelberg") -> None:
        self.served = served
        self.office = office
        self.links = served.city.office(office)
        self._stack = ExitStack()
        self._staff: dict[str, httpx.Client] = {}
        self.anyone = self.client()
        self.kiosk = self.client(self.links.kiosk.key)

    def close(self) -> None:
        """Everybody leaves."""
        self._stack.close()

    def client(self, credential: str = "", language: str = "en") -> httpx.Client:
        """Another client, closed with the hall."""
        return self._stack.enter_context(client(self.served, credential, language))

    def token(self, role: str) -> str:
        """A fresh session of the member of staff with that role."""
        login = next(each for each in self.links.logins if each.role == role)
        said = {"login": login.login, "password": login.password}
        with client(self.served) as somebody:
            return str(somebody.post("/api/v1/sessions", json=said).json()["token"])

    def staff(self, role: str = "clerk") -> httpx.Client:
        """The member of staff with that role, signed in."""
        if role not in self._staff:
            self._staff[role] = self.client(self.token(role))
        return self._staff[role]

    def device(self, role: str) -> str:
        """The key of one more device: each has only so many numbers of its own a day."""
        manager, name = self.staff("manager"), f"{role}-{uuid4().hex[:8]}"
        asked = {"device": name, "role": role}
        code = manager.post(f"/api/v1/offices/{self.office}/devices", json=asked).json()["code"]
        return str(self.anyone.post("/api/v1/devices/enrol", json={"code": code}).json()["key"])

    def free(self, service: str = "PICK", first: date | None = None, days: int = 7) -> list[str]:
        """Free starts from tomorrow or `first` on, as the API writes them."""
        first = first or BEGIN.date() + timedelta(days=1)
        days_shown = self.anyone.get(
            f"/api/v1/offices/{self.office}/availability",
            params={"service": service, "from": f"{first}", "to": f"{first + timedelta(days)}"},
        ).json()["days"]
        return [start["start"] for day in days_shown for start in day["starts"]]

    def ask_hold(self, start: str, service: str = "PICK", **headers: str) -> httpx.Response:
        """Ask for a place at `start`."""
        wish = {"services": [{"service": service, "persons": 1}], "start": start, "language": "en"}
        path = f"/api/v1/offices/{self.office}/holds"
        return self.anyone.post(path, json=wish, headers=headers)

    def hold(self, service: str = "PICK") -> dict[str, Any]:
        """A place held for somebody, at some free time."""
        answer = self.ask_hold(secrets.choice(self.free(service)), service)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def book(self, service: str = "PICK", **applicant: str) -> Any:
        """A booking of somebody, at some free time."""
        return self.confirm(self.hold(service), **applicant).json()

    def confirm(
        self, held: dict[str, Any], key: str | None = None, **applicant: str
    ) -> httpx.Response:
        """Make a hold binding."""
        said = {
            "hold": held["hold"],
            "secret": held["secret"],
            "applicant": {"name": f"Amal {secrets.token_hex(4)}", **applicant},
            "language": "en",
        }
        headers = {"Idempotency-Key": key} if key else {}
        return self.anyone.post("/api/v1/bookings", json=said, headers=headers)

    def book_soon(self, service: str = "PICK") -> Any:
        """A booking that may check in already: by staff, who need not look at the places."""
        wish = {
            "services": [{"service": service, "persons": 1}],
            "start": (BEGIN + timedelta(minutes=30)).isoformat(),
            "applicant": {"name": f"Amal {secrets.token_hex(4)}"},
            "language": "en",
            "exceed_reason": "crowd",
        }
        answer = self.staff("manager").post(f"/api/v1/offices/{self.office}/bookings", json=wish)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def walk_in(self, service: str = "PICK") -> dict[str, Any]:
        """A ticket for somebody without an appointment."""
        wish = {"walk_in": {"service": service, "language": "ar"}}
        answer = self.kiosk.post("/api/v1/kiosk/check-ins", json=wish)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def press(self, counter: str, act: str = "next", role: str = "clerk") -> httpx.Response:
        """Press a button of a desk that names no visit."""
        return self.staff(role).post(f"/api/v1/desks/{self.office}.{counter}/{act}")

    def on_visit(self, visit: str, act: str, **headers: str) -> httpx.Response:
        """Press a button for the visit that a desk shows."""
        return self.staff().post(f"/api/v1/visits/{visit}/{act}", headers=headers)

    def clear(self) -> None:
        """Serve everybody who is still here: the next test begins with an empty hall."""
        busy = True
        while busy:  # whoever leaves one counter may go on to another
            busy = any(self._emptied(counter.counter) for counter in self.links.counters)

    def _emptied(self, counter: str) -> bool:
        """Serve all who wait for a counter; whether there was anybody."""
        someone = False
        while True:
            desk = self.staff().get(f"/api/v1/desks/{counter}").json()
            for away in desk["parked"]:
                self.on_visit(away["visit"], "resume")
            if desk["current"]:
                self.on_visit(desk["current"]["visit"], "finish")
            elif not desk["waiting_count"] or self.press(counter.partition(".")[2]).is_error:
                return someone
            someone = True


@contextmanager
def hall_of(served: Served, office: str = "heidelberg") -> Iterator[Hall]:
    """An office for as long as the block runs."""
    hall = Hall(served, office)
    try:
        yield hall
    finally:
        hall.close()


@dataclass(frozen=True)
class Event:
    """One event of a live stream."""

    name: str
    data: Any
    id: int | None


@contextmanager
def events(somebody: httpx.Client, path: str, **headers: str) -> Iterator[Iterator[Event]]:
    """The events of a stream, one after the other, while the block runs."""
    with somebody.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield _events(answer.iter_lines())


def _events(lines: Iterator[str]) -> Iterator[Event]:
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
            continue
        if "event" in fields:
            number = int(fields["id"]) if "id" in fields else None
            yield Event(fields["event"], json.loads(fields["data"]), number)
        fields = {}


def ask(city: City, query: str, *arguments: object) -> list[asyncpg.Record]:
    """Rows of the database, seen by its owner."""

    async def run() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(city.dsn)
        try:
            return list(await connection.fetch(query, *arguments))
        finally:
            await connection.close()

    return aside(lambda: asyncio.run(run()))


TABLES = ("booking", "person", "visit", "journal", "receipt", "ticket_series", "cell", "session")


COUNTED = ", ".join(f"(select count(*) from {table}) as {table}" for table in TABLES) + (
    ", (select coalesce(sum(taken), 0) from cell) as taken, (select sum(seq) from office) as seq"
)


def counted(city: City) -> dict[str, int]:
    """How much is written down: rows, places taken, and the numbers of the journals."""
    return {name: int(number) for name, number in ask(city, f"select {COUNTED}")[0].items()}


def soon(look: Callable[[], T], right: Callable[[T], bool], seconds: float = PATIENCE_SECONDS) -> T:
    """What `look` sees once it is `right`: views follow the journal by a moment."""
    deadline = time.monotonic() + seconds
    while not right(seen := look()):
        assert time.monotonic() < deadline, f"still {seen!r} after {seconds} s"
        time.sleep(0.02)
    return seen


def instant(text: str) -> datetime:
    """A time as the API writes it: with an offset, always."""
    at = datetime.fromisoformat(text)
    assert at.tzinfo is not None
    return at


def own(booking: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {booking['secret']}"}


def full_start(hall: Hall, service: str = "TRAN") -> str:
    """A start with its only place taken."""
    start = hall.free(service)[3]
    assert hall.ask_hold(start, service).status_code == 201
    return start

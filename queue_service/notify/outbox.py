"""The way of letters out of the house: the journal makes them due, the mail server takes them.

Two leaders at once are harmless: planning holds the cursor's lock, every letter is claimed before
it is sent and marked in a transaction of its own. Waiting for the mail server holds no connection.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from time import monotonic
from uuid import uuid4

import asyncpg
import structlog

from queue_service.clock import real_now
from queue_service.events.booking import Cancelled, Moved, Why
from queue_service.events.chapters import UnknownTagError, decode
from queue_service.events.entry import Entry
from queue_service.flows.bookings.sealing import seal
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import Booking, Person
from queue_service.model.reminding import Reminders, ReminderText
from queue_service.notify import card_letters, list_letters, mail
from queue_service.notify.letters import Facts, Letter, write
from queue_service.notify.plan import Due, ListPurpose, Purpose, Withdraw, plan, still_due
from queue_service.settings import Settings
from queue_service.store import bookings, deliveries, offices
from queue_service.store import outbox as store
from queue_service.store.database import transaction

ENTRIES_A_PASS = 500
CLAIM = timedelta(minutes=5)
"""After this long a claimed letter counts as cut off; a delivery is given `mail.PATIENCE`."""
MOST_ATTEMPTS = 100
"""At an hour each four days, as RFC 5321 (4.5.4.1) advises: a weekend without mail loses none."""
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
_AT_ONCE = 4
"""Deliveries in flight: one slow server answer does not hold up the others."""
_log = structlog.get_logger()
Make = Callable[
    [House, Followed, asyncpg.Connection, deliveries.Claimed], Awaitable[list_letters.Ready | str]
]
"""Makes a letter that is not about a booking, or names the state in which it ends."""


def pause(attempts: int, draw: float) -> timedelta:
    """How long to wait after so many failed attempts; `draw` from 0 to 1 spreads the crowd.

    Doubles from 30 s to 1 h; half of it is by chance.
    """
    whole = min(FIRST_PAUSE * (1 << min(attempts - 1, 10)), LONGEST_PAUSE)
    return whole * (0.5 + draw / 2)


async def plan_new(house: House, followed: Followed) -> int:
    """Plan the entries since the last pass; returns the number of letters made due.

    One small transaction: letters, withdrawals and cursor move together or not at all.
    """
    async with transaction(house.pool, followed.key.authority) as tx:
        after = await store.cursor(tx, followed.key)
        entries = await offices.entries(tx, followed.key.office, after, ENTRIES_A_PASS)
        steps, upto = _planned(entries, after, followed.office.reminders)
        if upto == after:
            return 0
        letters = [
            store.Row(uuid4(), s.seq, s.purpose, s.booking, s.generation, s.due, s.text or "")
            for s in steps
            if isinstance(s, Due)
        ]
        gone = [(s.booking, s.before) for s in steps if isinstance(s, Withdraw)]
        made = await store.add(tx, followed.key, letters, real_now())
        await store.withdraw(tx, followed.key, gone)
        await store.move_cursor(tx, followed.key, upto)
    return made


def _planned(
    entries: list[Entry], after: int, rules: Reminders
) -> tuple[list[Due | Withdraw], int]:
    """The steps of `entries` and the number of the last one that was understood.

    A struck body has no letters. An entry of a newer version waits for a process that knows it:
    going on would lose its letters.
    """
    steps: list[Due | Withdraw] = []
    upto = after
    for entry in entries:
        if entry.body is not None:
            try:
                steps += plan(entry, decode(entry), rules)
            except UnknownTagError:
                _log.warning("letters wait for a newer version", office=entry.office, seq=entry.seq)
                break
        upto = entry.seq
    return steps, upto


async def send_due(house: House, followed: Followed, now_real: datetime, limit: int = 20) -> int:
    """Send letters that are due, at most `limit`; returns how many the mail server took.

    `now_real` is the real instant of the call. Without a mail server every letter waits.
    """
    if not house.settings.smtp_host:
        return 0
    sending = _Pass(house, followed, now_real, limit)
    async with transaction(house.pool, followed.key.authority) as tx:
        lost = await deliveries.give_up(
            tx, followed.key, sending.now(), followed.now(), MOST_ATTEMPTS
        )
    if lost:
        _log.error("letters given up: every attempt was cut off", office=followed.key.slug, n=lost)
    runs = (sending.run() for _ in range(min(_AT_ONCE, limit)))
    # A fault of one run must not cut off the deliveries of the others.
    faults = [end for end in await asyncio.gather(*runs, return_exceptions=True) if end]
    if faults:
        raise faults[0]
    return sending.taken


class _Pass:
    """One call of `send_due`: a few deliveries side by side, each claiming its next letter."""

    def __init__(self, house: House, followed: Followed, now_real: datetime, limit: int) -> None:
        self._house = house
        self._followed = followed
        self._post = post_of(house.settings)
        self._real, self._begun = now_real, monotonic()
        self._left = limit
        self.taken = 0

    def now(self) -> datetime:
        """The real instant: claims must not age by how long the pass has lasted."""
        return self._real + timedelta(seconds=monotonic() - self._begun)

    async def run(self) -> None:
        """Claim, send and mark until nothing is due or the limit is reached."""
        while self._left > 0:
            self._left -= 1
            now = self.now()
            async with transaction(self._house.pool, self._followed.key.authority) as tx:
                letter = await deliveries.claim(
                    tx,
                    self._followed.key,
                    now=now,
                    office_now=self._followed.now(),
                    until=now + CLAIM,
                    most=MOST_ATTEMPTS,
                )
            if letter is None:
                return
            await self._settle(letter)

    async def _settle(self, letter: deliveries.Claimed) -> None:
        """Send one letter and write down how it ended; only a crash leaves it claimed."""
        try:
            end = await self._deliver(letter)
        except mail.UnusableAddressError:
            end = "no_address"
        except Exception as error:  # noqa: BLE001 - what is wrong with one letter stops no other
            await self._put_off(letter, error)
            return
        async with transaction(self._house.pool, self._followed.key.authority) as tx:
            if end == "sent":
                await deliveries.mark_sent(tx, letter, self.now())
                await card_letters.sent(self._followed, tx, letter)
                self.taken += 1
            else:
                await deliveries.mark_ended(tx, letter, state=end)

    async def _deliver(self, letter: deliveries.Claimed) -> str:
        """``sent``, or the state of a letter that has lost its addressee or its sense."""
        if letter.purpose in set(ListPurpose):
            return await self._deliver_made(letter, list_letters.ready)
        if letter.purpose == card_letters.CARD_READY:
            return await self._deliver_made(letter, card_letters.ready)
        async with transaction(self._house.pool, self._followed.key.authority) as tx:
            booking = await bookings.by_id(tx, self._followed.key.office, letter.booking)
            person = await bookings.person(tx, letter.booking)
            cause = await offices.entry(tx, self._followed.key.office, letter.seq)
        if booking is None or person is None or not person.email:
            return "no_address"
        purpose = Purpose(letter.purpose)
        if not still_due(purpose, booking, letter.due, self._followed.now()):
            return "withdrawn"
        facts = self._facts(letter, booking, person, _why(cause))
        await self._send(letter, write(purpose, facts, booking.language), person.email)
        return "sent"

    async def _deliver_made(self, letter: deliveries.Claimed, make: Make) -> str:
        async with transaction(self._house.pool, self._followed.key.authority) as tx:
            ready = await make(self._house, self._followed, tx, letter)
        if isinstance(ready, str):
            return ready
        await self._send(letter, ready.letter, ready.to)
        return "sent"

    async def _send(self, letter: deliveries.Claimed, written: Letter, to: str) -> None:
        message = mail.compose(
            written,
            to=to,
            post=self._post,
            identity=mail.message_id(letter.id, self._post),
            at=self.now(),
        )
        await mail.send(message, self._post)

    def _facts(
        self, letter: deliveries.Claimed, booking: Booking, person: Person, why: Why | None
    ) -> Facts:
        """What the letter may say; its links are rebuilt, never stored."""
        keys, generation = self._house.keys, booking.generation
        slug, now = self._followed.key.slug, self._followed.now()
        return Facts(
            booking=booking,
            office=self._followed.office,
            sequence=letter.seq,
            written=letter.due,
            base_url=self._house.settings.base_url,
            sender=self._post.sender,
            email=person.email,
            name=person.name,
            secret=keys.booking_secret(booking.id, generation),
            sealed=seal(keys, slug, booking.code, booking.start, now) if booking.code else "",
            pin="" if person.birth_date else keys.booking_pin(booking.id, generation),
            why=why,
            text=ReminderText(letter.text) if letter.text else None,
        )

    async def _put_off(self, letter: deliveries.Claimed, error: Exception) -> None:
        """Try again later, or end it where that cannot help; the log names no address."""
        kind = type(error).__name__
        ended = mail.final(error) or letter.attempts >= MOST_ATTEMPTS
        _log.warning(
            "letter not sent",
            letter=str(letter.id),
            attempt=letter.attempts,
            error=kind,
            ended=ended,
        )
        async with transaction(self._house.pool, self._followed.key.authority) as tx:
            if ended:
                await deliveries.mark_ended(tx, letter, state="failed", error=kind)
                return
            # Chance only spreads the crowd here; nothing has to be unguessable.
            again = self.now() + pause(letter.attempts, random.random())  # noqa: S311 - spreads a crowd, need not be unguessable
            await deliveries.mark_later(tx, letter, again=again, error=kind)


def _why(cause: Entry | None) -> Why | None:
    """Why the office itself made the letter due, if it did and the entry can still be read."""
    if cause is None or cause.body is None:
        return None
    try:
        fact = decode(cause)
    except UnknownTagError:
        return None
    return fact.why if isinstance(fact, Moved | Cancelled) else None


def post_of(settings: Settings) -> mail.Post:
    """The mail server of the settings."""
    return mail.Post(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.mail_from,
        user=settings.smtp_user,
        password=settings.smtp_password,
        tls=settings.smtp_tls,
    )

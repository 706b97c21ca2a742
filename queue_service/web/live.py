"""Live streams: server-sent events from the follower to boards, phones and desks.

One `Channel` for each office and audience encodes an entry once to bytes and wakes every client,
so that a thousand screens cost a thousand writes and nothing else. A stream is a function of the
journal: ids are journal numbers, and a client that cannot be brought up to date by replay gets a
snapshot. What the events say is decided by the callbacks; this module leaves it alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec
from litestar.types import ASGIApp, Receive, Scope, Send

from queue_service.events.chapters import AnyFact
from queue_service.events.entry import Entry
from queue_service.model.office import OfficeClock
from queue_service.web.kept_open import opened, write

HEARTBEAT_SECONDS = 15.0
"""Pages give a stream up after 40 s of silence, so two heartbeats may be lost."""
REPLAY = timedelta(minutes=10)
"""Older misses are answered by one snapshot; the follower keeps the last 500 entries."""
MOST_FRAMES = 600
"""Encoded entries kept for replay, a little more than the follower keeps."""
RETRY = b"retry: 1000\n\n"
_LONGEST_NUMBER = 19
"""Digits of a journal number; what is longer is nobody's, and thousands no integer at all."""
CATCH_UP_SECONDS = 2.0
"""How long a number from the future is waited for; after that the journal is another one."""

_encode = msgspec.json.Encoder().encode

Still = Callable[[], Awaitable[bool]]
"""Whether who opened a stream may still see it: asked at every heartbeat, raises nothing."""


class Source(Protocol):
    """What a stream needs of a followed office."""

    @property
    def seq(self) -> int:
        """Number of the last entry the views have."""

    @property
    def clock(self) -> OfficeClock:
        """How office time runs."""

    def now(self) -> datetime:
        """Office time."""

    async def changed(self, after_seq: int, timeout: float) -> bool:
        """Wait until there is an entry after `after_seq`, or that many seconds."""

    def recent(self, after_seq: int) -> Sequence[tuple[Entry, AnyFact]] | None:
        """The entries after `after_seq`; None when they are no longer all in memory."""


def frame(name: str, data: bytes, seq: int | None = None) -> bytes:
    """One event as it goes over the wire; without `seq` the browser keeps its last id."""
    number = b"" if seq is None else b"id: %d\n" % seq
    return number + b"event: %b\ndata: %b\n\n" % (name.encode(), data)


def heartbeat(source: Source) -> bytes:
    """A named event without id that carries the office's time; scripts cannot see comments."""
    beat = {"now": source.now(), "rate": source.clock.rate, "seq": source.seq}
    return frame("heartbeat", _encode(beat))


def asked_from(scope: Scope, after: int | None) -> int | None:
    """The journal number a client has, the larger of `?after=` and Last-Event-ID; None if none.

    The browser sends Last-Event-ID only when it reconnects by itself, with the address of its
    first request, so either of both may be the older one.
    """
    header = next((value for name, value in scope["headers"] if name == b"last-event-id"), b"")
    number = header.isdigit() and len(header) <= _LONGEST_NUMBER
    known = [n for n in (after, int(header) if number else None) if n is not None]
    return max(known, default=None)


class Channel:
    """The events of one office for one audience, shared by all its clients.

    `told` turns an entry into name and body of an event, or None; it is called once an entry.
    `snapshot` gives the journal number of the whole state and its JSON.
    """

    def __init__(
        self,
        source: Source,
        closing: asyncio.Event,
        *,
        told: Callable[[Entry, AnyFact], tuple[str, bytes] | None],
        snapshot: Callable[[], tuple[int, bytes]],
    ) -> None:
        self._source = source
        self._closing = closing
        self._told = told
        self._snapshot = snapshot
        self._frames: dict[int, bytes] = {}
        self._answers: dict[int, tuple[bytes, int]] = {}
        """What clients at a number get to be at `_answers_at`: made for the first, sent to all."""
        self._answers_at = source.seq
        self._beats = 0
        self._beat = b""
        self._sleepers: set[asyncio.Future[None]] = set()
        self._pump: asyncio.Task[None] | None = None

    def stream(self, after: int | None, still: Still | None = None) -> ASGIApp:
        """An ASGI application that tells a client everything after journal number `after`."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if self._pump is None or self._pump.done():
                self._pump = asyncio.create_task(self._run())
            async with opened(receive, send) as gone:
                known = asked_from(scope, after)
                await _reached(self._source, known, self._closing, gone)
                await self._tell(send, gone, known, still)

        return app

    async def _tell(
        self, send: Send, gone: asyncio.Future[None], after: int | None, still: Still | None
    ) -> None:
        body, at = self._since(after)
        beats = self._beats
        await write(send, RETRY + body + heartbeat(self._source))
        while not (self._closing.is_set() or gone.done()):
            if at == self._source.seq and beats == self._beats:
                if self._pump is None or self._pump.done():
                    return
                await self._sleep(gone)
                continue
            if beats != self._beats and still is not None and not await still():
                return
            body, at = self._since(at)
            if beats != self._beats:
                beats = self._beats
                body += self._beat
            if body:
                await write(send, body)

    async def _sleep(self, gone: asyncio.Future[None]) -> None:
        sleeper = asyncio.get_running_loop().create_future()
        self._sleepers.add(sleeper)
        wake = _waker(sleeper)
        gone.add_done_callback(wake)
        try:
            await sleeper
        finally:
            gone.remove_done_callback(wake)
            self._sleepers.discard(sleeper)

    def _since(self, after: int | None) -> tuple[bytes, int]:
        """Frames that bring a client from `after` up to date, and the number it has then."""
        seq = self._source.seq
        if after == seq:
            return b"", seq
        if after is None or after > seq:
            return self._whole()
        if self._answers_at != seq:
            self._answers.clear()
            self._answers_at = seq
        answer = self._answers.get(after)
        if answer is None:
            recent = self._source.recent(after)
            if recent is None or _too_old(self._source, recent):
                return self._whole()
            answer = self._answers[after] = self._joined(recent), seq
        return answer

    def _joined(self, recent: Sequence[tuple[Entry, AnyFact]]) -> bytes:
        return b"".join(self._framed(entry, fact) for entry, fact in recent)

    def _framed(self, entry: Entry, fact: AnyFact) -> bytes:
        known = self._frames.get(entry.seq)
        if known is None:
            told = self._told(entry, fact)
            known = frame(*told, entry.seq) if told else b""
            self._frames[entry.seq] = known
            while len(self._frames) > MOST_FRAMES:
                del self._frames[next(iter(self._frames))]
        return known

    def _whole(self) -> tuple[bytes, int]:
        seq, body = self._snapshot()
        return frame("snapshot", body, seq), seq

    async def _run(self) -> None:
        """Wake the clients at each change and heartbeat; a fault ends them, they come back."""
        loop = asyncio.get_running_loop()
        seen, due = self._source.seq, loop.time() + HEARTBEAT_SECONDS
        try:
            while not self._closing.is_set():
                await _change_or_end(self._source, seen, due - loop.time(), self._closing)
                seen = self._source.seq
                if loop.time() >= due:
                    due = loop.time() + HEARTBEAT_SECONDS
                    self._beat = heartbeat(self._source)
                    self._beats += 1
                self._wake()
        finally:
            asyncio.get_running_loop().call_soon(self._wake)

    def _wake(self) -> None:
        for sleeper in self._sleepers:
            if not sleeper.done():
                sleeper.set_result(None)


def states(
    source: Source,
    closing: asyncio.Event,
    *,
    after: int | None,
    concerns: Callable[[AnyFact], bool],
    state: Callable[[], Awaitable[tuple[int, bytes]]],
    still: Still | None = None,
) -> ASGIApp:
    """A stream for one client that sends the whole `state` whenever an entry concerns it.

    `state` gives the journal number of the state and its JSON. For a phone or a desk, whose state
    is small and nobody else's; nothing is replayed, the last state says everything.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        async with opened(receive, send) as gone:
            at, due, body = asked_from(scope, after), loop.time(), RETRY
            await _reached(source, at, closing, gone)
            while not (closing.is_set() or gone.done()):
                seen = source.seq
                if at is None or at > seen or _concerned(source.recent(at), concerns):
                    seq, text = await state()
                    body += frame("state", text, seq)
                at = seen
                if loop.time() >= due:
                    if still is not None and not await still():
                        return
                    due = loop.time() + HEARTBEAT_SECONDS
                    body += heartbeat(source)
                if body:
                    await write(send, body)
                body = b""
                await _change_or_end(source, at, due - loop.time(), closing, gone)

    return app


def _concerned(
    recent: Sequence[tuple[Entry, AnyFact]] | None, concerns: Callable[[AnyFact], bool]
) -> bool:
    return recent is None or any(concerns(fact) for _, fact in recent)


def _too_old(source: Source, recent: Sequence[tuple[Entry, AnyFact]]) -> bool:
    oldest = source.now() - source.clock.patience(REPLAY)
    return bool(recent) and recent[0][0].recorded < oldest


async def _reached(
    source: Source, known: int | None, closing: asyncio.Event, gone: asyncio.Future[None]
) -> None:
    """Until the views have what a client knows: another process may have told it sooner.

    Without this a board that comes back to a process a moment behind would show the past again.
    """
    if known is not None and known > source.seq:
        await _change_or_end(source, known - 1, CATCH_UP_SECONDS, closing, gone)


async def _change_or_end(
    source: Source, seq: int, seconds: float, closing: asyncio.Event, *ends: asyncio.Future[None]
) -> None:
    """Until something is after `seq`, the time is over, the server closes or the client left."""
    change = asyncio.ensure_future(source.changed(seq, max(0.0, seconds)))
    close = asyncio.ensure_future(closing.wait())
    any_of: set[asyncio.Future[Any]] = {change, close, *ends}
    try:
        await asyncio.wait(any_of, return_when=asyncio.FIRST_COMPLETED)
        if change.done():
            change.result()
    finally:
        for task in (change, close):
            task.cancel()


def _waker(sleeper: asyncio.Future[None]) -> Callable[[asyncio.Future[None]], None]:
    def wake(_: asyncio.Future[None]) -> None:
        if not sleeper.done():
            sleeper.set_result(None)

    return wake

"""Undo at the entrance: what a guide did last, shown while it can be taken back, and taken back.

The same undo as at desks, narrowed to a guide's own acts. Papers noted as missing are a sentence
without an entry: it goes as it was left, outside the turn.
"""

from datetime import datetime, timedelta

import msgspec

from queue_service.floor import undoing as engine
from queue_service.flows.desks import notes
from queue_service.flows.desks.at_desk import visit_of
from queue_service.flows.desks.undoing import NOTHING, last_entry, taken_back
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.ids import ActorId, address
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import Visit

ARRIVED = "checked_in"
PAPERS = "papers"
"""What a guide's list of missing papers is called among acts."""
_DONE = "undone"


class Own(msgspec.Struct, frozen=True):
    """The last act of somebody at the entrance, while it can be taken back."""

    visit: str
    number: str
    act: str
    """Tag of the entry, or `PAPERS`."""
    until: datetime


def own_last(office: Followed, by: ActorId) -> Own | None:
    """What `by` did last at the entrance, as an entry says, while it can be taken back."""
    act = office.line.last_by(by)
    visit = office.line.visit(act.visit) if act and act.visit else None
    if act is None or visit is None or visit.seq != act.seq or act.tag not in engine.OF_GUIDES:
        return None
    # A number given without network was given long before its entry.
    return _own(office, visit, act.tag, visit.arrived if act.tag == ARRIVED else act.when)


async def own_last_on(house: House, office: Followed, visit: Visit, by: ActorId) -> Own | None:
    """The same where one visit is shown: papers noted as missing since count too."""
    entry, act = own_last(office, by), office.line.last_by(by)
    note = await _own_note(house, office, visit, by)
    # What was said right after an arrival or a hand-over was said with it, and goes with it.
    alone = act is not None and act.tag == "marked"
    said_with = timedelta() if alone else office.clock.patience(notes.SKEW)
    if note is None or (act and act.visit == visit.id and note.at <= act.when + said_with):
        return entry
    return _own(office, visit, PAPERS, note.at) or entry


def _own(office: Followed, visit: Visit, act: str, since: datetime) -> Own | None:
    until = since + office.clock.patience(timedelta(seconds=office.office.line.undo_seconds))
    if office.now() >= until:
        return None
    public = address(office.key.slug, visit.id)
    return Own(public, visit.number, act, until)


async def _own_note(house: House, office: Followed, visit: Visit, by: ActorId) -> notes.Note | None:
    left = await notes.of_visit(house, office, visit.id)
    return next((note for note in left if note.by == by), None)


async def undo_own(
    house: House, visit: str, by: ActorId, *, act: str = "", key: str | None = None
) -> Visit | Refusal:
    """Take back what `by` did last to a visit at the entrance; the visit as it was then.

    `act` is what they were shown (`Own.act`): something else that happened since is never taken
    back instead. Without it the last entry is meant.
    """
    found = await visit_of(house, visit)
    if isinstance(found, Refusal):
        return found
    office, known = found
    if act == PAPERS:
        return await _papers_back(house, office, known, by) or known
    last = await last_entry(house, office, known.seq)
    if last is None:
        return NOTHING
    tag = last[1].tag
    # What is taken back already goes on to the turn, where a known key is answered.
    if tag != _DONE and (last[0].by != by or tag not in engine.OF_GUIDES or act not in ("", tag)):
        return Refusal(Code.UNDO_OVERTAKEN, {"number": known.number})
    refusal = await taken_back(house, office, by, key, visit, last, own=True)
    return refusal or office.line.visit(known.id) or known


async def _papers_back(house: House, office: Followed, visit: Visit, by: ActorId) -> Refusal | None:
    note = await _own_note(house, office, visit, by)
    if note is None:
        return NOTHING
    if _own(office, visit, PAPERS, note.at) is None:
        return Refusal(Code.UNDO_TOO_LATE, {"seconds": office.office.line.undo_seconds})
    await notes.take_back(house, office, visit.id, by, since=note.at)
    return None

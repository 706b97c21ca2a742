"""What visitors do at the office's doors: book, cancel, check in, walk in. Refusals are normal."""

from datetime import date, datetime, timedelta

import msgspec

from queue_service.demo import people
from queue_service.demo.diary import Plan
from queue_service.demo.names import Somebody, language, somebody
from queue_service.demo.people import End, Offer, WalkIn
from queue_service.demo.scene import Scene
from queue_service.demo.team import SENTENCES, Team

LOOK_AHEAD_DAYS = 6
"""Who finds the wished day full looks at the days after it."""
THINKING = timedelta(seconds=90)
_PENDING = "pending"
_FREE = "free"
_NEIGHBOURS = ("69117", "69120", "69123", "70173", "70372", "68159")


class _Start(msgspec.Struct, frozen=True):
    start: datetime
    state: str = _FREE


class _Day(msgspec.Struct, frozen=True):
    date: date
    starts: tuple[_Start, ...] = ()


class _Availability(msgspec.Struct, frozen=True):
    days: tuple[_Day, ...]


class _Full(msgspec.Struct, frozen=True):
    alternatives: tuple[_Start, ...] = ()


class _Hold(msgspec.Struct, frozen=True):
    hold: str
    secret: str
    start: datetime


class _Booking(msgspec.Struct, frozen=True):
    code: str
    secret: str
    start: datetime
    state: str = "booked"


class _Ticket(msgspec.Struct, frozen=True):
    number: str


class _Seen(msgspec.Struct, frozen=True):
    visit: str


class _Looked(msgspec.Struct, frozen=True):
    visit: _Seen | None = None


async def book(
    scene: Scene, day: date, *, hurry: bool = False, not_before: datetime | None = None
) -> bool:
    """Somebody looks for a place from `day` on, holds it and confirms; True when it worked.

    The person's plan goes into the diary. Who is in a `hurry` neither thinks nor walks away.
    """
    chance = scene.chance
    offer, persons = people.choose(scene.bookable, chance)
    start = await _look(scene, offer, persons, day, not_before or scene.time.now())
    if start is None:
        scene.tally["found nothing"] += 1
        return False
    person = somebody(chance, scene.office.languages)
    hold = await _hold(scene, offer, persons, start, person.language)
    if hold is None:
        return False
    if not hurry:
        await scene.time.pass_by(THINKING * chance.uniform(0.5, 2))
        if chance.random() < scene.demand.abandoned:
            scene.tally["left to lapse"] += 1
            return False
    wish = {
        "hold": hold.hold,
        "secret": hold.secret,
        "applicant": _typed(person, offer),
        "language": person.language,
        "answers": {key: "0" for key, least in offer.asked if persons >= least},
    }
    answer = await scene.client.post("/bookings", wish)
    booking = answer.read(_Booking)
    if not scene.count("booked", answer) or booking is None:
        return False
    if booking.state == _PENDING:
        # They open the letter at once.
        used = await scene.client.post(f"/bookings/{booking.code}/confirm", bearer=booking.secret)
        scene.count("confirmed by letter", used)
    fate = people.fate(
        booked=scene.time.now(), start=booking.start, demand=scene.demand, chance=chance
    )
    if fate.end is not End.STAYS_AWAY:
        scene.diary.plans.append(Plan(fate.at, fate.end, booking.code, booking.secret))
    return True


async def keep(scene: Scene, plan: Plan) -> None:
    """Do what the person of an appointment had in mind."""
    if plan.end is End.CANCELS:
        answer = await scene.client.delete(f"/bookings/{plan.code}", bearer=plan.secret)
        scene.count("cancelled", answer)
        return
    answer = await scene.client.post(
        "/kiosk/check-ins", {"code": plan.code}, bearer=scene.links.kiosk.key
    )
    scene.count("came with appointment", answer)


async def walk_in(scene: Scene, visitor: WalkIn, guide: Team) -> None:
    """Somebody without appointment draws a number; a guide hands emergencies over at once."""
    own = somebody(scene.chance, scene.office.languages).language
    wish = {
        "service": visitor.service,
        "persons": visitor.persons,
        "language": language(scene.chance, own, scene.office.languages),
        "postcode": scene.chance.choice((scene.office.place.postcode, *_NEIGHBOURS[:2])),
    }
    answer = await scene.client.post(
        "/kiosk/check-ins", {"walk_in": wish}, bearer=scene.links.kiosk.key
    )
    came = scene.count("emergency came" if visitor.emergency else "walked in", answer)
    ticket = answer.read(_Ticket)
    if came and visitor.emergency and ticket is not None:
        await _hand_over(scene, guide, ticket.number)


async def _hand_over(scene: Scene, guide: Team, number: str) -> None:
    """The guide at the entrance sees who cannot wait and says it in a sentence."""
    await scene.time.pass_by(THINKING)
    office = scene.office.slug
    looked = (await guide.post(f"/guide/{office}/looks", {"said": number})).read(_Looked)
    if looked is None or looked.visit is None:
        return
    said = {"sentence": scene.chance.choice(SENTENCES)}
    answer = await guide.post(f"/visits/{looked.visit.visit}/hand-over", said)
    scene.count("emergency handed over by a guide", answer)


async def _look(
    scene: Scene, offer: Offer, persons: int, day: date, not_before: datetime
) -> datetime | None:
    answer = await scene.client.get(
        f"/offices/{scene.office.slug}/availability",
        service=offer.code,
        persons=persons,
        **{"from": day.isoformat(), "to": (day + timedelta(days=LOOK_AHEAD_DAYS)).isoformat()},
    )
    found = answer.read(_Availability)
    if not answer.granted or found is None:
        scene.count("looked", answer)
        return None
    for shown in found.days:
        free = [start.start for start in shown.starts if start.state == _FREE]
        if later := [start for start in free if start >= not_before]:
            return scene.chance.choice(later)
    return None


async def _hold(
    scene: Scene, offer: Offer, persons: int, start: datetime, own: str
) -> _Hold | None:
    wish = {
        "services": [{"service": offer.code, "persons": persons}],
        "start": start.isoformat(),
        "language": own,
    }
    answer = await scene.client.post(f"/offices/{scene.office.slug}/holds", wish)
    others = answer.read(_Full)
    if answer.code == "slot_full" and others is not None and others.alternatives:
        scene.tally["took an alternative"] += 1
        wish["start"] = scene.chance.choice(others.alternatives).start.isoformat()
        answer = await scene.client.post(f"/offices/{scene.office.slug}/holds", wish)
    return answer.read(_Hold) if scene.count("held", answer) else None


def _typed(person: Somebody, offer: Offer) -> dict[str, str]:
    """What the person types: name and mail, and whatever else the service asks for."""
    facts = {
        "phone": person.phone,
        "birth_date": person.birth_date.isoformat(),
        "document": person.document,
    }
    asked = {name: value for name, value in facts.items() if name in offer.required}
    return {"name": person.name, "email": person.email, **asked}

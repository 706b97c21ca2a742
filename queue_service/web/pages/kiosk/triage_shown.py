"""A page of the triage in facts: the question with its ways on, or the outcome with all it needs.

The answers so far are the address; neither postcode nor number of a card ever stands in it.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import msgspec

from queue_service.flows.bookings import cards
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.kiosk.triage import Answers, keys_in
from queue_service.language import catalogue, clock, sentence, span
from queue_service.language.formats import weekdays
from queue_service.model.asking import Referral
from queue_service.model.office import Office, Service
from queue_service.model.refusal import Code, Refusal
from queue_service.model.triage import End, Kind, Need, Outcome, Question
from queue_service.offices import municipalities
from queue_service.offices.jurisdiction import referral
from queue_service.web.sisters import own_place

GERMAN = ("de", "de_simple")
"""Readers who need no second line in German."""


class Way(msgspec.Struct, frozen=True):
    """Whose triage, in which frame (kiosk, guide, phone), and the answers so far."""

    followed: Followed
    lang: str
    frame: str
    base: str
    """Address of the first question."""
    home: str
    """Where one goes when done."""
    given: Answers = ()
    booking: str = ""
    """Where the outside reaches this house's booking pages."""

    @property
    def office(self) -> Office:
        """The office whose tree it is."""
        return self.followed.office

    @property
    def at(self) -> str:
        """The answers as they stand in the address."""
        return ".".join(self.given)

    def on(self, *answers: str) -> str:
        """The page after these answers."""
        return self.page((*self.given, *answers))

    def page(self, given: Answers, **more: str) -> str:
        """The page of these answers."""
        asked = ({"at": ".".join(given)} if given else {}) | more
        return f"{self.base}?{urlencode(asked)}" if asked else self.base

    @property
    def back(self) -> str:
        """One answer less; home from the first question."""
        return self.page(self.given[:-1]) if self.given else self.home


def as_need(typed: str) -> Need | None:
    """The need class that the form of an outcome carries; None where it carries none."""
    return Need(typed) if typed in set(Need) else None


def shared(way: Way, wrong: str) -> dict[str, Any]:
    """Facts of every page of the triage."""
    t = catalogue(way.lang)
    said = {
        "postcode": t("Please check the postcode: it has five digits."),
        "place": f"{t('We do not know this place')}. {t('The postcode may be mistyped or new.')}",
        "card": t("Please check the number: 4 to 40 letters and digits."),
    }
    return {
        "frame": way.frame,
        "base": way.base,
        "home": way.home,
        "at": way.at,
        "back": way.back,
        "german_too": way.lang not in GERMAN,
        "german": catalogue("de"),
        "wrong": said.get(wrong, ""),
        "office": way.office,
        "now": way.followed.now(),
        "question": None,
        "outcome": None,
        "choices": (),
        "bring": (),
    }


def asked(way: Way, question: Question) -> dict[str, Any]:
    """A question: its answers as links, its papers."""
    service = way.office.service(question.service or "")
    return {
        "question": question,
        "answers": [
            {
                "key": a.key,
                "text": a.text,
                "picture": a.picture,
                "href": _after(way, question, a.key),
            }
            for a in question.answers
        ],
        "bring": service.bring if service else (),
    }


def _after(way: Way, question: Question, key: str) -> str:
    undecided = question.kind is Kind.PLACE and way.given and keys_in(way.given[-1])
    return way.page((*way.given[:-1], key)) if undecided else way.on(key)


def chosen_among(way: Way, question: Question, keys: tuple[str, ...]) -> dict[str, Any]:
    """The municipalities of an ambiguous postcode, each as a link."""
    places = sorted(place for key in keys if (place := municipalities.of_key(key)))
    return {
        "question": question,
        "choices": [
            {
                "href": way.page((*way.given[:-1], place.ags)),
                "name": place.name,
                "district": place.district,
            }
            for place in places
        ],
    }


def ended(way: Way, house: House, outcome: Outcome, *, card: str) -> dict[str, Any]:
    """An outcome with everything its page says."""
    service = way.office.service(outcome.service or "")
    link = link_of(way, outcome)
    facts: dict[str, Any] = {
        "outcome": outcome,
        "service": service,
        "bring": _bring(outcome, service),
        "link": link,
        "qr": f"/qr/triage/{way.office.slug}/{_name(way, outcome)}.svg?lang={way.lang}",
        "number_action": _number_action(way, outcome),
        "hand_over": f"/{way.lang}/guide/emergency"
        if way.frame == "guide" and outcome.kind is End.GUIDE
        else "",
    }
    if outcome.kind is End.ELSEWHERE:
        facts |= _elsewhere(way, house)
    if outcome.kind is End.NO_APPOINTMENT and service is not None:
        facts["rule"] = rule_of(outcome, service)
    if outcome.kind is End.CARD and service is not None:
        facts["card"] = _card(way, service, card)
        if facts["card"]["refusal"]:
            facts["link"] = ""
        elif service.walk_in and not facts["card"]["asked"]:
            facts["number_action"] = _number_form(way)
    return facts


def link_of(way: Way, outcome: Outcome) -> str:
    """Where the outcome leads on the web; empty where it leads nowhere."""
    if outcome.kind is End.ONLINE:
        return outcome.link
    if outcome.kind is End.ELSEWHERE:
        found = _referral(way)
        if found is None:
            return ""
        return f"{way.booking}/{way.lang}/{found.office}" if found.office else found.web
    if outcome.kind in (End.BOOK, End.CARD):
        return f"{way.booking}/{way.lang}/{way.office.slug}/service/{outcome.service}"
    return ""


def rule_of(outcome: Outcome, service: Service) -> dict[str, Any]:
    """The rule by which no appointment is needed: for whom, what holds, until when."""
    exemption = next((e for e in service.exempt if e.key == outcome.exempt), None)
    if exemption is None:
        return {"who": {}, "text": service.not_needed, "until": service.not_needed_to}
    return {"who": exemption.who, "text": exemption.text, "until": exemption.valid_to}


def _bring(outcome: Outcome, service: Service | None) -> tuple[dict[str, str], ...]:
    listed = outcome.kind in (End.BOOK, End.RESPONSIBLE, End.CARD)
    return service.bring if service and listed else ()


def _name(way: Way, outcome: Outcome) -> str:
    return way.given[-1].split("-")[0] if outcome.kind is End.ELSEWHERE else outcome.key


def _number_action(way: Way, outcome: Outcome) -> str:
    return _number_form(way) if outcome.kind is End.RESPONSIBLE else ""


def _number_form(way: Way) -> str:
    forms = {"kiosk": "kiosk/check-in", "guide": "guide/walk-in"}
    return f"/{way.lang}/{forms[way.frame]}" if way.frame in forms else ""


def _referral(way: Way) -> Referral | None:
    keys = keys_in(way.given[-1]) if way.given else ()
    return referral(way.office, keys[0]) if keys else None


def _elsewhere(way: Way, house: House) -> dict[str, Any]:
    keys, found = keys_in(way.given[-1]), _referral(way)
    place = municipalities.of_key(keys[0]) if len(keys) == 1 else None
    sister = house.follower.office(found.office) if found and found.office else None
    hours: list[str] = []
    if found and sister:
        found = msgspec.structs.replace(found, **own_place(house, found.office))
        hours = list(_hours(sister.office, way.lang))
    return {"referral": found, "hours": hours, "municipality": place.name if place else ""}


def _hours(office: Office, lang: str) -> Iterator[str]:
    for window in office.hours:
        days = weekdays(window.weekdays, lang)
        # A word joiner: a range that is broken reads backwards in right-to-left text.
        hours = span(clock(window.opens), clock(window.closes), lang).replace("–", "–\u2060")
        yield f"{days} {hours}"


def _card(way: Way, service: Service, said: str) -> dict[str, Any]:
    refusal = None
    if said == "not_ready":
        refusal = cards.with_next_check(way.followed, Refusal(Code.CARD_NOT_READY))
    elif said == "slow":
        refusal = Refusal(Code.TOO_MANY)
    return {
        "asked": way.followed.cards_listed and said != "ready",
        "ready": said == "ready",
        "refusal": sentence(refusal, way.lang) if refusal else None,
        "hint": service.pickup.number_hint if service.pickup else {},
    }

"""What a guide's tablet takes along for the hour without network: the cards and the slips.

Public facts of the office only, as they hold on the day: its triage, lists of papers, and the
authorities of the neighbourhood. A place that is not in it is asked about when the network is back.
"""

import msgspec

from queue_service.followed import Followed
from queue_service.kiosk.triage import Tree, effective
from queue_service.model.asking import Referral, Texts
from queue_service.model.office import Office
from queue_service.model.triage import End, Outcome, Question
from queue_service.offices import municipalities
from queue_service.offices.jurisdiction import referral, serves

_LAND_DIGITS = 2
"""Of a municipality's key: its federal state."""


class Paper(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A service on the cards: its name, how many may come, what to bring."""

    name: Texts
    max_persons: int
    bring: tuple[Texts, ...]
    emergency: bool
    """Gets no number without network: a guide walks."""


class Slip(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The right authority."""

    name: Texts
    street: str = ""
    postcode: str = ""
    town: str = ""
    phone: str = ""
    web: str = ""
    hours: Texts = {}


class Home(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A municipality: ours, or another authority's."""

    name: str
    here: bool = False
    slip: int = -1
    """Place in `slips`; -1: nobody is known for certain."""


class Kit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything the cards need without network."""

    first: str
    questions: tuple[Question, ...]
    outcomes: tuple[Outcome, ...]
    """As they hold today."""
    rules: dict[str, Texts]
    """Of outcomes that no appointment is needed for: what the rule says."""
    services: dict[str, Paper]
    postcodes: dict[str, tuple[int, ...]]
    """Places in `homes`."""
    homes: tuple[Home, ...]
    slips: tuple[Slip, ...]


def kit(followed: Followed) -> Kit:
    """The kit of an office as things hold now."""
    office = followed.office
    tree = Tree.of(office)
    outcomes = [effective(tree, outcome) for outcome in office.triage.outcomes]
    postcodes, homes, slips = _neighbourhood(office)
    return Kit(
        office.triage.first,
        office.triage.questions,
        tuple(
            msgspec.structs.replace(after, key=before.key, otherwise="")
            for before, after in zip(office.triage.outcomes, outcomes, strict=True)
        ),
        {
            before.key: rule
            for before, after in zip(office.triage.outcomes, outcomes, strict=True)
            if after.kind is End.NO_APPOINTMENT and (rule := _rule(office, after))
        },
        {s.code: Paper(s.name, s.max_persons, s.bring, s.emergency) for s in office.services},
        postcodes,
        homes,
        slips,
    )


def _rule(office: Office, outcome: Outcome) -> Texts:
    service = office.service(outcome.service or "")
    if service is None:
        return {}
    exemption = next((e for e in service.exempt if e.key == outcome.exempt), None)
    return exemption.text if exemption else service.not_needed


def _neighbourhood(
    office: Office,
) -> tuple[dict[str, tuple[int, ...]], tuple[Home, ...], tuple[Slip, ...]]:
    """Postcodes of this federal state with a municipality of ours or of somebody we know."""
    places: dict[str, int] = {}
    slips: dict[int, int] = {}
    homes: list[Home] = []
    written: list[Slip] = []
    postcodes: dict[str, tuple[int, ...]] = {}
    for postcode, found in municipalities.by_postcode().items():
        near = [p for p in found if p.ags[:_LAND_DIGITS] == office.ags[:_LAND_DIGITS]]
        if not any(serves(office, p.ags) or referral(office, p.ags) for p in near):
            continue
        for place in found:
            if place.ags in places:
                continue
            places[place.ags] = len(homes)
            said = None if serves(office, place.ags) else referral(office, place.ags)
            if said is not None and id(said) not in slips:
                slips[id(said)] = len(written)
                written.append(_slip(said))
            number = slips[id(said)] if said is not None else -1
            homes.append(Home(place.name, serves(office, place.ags), number))
        postcodes[postcode] = tuple(places[place.ags] for place in found)
    return postcodes, tuple(homes), tuple(written)


def _slip(said: Referral) -> Slip:
    return Slip(said.name, said.street, said.postcode, said.town, said.phone, said.web, said.hours)

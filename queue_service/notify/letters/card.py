"""The letter to somebody whose card has become ready: book now, or take the address back."""

import msgspec

from queue_service.language import LANGUAGES, catalogue, direction, pick
from queue_service.model.ids import ServiceCode
from queue_service.model.office import Office
from queue_service.notify.letters.body import Body, Link, isolated
from queue_service.notify.letters.facts import one_line


class CardFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything such a letter may say; it names no card and no person."""

    office: Office
    service: ServiceCode
    base_url: str
    contact: tuple[str, str]
    """Number and secret of the contact; part of the link that deletes it."""


def card_body(facts: CardFacts, language: str) -> Body:
    """What the letter says in `language`; German for a language without a catalogue."""
    language = language if language in LANGUAGES else "de"
    t, office = catalogue(language), facts.office
    place = office.place
    rows = (
        (t("Office"), one_line(pick(office.name, language)[0])),
        (t("Address"), one_line(f"{place.street}, {place.postcode} {place.town}")),
    )
    base = f"{facts.base_url.rstrip('/')}/{language}/{office.slug}"
    return Body(
        language=language,
        direction=direction(language),
        subject=t("Appointment"),
        greeting=t("Hello,"),
        lead=t(
            "You asked us to tell you: it is ready and you can book an appointment for it now."
            " Please have the number at hand that you gave us."
        ),
        rows=tuple((label, isolated(t, value)) for label, value in rows),
        links=(
            Link(t("Choose day and time"), f"{base}/service/{facts.service}"),
            Link(t("Delete my address"), f"{base}/cards/forget/{'/'.join(facts.contact)}"),
        ),
        closing=t("This message was made automatically. Replies to it are not read."),
        privacy=t(
            "Data protection: your address was kept for this one message and is now deleted."
        ),
    )

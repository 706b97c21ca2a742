"""What every page about one appointment starts from: the booking opened, its office, address."""

from typing import TypedDict

from litestar.response import Template

from queue_service.flows.bookings import booking
from queue_service.flows.bookings.booking import BookingGiven
from queue_service.flows.bookings.proving import Proof
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.booking import BookingState
from queue_service.model.office import Office
from queue_service.model.refusal import Code, Refusal
from queue_service.slots.life import fixed_from
from queue_service.web.pages import Asked, known, refused, spoken
from queue_service.web.pages.applicant.ticket import plain_code

_LIVE = (BookingState.BOOKED, BookingState.PENDING)


async def opened(
    request: Asked, house: House, lang: str, code: str, secret: str
) -> BookingGiven | Template:
    """The appointment of the long link, or the page that says why it does not open."""
    if not known(lang):
        return not_opened(request, spoken(request), Refusal(Code.UNKNOWN_BOOKING))
    result = await booking.show(house, plain_code(code), Proof(secret=secret))
    return not_opened(request, lang, result) if isinstance(result, Refusal) else result


def not_opened(request: Asked, lang: str, refusal: Refusal) -> Template:
    """A refusal with the way to try again."""
    lang = lang if known(lang) else spoken(request)
    return refused(request, lang, refusal, onward=f"/{lang}/b", here="/b")


def office_of(house: House, shown_booking: BookingGiven) -> Followed:
    """The office of a booking; bookings of an office that is gone are a defect."""
    followed = house.follower.office(shown_booking.office)
    if followed is None:
        raise LookupError(shown_booking.office)
    return followed


def changeable(house: House, shown_booking: BookingGiven) -> bool:
    """Whether whoever has it may still move or cancel it."""
    followed = office_of(house, shown_booking)
    ends = fixed_from(shown_booking.start, followed.office.booking)
    return shown_booking.state in _LIVE and followed.now() < ends


class Facts(TypedDict):
    """What templates about one appointment are given."""

    office: Office
    home: str
    booking: BookingGiven
    self_url: str


def facts_of(house: House, lang: str, shown_booking: BookingGiven) -> Facts:
    """The facts of this appointment."""
    office = office_of(house, shown_booking).office
    return {
        "office": office,
        "home": f"/{lang}/{office.slug}",
        "booking": shown_booking,
        "self_url": f"/{lang}/b/{shown_booking.code}/{shown_booking.secret}",
    }

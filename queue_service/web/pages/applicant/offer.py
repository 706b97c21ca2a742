"""An offer from the waiting list: what, until when, yes or no.

The link only shows it: mail scanners open links. A button answers, and answering twice is kind.
"""

from litestar import get, post
from litestar.response import Template

from queue_service.flows.waitlist import offers
from queue_service.flows.waitlist.offers import OfferGiven, OfferState
from queue_service.house import House
from queue_service.language import catalogue, mark
from queue_service.model.refusal import Code, Refusal
from queue_service.web.pages import STATUS, Asked, Shown, known, page, refused, see, spoken
from queue_service.web.pages.applicant.answers import text
from queue_service.web.pages.applicant.ticket import plain_code

_TITLES = {
    OfferState.OPEN: mark("A place is free for you"),
    OfferState.ACCEPTED: mark("You took this place"),
    OfferState.DECLINED: mark("You did not want this place"),
    OfferState.LAPSED: mark("The time for this offer is over"),
    OfferState.CANCELLED: mark("This offer was taken back"),
}
_SENTENCES = {
    OfferState.ACCEPTED: mark("It is your appointment."),
    OfferState.DECLINED: mark("It went to the next person. You stay on the waiting list."),
    OfferState.LAPSED: mark("The place went to the next person. You stay on the waiting list."),
    OfferState.CANCELLED: mark(
        "The office cannot keep this time. We are sorry. You stay on the waiting list."
    ),
}


@get("/{lang:str}/o/{code:str}/{secret:str}")
async def shown(request: Asked, house: House, lang: str, code: str, secret: str) -> Template:
    """The offer; looking at it answers nothing."""
    lang = lang if known(lang) else spoken(request)
    given = await offers.show(house, plain_code(code), secret)
    if isinstance(given, Refusal):
        return refused(request, lang, given, onward=f"/{lang}", here="")
    return _offer(request, house, lang, given)


@post("/{lang:str}/o/{code:str}/{secret:str}/accept", status_code=200)
async def accepted(request: Asked, house: House, lang: str, code: str, secret: str) -> Shown:
    """Yes: it is booked."""
    given = await _answer(request, house, code, secret, yes=True)
    if isinstance(given, OfferGiven) and given.booked is not None:
        notice = "moved" if given.later else "new"
        return see(f"/{lang}/b/{given.booked[0]}/{given.booked[1]}?{notice}=1")
    return await _after(request, house, lang, code, secret, given)


@post("/{lang:str}/o/{code:str}/{secret:str}/decline", status_code=200)
async def declined(request: Asked, house: House, lang: str, code: str, secret: str) -> Shown:
    """No: the next is asked."""
    given = await _answer(request, house, code, secret, yes=False)
    if isinstance(given, OfferGiven):
        return see(f"/{lang}/o/{given.code}/{given.secret}")
    return await _after(request, house, lang, code, secret, given)


async def _answer(
    request: Asked, house: House, code: str, secret: str, *, yes: bool
) -> OfferGiven | Refusal:
    form = await request.form()
    key = text(form, "idempotency_key") or None
    return await offers.answer(house, plain_code(code), secret, yes=yes, key=key)


async def _after(
    request: Asked,
    house: House,
    lang: str,
    code: str,
    secret: str,
    refusal: OfferGiven | Refusal,
) -> Template:
    """Too late, or refused: how the offer stands now, else the refusal."""
    lang = lang if known(lang) else spoken(request)
    given = await offers.show(house, plain_code(code), secret)
    over = isinstance(refusal, OfferGiven) or refusal.code is Code.OFFER_OVER
    if isinstance(given, OfferGiven) and over:
        return _offer(request, house, lang, given, status=STATUS[Code.OFFER_OVER])
    said = refusal if isinstance(refusal, Refusal) else Refusal(Code.OFFER_OVER)
    return refused(request, lang, said, onward=f"/{lang}/o/{code}/{secret}", here="")


def _offer(
    request: Asked, house: House, lang: str, given: OfferGiven, status: int = 200
) -> Template:
    t = catalogue(lang)
    followed = house.follower.offices[given.office]
    return page(
        "status/offer.html",
        request,
        lang,
        title=t(_TITLES[given.state]),
        status=status,
        kept=False,
        here=f"/o/{given.code}/{given.secret}",
        office=followed.office,
        home=f"/{lang}/{given.office}",
        offer=given,
        open=given.state is OfferState.OPEN,
        state_text=t(_SENTENCES.get(given.state, "")),
        booked=given.booked,
        wish_url=f"/{lang}/w/{given.wish[0]}/{given.wish[1]}",
        self_url=f"/{lang}/o/{given.code}/{given.secret}",
        same_day=given.until.date() == given.now.date(),
    )


handlers = [shown, accepted, declined]

"""Which cards are collected: asked before any time is shown; not ready, somebody can be told.

A number travels in the body of a form only and is answered by its keyed hash. Guessing is slowed
down by a bucket of its own, and every card that cannot be booked gets the same answer.
"""

from collections.abc import Mapping
from datetime import date
from urllib.parse import urlencode

from litestar import get, post
from litestar.response import Template

from queue_service.flows.bookings import cards
from queue_service.flows.bookings.cards import NotReady
from queue_service.house import House
from queue_service.language import catalogue, sentence
from queue_service.model.refusal import Code, Refusal
from queue_service.slots import card_list
from queue_service.web.access import guessing
from queue_service.web.pages import STATUS, Asked, Shown, page, refused, see
from queue_service.web.pages.applicant.answers import Answers, faults, text
from queue_service.web.pages.applicant.wanted import Wanted, every, visited, wanted_of

_MOST_NUMBERS = 8


def cards_wanted(wanted: Wanted) -> int:
    """How many cards this wish needs; 0 where none are asked for."""
    asked = cards.wants_cards(wanted.followed, wanted.parts)
    return asked[1] if asked else 0


@get("/{lang:str}/{office:str}/cards")
async def numbers(request: Asked, house: House, lang: str, office: str) -> Shown:
    """Ask for the number of each card."""
    wanted = wanted_of(request, house, lang, office, request.query_params)
    if isinstance(wanted, Template):
        return wanted
    if not cards_wanted(wanted):
        return see(f"/{lang}/{office}/book?{wanted.query}")
    return _asked(request, lang, wanted)


@post("/{lang:str}/{office:str}/cards", status_code=200)
async def given(request: Asked, house: House, lang: str, office: str) -> Shown:
    """Go on to the times when all are ready, else say when to look again."""
    form = await request.form()
    wanted = wanted_of(request, house, lang, office, form)
    if isinstance(wanted, Template):
        return wanted
    many, typed = cards_wanted(wanted), _typed(form)[: cards_wanted(wanted)]
    wrong = _wrong(typed, lang)
    if wrong:
        return _asked(request, lang, wanted, typed=typed, errors=wrong)
    if await guessing(request, house):
        return _asked(request, lang, wanted, typed=typed, refusal=Refusal(Code.TOO_MANY))
    keys = cards.keys_of(house, wanted.followed, typed)
    found = await cards.checked(house, wanted.followed, wanted.parts, keys) if many else ()
    if isinstance(found, Refusal):
        late = [keys[n - 1].hex() for n in _missing(found) if 1 <= n <= len(keys)]
        return _asked(request, lang, wanted, typed=typed, refusal=found, late=late)
    bound = [("card", key.hex()) for key in found]
    rest = [pair for pair in wanted.hidden if pair[0] != "card"]
    return see(f"/{lang}/{office}/book?{urlencode([*rest, *bound])}")


@post("/{lang:str}/{office:str}/cards/tell", status_code=200)
async def tell(request: Asked, house: House, lang: str, office: str) -> Shown:
    """Leave an address to be told when the cards are ready."""
    form = await request.form()
    wanted = wanted_of(request, house, lang, office, form)
    if isinstance(wanted, Template):
        return wanted
    late = every(form, "late")[:_MOST_NUMBERS]
    answers = Answers(email=text(form, "email"))
    wrong = faults(answers, ("email",), lang)
    if wrong or not wanted_keys(late):
        return _asked(request, lang, wanted, late=late, errors=wrong, email=answers.email)
    if await guessing(request, house):
        return _asked(request, lang, wanted, late=late, refusal=Refusal(Code.TOO_MANY))
    left = [
        await cards.leave_contact(
            house,
            wanted.followed,
            key,
            email=answers.email,
            language=lang,
            service=wanted.parts[0].service,
            key=text(form, "idempotency_key") or None,
        )
        for key in wanted_keys(late)
    ]
    kept = [each for each in left if isinstance(each, NotReady)]
    if not kept:
        why = next(each for each in left if isinstance(each, Refusal))
        return _asked(request, lang, wanted, late=late, refusal=why, email=answers.email)
    return page(
        "apply/told.html",
        request,
        lang,
        title=catalogue(lang)("We will tell you"),
        here=f"/{office}/service/{wanted.service.code}",
        kept=False,
        office=wanted.followed.office,
        home=f"/{lang}/{office}",
        email=answers.email,
        next_check=kept[0].next_check,
        contacts=[(each.contact, each.secret) for each in kept],
    )


@get("/{lang:str}/{office:str}/cards/forget/{contact:str}/{secret:str}")
async def sure(
    request: Asked, house: House, lang: str, office: str, contact: str, secret: str
) -> Shown:
    """Ask once, as mail scanners open links."""
    return await _forgetting(request, house, lang, office, done=False)


@post("/{lang:str}/{office:str}/cards/forget/{contact:str}/{secret:str}", status_code=200)
async def forget(
    request: Asked, house: House, lang: str, office: str, contact: str, secret: str
) -> Shown:
    """Delete the address; pressed twice, it is deleted all the same."""
    followed = visited(request, house, lang, office)
    if isinstance(followed, Template):
        return followed
    refusal = await cards.forget_contact(house, followed, contact, secret)
    if refusal is not None:
        return refused(
            request,
            lang,
            refusal,
            onward=f"/{lang}/{office}",
            here=f"/{office}",
            office=followed.office,
        )
    return await _forgetting(request, house, lang, office, done=True)


async def _forgetting(
    request: Asked, house: House, lang: str, office: str, *, done: bool
) -> Template:
    followed = visited(request, house, lang, office)
    if isinstance(followed, Template):
        return followed
    t = catalogue(lang)
    return page(
        "apply/forget.html",
        request,
        lang,
        title=t("Your address is deleted") if done else t("Delete your address?"),
        kept=False,
        office=followed.office,
        home=f"/{lang}/{office}",
        action=request.url.path,
        done=done,
    )


def _typed(form: Mapping[str, object]) -> list[str]:
    return [text(form, f"number.{n}")[:60] for n in range(1, _MOST_NUMBERS + 1)]


def _wrong(typed: list[str], lang: str) -> dict[str, str]:
    t = catalogue(lang)
    found: dict[str, str] = {}
    for n, number in enumerate(typed, 1):
        if len(card_list.plain(number)) not in card_list.SERIAL_LENGTHS:
            found[f"number.{n}"] = t(
                "Card {n}: 4 to 40 letters and digits, as on the letter or the card.", n=n
            )
        elif card_list.plain(number) in (card_list.plain(each) for each in typed[: n - 1]):
            found[f"number.{n}"] = t("Card {n}: the same number as another card.", n=n)
    return found


def _missing(refusal: Refusal) -> list[int]:
    named = refusal.data.get("cards")
    return [n for n in named if isinstance(n, int)] if isinstance(named, list) else []


def wanted_keys(tokens: list[str]) -> tuple[bytes, ...]:
    """The cards behind the tokens of a form, each once; what is none is passed over."""
    keys = []
    for token in dict.fromkeys(tokens):
        try:
            keys.append(bytes.fromhex(token))
        except ValueError:
            continue
    return tuple(key for key in keys if len(key) == 16)


def _asked(
    request: Asked,
    lang: str,
    wanted: Wanted,
    *,
    typed: list[str] | None = None,
    errors: dict[str, str] | None = None,
    refusal: Refusal | None = None,
    late: list[str] | None = None,
    email: str = "",
) -> Template:
    office, t = wanted.followed.office, catalogue(lang)
    many = cards_wanted(wanted)
    status = STATUS.get(refusal.code, 409) if refusal else 422 if errors else 200
    pickup = wanted.service.pickup or next(
        (s.pickup for p in wanted.parts if (s := office.service(p.service)) and s.pickup), None
    )
    missing = _missing(refusal) if refusal else []
    next_check = refusal.data.get("next_check") if refusal else None
    return page(
        "apply/cards.html",
        request,
        lang,
        title=t("Which cards do you collect?") if many > 1 else t("Which card do you collect?"),
        status=status,
        here=f"/{office.slug}/cards?{wanted.query}",
        kept=False,
        office=office,
        home=f"/{lang}/{office.slug}",
        parts=wanted.parts,
        hidden=[pair for pair in wanted.hidden if pair[0] != "card"],
        many=many,
        typed=typed or [],
        errors=errors or {},
        refusal=sentence(refusal, lang) if refusal else None,
        missing=missing if many > 1 else [],
        next_check=next_check if isinstance(next_check, date) else None,
        hint=pickup.number_hint if pickup else {},
        late=late or [],
        email=email,
        action=f"/{lang}/{office.slug}/cards",
        back=f"/{lang}/{office.slug}/service/{wanted.service.code}",
    )


handlers = [numbers, given, tell, sure, forget]

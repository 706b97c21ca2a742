"""The time that is free for this browser: taken, remembered in the one necessary cookie."""

from collections.abc import Mapping
from functools import partial
from typing import TypeVar

from litestar.datastructures import Cookie
from litestar.response import Redirect, Template

from queue_service.flows.bookings import booking
from queue_service.flows.bookings.booking import HoldGiven
from queue_service.flows.wish import own_key
from queue_service.house import House
from queue_service.model.refusal import Code, Refusal
from queue_service.web.access import crowded
from queue_service.web.pages import Asked
from queue_service.web.pages.applicant.answers import text
from queue_service.web.pages.applicant.times import as_instant
from queue_service.web.pages.applicant.wanted import Wanted
from queue_service.web.throttle import address_of

Answer = TypeVar("Answer", Template, Redirect)

COOKIE = "queue_hold"
COOKIE_SECONDS = 2 * 60 * 60
"""Longer than any hold, so that answers can be matched to one that lapsed."""


async def take(
    request: Asked,
    house: House,
    lang: str,
    wanted: Wanted,
    form: Mapping[str, object],
) -> HoldGiven | Refusal:
    """Take the start in `form`, giving back this browser's earlier one in the same claim."""
    start = as_instant(text(form, "start"))
    if start is None:
        return Refusal(Code.FIELD_REQUIRED, {"field": "start"})
    too_fast = await crowded(request, house)
    if too_fast is not None:
        return too_fast
    key = own_key(
        text(form, "idempotency_key"),
        partial(address_of, request, trusted_proxy=house.settings.trusted_proxy),
    )
    return await booking.hold(
        house,
        wanted.followed.office.slug,
        parts=wanted.parts,
        start=start,
        language=lang,
        key=key or None,
        replaces=held_before(request),
        cards=wanted.cards,
    )


def held_before(request: Asked) -> tuple[str, str] | None:
    """Hold and secret in this browser's cookie."""
    held, divider, secret = request.cookies.get(COOKIE, "").partition(":")
    return (held, secret) if divider and held and secret else None


async def still_held(request: Asked, house: House) -> HoldGiven | Refusal:
    """This browser's live hold; one that cannot be read counts as run out."""
    before = held_before(request)
    held = await booking.held(house, *before) if before else None
    return held if isinstance(held, HoldGiven) else Refusal(Code.HOLD_EXPIRED)


def with_hold(answer: Answer, house: House, given: HoldGiven) -> Answer:
    """`answer` with the cookie that remembers `given`."""
    answer.set_cookie(
        Cookie(
            COOKIE,
            value=f"{given.hold}:{given.secret}",
            max_age=COOKIE_SECONDS,
            httponly=True,
            secure=house.settings.secure,
            samesite="lax",
        )
    )
    return answer

"""The managers' console: its places, who may enter one, and the frame around each.

A place is a page of its own module; it asks `enter` who is there and shows itself by `shown`.
"""

import msgspec
from litestar.response import Template

from queue_service.followed import Followed
from queue_service.house import House
from queue_service.language import catalogue, mark
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Act, Actor
from queue_service.web.access import allowed
from queue_service.web.pages import Asked, Shown, known, page, refused, see, spoken

PLACES: tuple[tuple[str, str, str], ...] = (
    ("capacity", "capacity", mark("Capacity")),
    ("cards", "cards", mark("Cards")),
    ("devices", "devices", mark("Devices")),
    ("disruption", "disruption", mark("Disruption")),
    ("surge", "surge", mark("Surge rules")),
    ("reports", "reports", mark("Figures")),
    ("waits", "waits", mark("Waits")),
    ("reminders", "reminders", mark("Reminders")),
)
"""(name, end of the address, title) of every place, in the order of the navigation."""


class Entered(msgspec.Struct, frozen=True):
    """Somebody who may be at a place of an office's console."""

    actor: Actor
    followed: Followed
    lang: str

    def address(self, place: str) -> str:
        """The address of a place."""
        return f"/{self.lang}/console/{self.followed.key.slug}/{place}"


async def enter(request: Asked, house: House, lang: str, office: str, act: Act) -> Entered | Shown:
    """Whoever asks, where `act` is allowed to them; else the page that says why not."""
    lang = lang if known(lang) else spoken(request)
    followed = house.follower.office(office)
    actor = await allowed(request, house, act, office)
    if isinstance(actor, Refusal):
        if actor.code is Code.NOT_SIGNED_IN:
            return see(f"/{lang}/staff")
        return refused(request, lang, actor, onward=f"/{lang}/staff")
    if followed is None:
        return refused(request, lang, Refusal(Code.UNKNOWN_OFFICE), onward=f"/{lang}/staff")
    return Entered(actor, followed, lang)


def shown(
    name: str,
    request: Asked,
    entered: Entered,
    place: str,
    *,
    title: str,
    status: int = 200,
    here: str | None = None,
    **facts: object,
) -> Template:
    """The template `name` of a place within the console's frame; never kept by the browser.

    `here` as in `page`: give it where the request is a POST.
    """
    t = catalogue(entered.lang)
    places = [
        {"title": t(text), "href": entered.address(path), "current": key == place}
        for key, path, text in PLACES
    ]
    return page(
        name,
        request,
        entered.lang,
        title=title,
        status=status,
        here=here,
        kept=False,
        home=f"/{entered.lang}/staff",
        office=entered.followed.office,
        places=places,
        login=entered.actor.name,
        **facts,
    )

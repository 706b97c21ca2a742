"""The guides' tablet: who holds it, the frame of its screens, and the languages of both sides.

The guide reads in one language and the visitor in another: the address carries that of whoever
reads the page, a cookie the guide's own, so that the way back leads there.
"""

from typing import Any

import msgspec
from litestar.datastructures import Cookie
from litestar.response import Template

from queue_service.flows.access import sessions
from queue_service.flows.desks.undoing_own import Own, own_last
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.language import LANGUAGES, catalogue, direction, mark, own_name, sentence
from queue_service.language.guide_words import done
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Act, Actor, check
from queue_service.web.access import DEVICE_COOKIE, STAFF_COOKIE
from queue_service.web.pages import STATUS, Asked, Shown, known, page, see, spoken

UNDONE = "undone"
_DONE = {
    "marked": mark("It is noted; the desk sees it before the call."),
    "papers": mark("The desk knows which papers are missing."),
    UNDONE: mark("Taken back."),
}
"""What a screen confirms, by the code in its address."""
_ASKED = {
    "birth_date": mark("Date of birth: please write day, month, year, like 31.01.1990."),
    "letters": mark("Please type the first two letters of a name."),
}
"""What a field wants that was filled in otherwise."""
OWN = "queue_guide"
"""Cookie with the guide's own language."""
LOCK_SECONDS = 60
"""So long a screen is left alone before it is covered."""


class Entrance(msgspec.Struct, frozen=True):
    """Who guides, where, and in which language the page is read."""

    actor: Actor
    followed: Followed
    lang: str
    own: str
    """The guide's language."""

    @property
    def home(self) -> str:
        """Where the guide begins with the next person."""
        return f"/{self.own}/guide"

    def may(self, act: Act) -> bool:
        """Whether this tablet or guide may do it here."""
        return check(self.actor, act, self.followed.key.slug) is None


async def entered(
    request: Asked, house: House, lang: str, act: Act = Act.GUIDE
) -> Entrance | Shown:
    """The entrance for a guide who signed in or an enrolled tablet; else the way to sign in.

    Somebody signed in counts before the tablet they hold: the journal names them.
    """
    lang = lang if known(lang) else spoken(request)
    own = request.cookies.get(OWN, "")
    held = False
    for name in (STAFF_COOKIE, DEVICE_COOKIE):
        credential = request.cookies.get(name, "")
        actor = await sessions.actor(house, credential) if credential else None
        followed = house.follower.office(actor.office) if actor else None
        if actor is None or followed is None:
            continue
        held = held or check(actor, Act.GUIDE, actor.office) is None
        if check(actor, act, actor.office) is None:
            return Entrance(actor, followed, lang, own if known(own) else lang)
    if held:
        return see(f"/{lang}/staff")
    title = catalogue(lang)("This device is not enrolled")
    return page("guide/enrol.html", request, lang, title=title, status=403, here="/guide")


def shown(
    request: Asked,
    at: Entrance,
    name: str,
    title: str,
    /,
    *,
    here: str = "",
    refusal: Refusal | None = None,
    own: Own | None = None,
    **facts: Any,
) -> Template:
    """The screen ``guide/<name>.html`` in the frame of the tablet; never kept by the browser.

    `here` is the address after ``/guide``, where the same screen is found in another language;
    `own` is what the guide can take back where the screen knows more than the journal.
    """
    own = own or own_last(at.followed, at.actor.id)
    confirmed = _DONE.get(request.query_params.get("done", ""), "")
    code = request.query_params.get("sorry", "")
    if refusal is None and code in set(Code):
        refusal = Refusal(Code(code))
    return page(
        f"guide/{name}.html",
        request,
        at.lang,
        title=title,
        status=STATUS.get(refusal.code, 409) if refusal and request.method == "POST" else 200,
        kept=False,
        here=f"/guide{here}",
        office=at.followed.office,
        now=at.followed.now(),
        rate=at.followed.clock.rate,
        own_lang=at.own,
        own_t=catalogue(at.own),
        own_dir=direction(at.own),
        guide_home=at.home,
        tongues=[
            {"code": each, "name": own_name(each), "dir": direction(each)} for each in LANGUAGES
        ],
        lock_seconds=LOCK_SECONDS,
        cover=catalogue(at.own)("Locked. Tap for the next person"),
        signed_in=at.actor.id > 0,
        device=bool(request.cookies.get(DEVICE_COOKIE)),
        sorry=sentence(refusal, at.lang) if refusal else None,
        marked=_marked(refusal, at.lang) if refusal else {},
        done=catalogue(at.lang)(confirmed) if confirmed else "",
        undo=_undo(at, own) if own and at.lang == at.own and at.may(Act.UNDO_OWN) else None,
        **facts,
    )


def _marked(refusal: Refusal, lang: str) -> dict[str, str]:
    """What stands at the fields that a refusal names."""
    t = catalogue(lang)
    if refusal.code is Code.TOO_MANY_PERSONS:
        return {"persons": sentence(refusal, lang).title}
    empty, other = refusal.data.get("fields"), str(refusal.data.get("field"))
    if isinstance(empty, list):
        return dict.fromkeys(empty, t("Please fill in this field."))
    return {other: t(_ASKED[other])} if other in _ASKED else {}


class Undo(msgspec.Struct, frozen=True):
    """What the key that takes back shows."""

    visit: str
    act: str
    text: str
    seconds: float
    """So long it is offered, in the guide's own time."""


def _undo(at: Entrance, own: Own) -> Undo:
    left = (own.until - at.followed.now()).total_seconds() / max(at.followed.clock.rate, 1.0)
    return Undo(own.visit, own.act, done(own.act, own.number, at.lang), max(0.0, round(left, 1)))


def remember(answer: Template, lang: str, *, secure: bool) -> Template:
    """The same page; from now on `lang` is the guide's own language."""
    answer.cookies.append(
        Cookie(key=OWN, value=lang, path="/", httponly=True, secure=secure, samesite="strict")
    )
    return answer

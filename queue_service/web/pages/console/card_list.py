"""The office's list of cards in the console: how many stand where, and a file to import."""

from litestar import Router, get, post
from litestar.datastructures import UploadFile
from litestar.response import Template

from queue_service.flows.bookings import cards
from queue_service.flows.bookings.cards import Imported
from queue_service.house import House
from queue_service.language import catalogue, mark
from queue_service.language.doubts import doubt_in_words
from queue_service.model.card import CardState
from queue_service.rights import Act
from queue_service.web.api.cards import LARGEST_LIST
from queue_service.web.pages import Asked, Shown
from queue_service.web.pages.compact import compact
from queue_service.web.pages.console.frame import Entered, enter, shown
from queue_service.web.pages.faults import PAGE_FAULTS

PLACE = "cards"
_MOST_DOUBTS = 100
STATES = {
    CardState.ORDERED: mark("ordered"),
    CardState.PRODUCED: mark("produced"),
    CardState.DELIVERED: mark("delivered"),
    CardState.RE_ORDERED: mark("ordered again"),
    CardState.RECORDED: mark("recorded"),
    CardState.READY: mark("ready"),
    CardState.IN_SAFE: mark("in the safe"),
    CardState.HANDED_OUT: mark("handed out"),
    CardState.POSTED: mark("posted"),
    CardState.DIRECT_SHIPPED: mark("sent to the home"),
}


@get("/{lang:str}/console/{office:str}/cards")
async def listed(request: Asked, house: House, lang: str, office: str) -> Shown:
    """How many cards stand where."""
    entered = await enter(request, house, lang, office, Act.RECORD_CARDS)
    if not isinstance(entered, Entered):
        return entered
    return await _listed(request, house, entered)


@post(
    "/{lang:str}/console/{office:str}/cards",
    status_code=200,
    request_max_body_size=LARGEST_LIST,
)
async def imported(request: Asked, house: House, lang: str, office: str) -> Shown:
    """Take a file over and say what became of each row."""
    entered = await enter(request, house, lang, office, Act.RECORD_CARDS)
    if not isinstance(entered, Entered):
        return entered
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return await _listed(request, house, entered, no_file=True)
    done = await cards.import_list(house, entered.followed, await file.read(), entered.actor.id)
    return await _listed(request, house, entered, done=done)


async def _listed(
    request: Asked,
    house: House,
    entered: Entered,
    *,
    done: Imported | None = None,
    no_file: bool = False,
) -> Template:
    t = catalogue(entered.lang)
    counts = await cards.counts(house, entered.followed)
    return shown(
        "console/cards.html",
        request,
        entered,
        PLACE,
        title=t("Cards to be picked up"),
        status=422 if no_file else 200,
        here=f"/console/{entered.followed.key.slug}/cards",
        rows=[(t(STATES[state]), counts[state]) for state in STATES if counts.get(state)],
        any_listed=entered.followed.cards_listed or bool(counts),
        unbooked=await cards.ready_unbooked(house, entered.followed),
        done=done,
        doubts=[
            (doubt.line, doubt_in_words(t, doubt))
            for doubt in (done.doubts[:_MOST_DOUBTS] if done else ())
        ],
        more_doubts=max(0, len(done.doubts) - _MOST_DOUBTS) if done else 0,
        no_file=no_file,
        action=entered.address(PLACE),
    )


handlers = [
    Router(
        "/",
        route_handlers=[listed, imported],
        exception_handlers=PAGE_FAULTS,
        middleware=[compact],
    )
]

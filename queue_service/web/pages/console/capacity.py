"""Console: capacity of a week by limit, layers in force and to come, and forms for new ones.

Nothing changes before its preview was looked at; no booking loses its place by a change.
"""

from datetime import timedelta

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath

from queue_service.flows.capacity import layering
from queue_service.flows.capacity import overview as flow
from queue_service.house import House
from queue_service.language import catalogue, sentence
from queue_service.model.layer import Layer
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Act
from queue_service.web.pages import Asked, Shown, refused, see
from queue_service.web.pages.applicant.times import as_day
from queue_service.web.pages.compact import compact
from queue_service.web.pages.console import capacity_form as form
from queue_service.web.pages.console import capacity_words as words
from queue_service.web.pages.console.capacity_form import Entry
from queue_service.web.pages.console.frame import Entered, enter, shown
from queue_service.web.pages.faults import PAGE_FAULTS

PLACE = "capacity"
WEEK = timedelta(days=7)
_ONE_DAY = timedelta(days=1)


@get("/{lang:str}/console/{office:str}/capacity")
async def capacity(
    request: Asked, house: House, lang: FromPath[str], office: FromPath[str]
) -> Shown:
    """A week by limit, the layers, and the forms."""
    entered = await enter(request, house, lang, office, Act.SEE_CAPACITY)
    if not isinstance(entered, Entered):
        return entered
    return await _overview(request, house, entered, Entry({}))


@get("/{lang:str}/console/{office:str}/capacity/day/{day:str}")
async def one_day(
    request: Asked, house: House, lang: FromPath[str], office: FromPath[str], day: FromPath[str]
) -> Shown:
    """One day, limit by limit, from hour to hour."""
    entered = await enter(request, house, lang, office, Act.SEE_CAPACITY)
    if not isinstance(entered, Entered):
        return entered
    chosen = as_day(day) or entered.followed.now().date()
    found = await flow.overview(house, entered.followed, chosen, chosen)
    t = catalogue(entered.lang)
    return shown(
        "console/capacity_day.html",
        request,
        entered,
        PLACE,
        title=t("Capacity"),
        day=chosen,
        limits=[(limit, days[0]) for limit, days in found.limits],
        back=f"{entered.address(PLACE)}?week={chosen.isoformat()}",
    )


@get("/{lang:str}/console/{office:str}/capacity/preview")
async def preview(
    request: Asked, house: House, lang: FromPath[str], office: FromPath[str]
) -> Shown:
    """What the change in the query would do; nothing has happened yet."""
    entered = await enter(request, house, lang, office, Act.EDIT_CAPACITY)
    if not isinstance(entered, Entered):
        return entered
    ended, entry = _end(request.query_params.get("end")), form.read(request.query_params)
    layers = () if ended else _layers(entered, entry)
    if not ended and not layers:
        return await _overview(request, house, entered, entry)
    found = await layering.preview(house, entered.followed, layers, ended)
    if isinstance(found, Refusal) and ended:
        return _sorry(request, entered, found)
    if isinstance(found, Refusal):
        return await _overview(request, house, entered, entry, found)
    settings, language = entered.followed.office, entered.lang
    standing = await flow.layers_of(house, entered.followed)
    subject = [x for x in standing if x.layer.id in ended] if ended else []
    if ended and not subject:
        return _sorry(request, entered, Refusal(Code.UNKNOWN_LAYER))
    t = catalogue(language)
    return shown(
        "console/capacity_preview.html",
        request,
        entered,
        PLACE,
        title=t("Take back this change?") if ended else t("Apply this change?"),
        lines=[words.layer_line(x, settings, language) for x in subject]
        or [(words.what(x, settings, language), words.when(x, settings, language)) for x in layers],
        ended=ended,
        entry=entry,
        gained=words.run_lines(found.gained, settings, language),
        lost=words.run_lines(found.lost, settings, language),
        losing=words.losing_lines(found, settings, language),
        base=entered.address(PLACE),
    )


@post("/{lang:str}/console/{office:str}/capacity", status_code=200)
async def apply(request: Asked, house: House, lang: FromPath[str], office: FromPath[str]) -> Shown:
    """Set the layers of the form, or take one back."""
    entered = await enter(request, house, lang, office, Act.EDIT_CAPACITY)
    if not isinstance(entered, Entered):
        return entered
    given = await request.form()
    ended, entry = _end(given.get("end")), form.read(given)
    if ended:
        gone = await layering.end(house, entered.followed, ended, entered.actor.id)
        if gone is not None:
            return _sorry(request, entered, gone)
        return see(f"{entered.address(PLACE)}?done=back")
    layers = _layers(entered, entry)
    if not layers:
        return await _overview(request, house, entered, entry)
    key = str(given.get("idempotency_key") or "")[:64] or None
    asked, by = msgspec.json.encode(entry.values), entered.actor.id
    numbers = await layering.add(house, entered.followed, layers, by, key=key, asked=asked)
    if isinstance(numbers, Refusal):
        return await _overview(request, house, entered, entry, numbers)
    return see(f"{entered.address(PLACE)}?done=set&week={entry.value('first')}")


def _layers(entered: Entered, entry: Entry) -> tuple[Layer, ...]:
    followed = entered.followed
    return form.layers(entry, followed.office, entered.actor.id, followed.now())


async def _overview(
    request: Asked,
    house: House,
    entered: Entered,
    entry: Entry,
    refusal: Refusal | None = None,
) -> Shown:
    followed, language = entered.followed, entered.lang
    t, today = catalogue(language), followed.now().date()
    first = as_day(request.query_params.get("week", "")) or today
    first -= timedelta(days=first.weekday())
    found = await flow.overview(house, followed, first, first + WEEK - _ONE_DAY)
    base = entered.address(PLACE)
    return shown(
        "console/capacity.html",
        request,
        entered,
        PLACE,
        title=t("Capacity"),
        status=422 if entry.errors or refusal else 200,
        here=f"/console/{followed.key.slug}/{PLACE}?week={first.isoformat()}",
        base=base,
        days=[first + n * _ONE_DAY for n in range(7)],
        rows=[
            (limit, [(day.date, words.cell_words(day, language)) for day in days])
            for limit, days in found.limits
        ],
        layers=[words.layer_line(x, followed.office, language) for x in found.layers],
        earlier=f"{base}?week={(first - WEEK).isoformat()}",
        later=f"{base}?week={(first + WEEK).isoformat()}",
        kinds=[(kind, t(text)) for kind, text in form.KINDS.items()],
        entry=entry,
        errors={name: t(text) for name, text in entry.errors.items()},
        refusal=sentence(refusal, language) if refusal else None,
        done=request.query_params.get("done", ""),
        today=today,
        bookable=form.bookable(followed.office),
    )


def _sorry(request: Asked, entered: Entered, refusal: Refusal) -> Shown:
    return refused(
        request,
        entered.lang,
        refusal,
        onward=entered.address(PLACE),
        office=entered.followed.office,
        here=f"/console/{entered.followed.key.slug}/{PLACE}",
    )


def _end(said: object) -> tuple[int, ...]:
    text = str(said or "")
    return (int(text),) if text.isascii() and text.isdigit() and len(text) < 10 else ()


handlers = [
    Router(
        "/",
        route_handlers=[capacity, one_day, preview, apply],
        exception_handlers=PAGE_FAULTS,
        middleware=[compact],
    )
]

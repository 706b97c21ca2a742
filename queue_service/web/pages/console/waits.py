"""Console: how far the forecasts of waits were from what came, by the day."""

from datetime import date, timedelta

from litestar import Router, get
from litestar.params import FromPath

from queue_service.flows.days import promises
from queue_service.house import House
from queue_service.language import catalogue, day_short, mark
from queue_service.language.catalogues import Catalogue
from queue_service.rights import Act
from queue_service.store.promises import Score
from queue_service.web.pages import Asked, Shown
from queue_service.web.pages.applicant.times import as_day
from queue_service.web.pages.console.frame import Entered, enter, shown
from queue_service.web.pages.faults import PAGE_FAULTS

PLACE = "waits"
DAYS = 7
THIN = 30
"""With fewer people called, a figure may be chance."""
COLUMNS = (
    mark("People called"),
    mark("Mean error"),
    mark("Mean error of the usual formula"),
    mark("Called within the range (aim: 77 to 83 %)"),
    mark("Told more than 10 minutes too little"),
)


@get("/{lang:str}/console/{office:str}/waits")
async def overview(
    request: Asked, house: House, lang: FromPath[str], office: FromPath[str], to: str = ""
) -> Shown:
    """A week of forecasts and what came; ``?to=`` names its last day, else today."""
    entered = await enter(request, house, lang, office, Act.SEE_FIGURES)
    if not isinstance(entered, Entered):
        return entered
    t, base = catalogue(entered.lang), entered.address(PLACE)
    today = entered.followed.now().date()
    last = min(as_day(to) or today, today)
    first = last - timedelta(days=DAYS - 1)
    found = await promises.errors_of_days(house, entered.followed, first, last)
    later = last + timedelta(days=DAYS)
    return shown(
        "console/waits.html",
        request,
        entered,
        PLACE,
        title=t("Forecasts of waits"),
        span_shown=t(
            "{first} to {last}", first=_day(first, entered.lang), last=_day(last, entered.lang)
        ),
        earlier=f"{base}?to={first - timedelta(days=1)}",
        later=f"{base}?to={min(later, today)}" if last < today else "",
        columns=[t(column) for column in COLUMNS],
        total=_cells(found.total, t) if found.total else (),
        thin=t.plural(
            "Fewer than {n} people were called with a forecast: these figures say little yet.",
            "Fewer than {n} people were called with a forecast: these figures say little yet.",
            THIN,
        )
        if found.total and found.total.called < THIN
        else "",
        rows=[(_day(day.day, entered.lang), _cells(day, t)) for day in found.days],
    )


def _day(day: date, language: str) -> str:
    return day_short(day, language).replace(" ", "\u00a0")


def _cells(score: Score, t: Catalogue) -> tuple[str, ...]:
    """A dash where nobody was called: nothing is known, which is not 0."""
    if not score.called:
        return ("0", "–", "–", "–", "–")
    return (
        str(score.called),
        t("{minutes} min", minutes=f"{score.error:.0f}"),
        t("{minutes} min", minutes=f"{score.naive_error:.0f}"),
        t("{percent} %", percent=f"{score.within_p80 * 100:.0f}"),
        t("{percent} %", percent=f"{score.under * 100:.0f}"),
    )


handlers = [Router("/", route_handlers=[overview], exception_handlers=PAGE_FAULTS)]

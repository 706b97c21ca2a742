"""Console: the figures of a day, to look at, to print and to take into a spreadsheet."""

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta

from litestar import Response, Router, get
from litestar.params import FromPath

from queue_service.flows.days import reports
from queue_service.house import House
from queue_service.language import catalogue, clock, mark, pick
from queue_service.language.catalogues import Catalogue
from queue_service.model.office import Office
from queue_service.model.refusal import Refusal
from queue_service.model.visit import NeedClass
from queue_service.rights import Act
from queue_service.views.day_report import DayReport, Figures
from queue_service.web.pages import Asked, Shown, refused
from queue_service.web.pages.applicant.times import as_day
from queue_service.web.pages.compact import compact
from queue_service.web.pages.console.frame import Entered, enter, shown
from queue_service.web.pages.faults import PAGE_FAULTS

PLACE = "reports"
NEEDS = {
    NeedClass.EMERGENCY: mark("Emergencies"),
    NeedClass.BOOKING: mark("With appointment"),
    NeedClass.WALK_IN: mark("Without appointment"),
}
COLUMNS = (
    mark("Visits"),
    mark("Called"),
    mark("Half waited at most (minutes)"),
    mark("8 of 10 waited at most (minutes)"),
    mark("Longest wait (minutes)"),
    mark("Within the target (per cent)"),
    mark("Service, mean (minutes)"),
)
_POINT = ("en", "ar")
"""Languages that write 7.5; the others write 7,5."""
Row = tuple[str, Figures]


@get("/{lang:str}/console/{office:str}/reports")
async def overview(
    request: Asked, house: House, lang: FromPath[str], office: FromPath[str], day: str = ""
) -> Shown:
    """One day in figures; ``?day=`` names it, else today."""
    entered = await enter(request, house, lang, office, Act.SEE_FIGURES)
    if not isinstance(entered, Entered):
        return entered
    today = entered.followed.now().date()
    looked_at = as_day(day) or today
    found = await reports.of_day(house, entered.followed, looked_at)
    if isinstance(found, Refusal):
        return refused(request, entered.lang, found, onward=entered.address(PLACE))
    t, base = catalogue(entered.lang), entered.address(PLACE)
    return shown(
        "console/reports.html",
        request,
        entered,
        PLACE,
        title=t("Figures of a day"),
        day=looked_at,
        today=today,
        earlier=f"{base}?day={looked_at - timedelta(days=1)}",
        later=f"{base}?day={looked_at + timedelta(days=1)}" if looked_at < today else "",
        base=base,
        export=f"{base}/{looked_at}.csv",
        report=found,
        columns=[t(column) for column in COLUMNS],
        rows=[
            (kind, [(name, _cells(figures, entered.lang)) for name, figures in rows])
            for kind, rows in _tables(found, entered.followed.office, t, entered.lang)
        ],
        hours=[(f"{clock(hour.start)}", hour.arrivals) for hour in found.hours],
    )


@get("/{lang:str}/console/{office:str}/reports/{file:str}")
async def export(
    request: Asked,
    house: House,
    lang: FromPath[str],
    office: FromPath[str],
    file: FromPath[str],
) -> Response[str] | Shown:
    """The same figures as a file; semicolons and decimal commas, as spreadsheets here expect."""
    entered = await enter(request, house, lang, office, Act.SEE_FIGURES)
    if not isinstance(entered, Entered):
        return entered
    day = as_day(file.removesuffix(".csv")) or entered.followed.now().date()
    found = await reports.of_day(house, entered.followed, day)
    if isinstance(found, Refusal):
        return refused(request, entered.lang, found, onward=entered.address(PLACE))
    text = _as_csv(found, day, entered)
    name = f"{entered.followed.key.slug}-{day}.csv"
    return Response(
        "\ufeff" + text,
        media_type="text/csv; charset=utf-8",
        headers={
            "content-disposition": f'attachment; filename="{name}"',
            "cache-control": "no-store",
        },
    )


def _as_csv(report: DayReport, day: date, entered: Entered) -> str:
    t, written = catalogue(entered.lang), io.StringIO()
    table = csv.writer(written, delimiter=";", lineterminator="\r\n")
    table.writerow([day.isoformat(), "", *(t(column) for column in COLUMNS)])
    for kind, rows in _tables(report, entered.followed.office, t, entered.lang):
        for name, figures in rows:
            table.writerow([kind, name, *_cells(figures, "de")])
    for name, many in _sums(report, t):
        table.writerow([name, "", many])
    for hour in report.hours:
        table.writerow([t("Arrivals by hour"), clock(hour.start), hour.arrivals])
    return written.getvalue()


def _tables(
    report: DayReport, office: Office, t: Catalogue, language: str
) -> Iterator[tuple[str, list[Row]]]:
    yield t("All visits"), [(t("All visits"), report.figures)]
    yield t("By class"), [(t(NEEDS[each.need]), each.figures) for each in report.needs]
    named = []
    for each in report.services:
        service = office.service(each.service)
        name = pick(service.name, language)[0] if service else str(each.service)
        named.append((name, each.figures))
    yield t("By service"), named


def _sums(report: DayReport, t: Catalogue) -> list[tuple[str, int]]:
    return [
        (t("Served"), report.served),
        (t("Went without being served"), report.left),
        (t("Appointments nobody came to"), report.no_shows),
        (t("Emergencies"), report.emergencies),
        (t("Of them accepted within ten minutes"), report.emergencies_accepted),
    ]


def _cells(figures: Figures, language: str) -> list[str]:
    share = figures.in_target_share
    return [
        str(figures.visits),
        str(figures.called),
        _number(figures.wait_p50, language),
        _number(figures.wait_p80, language),
        _number(figures.wait_longest, language),
        "–" if share is None else f"{100 * share:.0f}",
        _number(figures.service_minutes, language),
    ]


def _number(value: float | None, language: str) -> str:
    if value is None:
        return "–"
    text = f"{value:.1f}"
    return text if language in _POINT else text.replace(".", ",")


handlers = [
    Router(
        "/",
        route_handlers=[overview, export],
        exception_handlers=PAGE_FAULTS,
        middleware=[compact],
    )
]

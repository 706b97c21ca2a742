"""Console: what reminders do, by the words they are written in."""

from datetime import date, timedelta

from litestar import Router, get
from litestar.params import FromPath

from queue_service.flows.days import reminded
from queue_service.house import House
from queue_service.language import catalogue, day_short, mark
from queue_service.language.catalogues import Catalogue
from queue_service.model.reminding import Reminders, ReminderText
from queue_service.rights import Act
from queue_service.views.reminded import Reminded, Share
from queue_service.web.pages import Asked, Shown
from queue_service.web.pages.applicant.times import as_day
from queue_service.web.pages.console.frame import Entered, enter, shown
from queue_service.web.pages.faults import PAGE_FAULTS

PLACE = "reminders"
DAYS = 28
TEXTS = {
    ReminderText.PLAIN: mark("Only that it is soon, and how to cancel"),
    ReminderText.OTHERS: mark("That somebody else may need the place"),
    ReminderText.MINUTES: mark("How many minutes are kept free"),
}
COLUMNS = (
    mark("Appointments"),
    mark("Came"),
    mark("Did not come"),
    mark("Did not come (in 95 of 100 cases between)"),
    mark("Cancelled in time"),
    mark("Cancelled in time (in 95 of 100 cases between)"),
)


@get("/{lang:str}/console/{office:str}/reminders")
async def overview(
    request: Asked, house: House, lang: FromPath[str], office: FromPath[str], to: str = ""
) -> Shown:
    """Four weeks of reminders and what came of them; ``?to=`` names the last day, else today."""
    entered = await enter(request, house, lang, office, Act.SEE_FIGURES)
    if not isinstance(entered, Entered):
        return entered
    t, base = catalogue(entered.lang), entered.address(PLACE)
    today = entered.followed.now().date()
    last = min(as_day(to) or today, today)
    first = last - timedelta(days=DAYS - 1)
    found = await reminded.effect(house, entered.followed, first, last)
    rules, later = entered.followed.office.reminders, last + timedelta(days=DAYS)
    return shown(
        "console/reminders.html",
        request,
        entered,
        PLACE,
        title=t("Reminders"),
        times=[_before(t, minutes) for minutes in rules.minutes_before],
        span_shown=t(
            "{first} to {last}", first=_day(first, entered.lang), last=_day(last, entered.lang)
        ),
        earlier=f"{base}?to={first - timedelta(days=1)}",
        later=f"{base}?to={min(later, today)}" if last < today else "",
        columns=[t(column) for column in COLUMNS],
        known=any(each.reminded for each in found),
        rows=[(_name(t, each, rules), _cells(each, t)) for each in found],
        decided=_apart(found),
    )


def _apart(found: tuple[Reminded, ...]) -> bool:
    """Whether some text keeps so many more people away than another that it is hardly chance."""
    shares = [each.missed_share for each in found if each.missed_share]
    return any(one.high < other.low for one in shares for other in shares)


def _name(t: Catalogue, one: Reminded, rules: Reminders) -> str:
    name = t(TEXTS[one.text])
    return name if one.text in rules.texts else t("{name} (no longer used)", name=name)


def _before(t: Catalogue, minutes: int) -> str:
    day, hour = 24 * 60, 60
    if minutes % day == 0:
        return t.plural("{n} day before", "{n} days before", minutes // day)
    if minutes % hour == 0:
        return t.plural("{n} hour before", "{n} hours before", minutes // hour)
    return t.plural("{n} minute before", "{n} minutes before", minutes)


def _day(day: date, language: str) -> str:
    return day_short(day, language).replace(" ", "\u00a0")


def _cells(one: Reminded, t: Catalogue) -> tuple[str, ...]:
    return (
        str(one.reminded),
        str(one.came),
        str(one.missed),
        _shown(one.missed_share, t),
        str(one.cancelled),
        _shown(one.cancelled_share, t),
    )


def _shown(share: Share | None, t: Catalogue) -> str:
    """A dash where there was nobody: nothing is known, which is not 0."""
    if share is None:
        return "–"
    return t(
        "{percent} % ({low} to {high} %)",
        percent=f"{100 * share.share:.0f}",
        low=f"{100 * share.low:.0f}",
        high=f"{100 * share.high:.0f}",
    )


handlers = [Router("/", route_handlers=[overview], exception_handlers=PAGE_FAULTS)]

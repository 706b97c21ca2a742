"""For managers: the figures of a day, the errors of forecasts, the effect of reminders."""

from datetime import date
from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.params import FromPath, QueryParameter

from queue_service.flows.days import promises, reminded, reports
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Act
from queue_service.views.reminded import Reminded
from queue_service.web.access import allowed
from queue_service.web.api.bookings import AnyRequest, told
from queue_service.web.days import beyond, stretch
from queue_service.web.problems import problem

DAYS_OF_WAITS = 7
DAYS_OF_REMINDERS = 28
From = Annotated[date | None, QueryParameter(name="from")]
To = Annotated[date | None, QueryParameter(name="to")]


@get("/offices/{office:str}/reports/day", summary="Figures of a day")
async def day(
    request: AnyRequest,
    house: House,
    office: FromPath[str],
    day: Annotated[date | None, QueryParameter(name="date")] = None,
) -> Response[Any]:
    """Visits, waits, share in target and service minutes of one day (default: today).

    By service and need class, with arrivals by hour; worked out from the journal alone.
    """
    followed = await _shown(request, house, office)
    if isinstance(followed, Refusal):
        return problem(request, followed)
    odd = beyond(date=day)
    if odd is not None:
        return problem(request, odd)
    found = await reports.of_day(house, followed, day or followed.now().date())
    if isinstance(found, Refusal):
        return problem(request, found)
    return told({"office": office, **msgspec.structs.asdict(found)})


@get("/offices/{office:str}/reports/waits", summary="Errors of the forecasts of waits")
async def waits(
    request: AnyRequest,
    house: House,
    office: FromPath[str],
    first: From = None,
    last: To = None,
) -> Response[Any]:
    """Per day and together: mean error, that of the usual formula, coverage of P80.

    `from` and `to` are local days, both included (default: the last seven). Only people who were
    told a range at check-in and were called count; days without any are left out.
    """
    followed = await _shown(request, house, office)
    if isinstance(followed, Refusal):
        return problem(request, followed)
    days = stretch(first, last, followed.now().date(), DAYS_OF_WAITS)
    if isinstance(days, Refusal):
        return problem(request, days)
    found = await promises.errors_of_days(house, followed, *days)
    return told({"office": office, **_span(days), **msgspec.structs.asdict(found)})


@get("/offices/{office:str}/reports/reminders", summary="Effect of reminders by text")
async def reminders(
    request: AnyRequest,
    house: House,
    office: FromPath[str],
    first: From = None,
    last: To = None,
) -> Response[Any]:
    """Appointments that were reminded of: who came, who did not, who cancelled in time.

    `from` and `to` are local days, both included (default: the last 28). Shares with their 95 %
    intervals; what the office cancelled is not counted.
    """
    followed = await _shown(request, house, office)
    if isinstance(followed, Refusal):
        return problem(request, followed)
    days = stretch(first, last, followed.now().date(), DAYS_OF_REMINDERS)
    if isinstance(days, Refusal):
        return problem(request, days)
    texts = [_text(each) for each in await reminded.effect(house, followed, *days)]
    return told({"office": office, **_span(days), "texts": texts})


async def _shown(request: AnyRequest, house: House, office: str) -> Followed | Refusal:
    """The office, where whoever asks may see its figures."""
    actor = await allowed(request, house, Act.SEE_FIGURES, office)
    if isinstance(actor, Refusal):
        return actor
    return house.follower.office(office) or Refusal(Code.UNKNOWN_OFFICE)


def _span(days: tuple[date, date]) -> dict[str, object]:
    return {"from": days[0], "to": days[1]}


def _text(one: Reminded) -> dict[str, object]:
    return {
        "text": one.text,
        "reminded": one.reminded,
        "came": one.came,
        "missed": one.missed,
        "cancelled": one.cancelled,
        "missed_share": one.missed_share,
        "cancelled_share": one.cancelled_share,
    }


handlers = [day, waits, reminders]

"""For managers: the figures of a day, from the journal."""

from datetime import date
from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.params import FromPath, QueryParameter

from queue_service.flows.days import reports
from queue_service.house import House
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Act
from queue_service.web.access import allowed
from queue_service.web.api.bookings import AnyRequest, told
from queue_service.web.days import beyond
from queue_service.web.problems import problem


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
    actor = await allowed(request, house, Act.SEE_FIGURES, office)
    if isinstance(actor, Refusal):
        return problem(request, actor)
    followed = house.follower.office(office)
    if followed is None:
        return problem(request, Refusal(Code.UNKNOWN_OFFICE))
    odd = beyond(date=day)
    if odd is not None:
        return problem(request, odd)
    found = await reports.of_day(house, followed, day or followed.now().date())
    if isinstance(found, Refusal):
        return problem(request, found)
    return told({"office": office, **msgspec.structs.asdict(found)})


handlers = [day]

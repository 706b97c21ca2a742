"""For managers: how far the forecasts of waits were from what came."""

from datetime import date
from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.params import FromPath, QueryParameter

from queue_service.flows.days import promises
from queue_service.house import House
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Act
from queue_service.web.access import allowed
from queue_service.web.api.bookings import AnyRequest, told
from queue_service.web.days import stretch
from queue_service.web.problems import problem

DAYS = 7


@get("/offices/{office:str}/reports/waits", summary="Errors of the forecasts of waits")
async def waits(
    request: AnyRequest,
    house: House,
    office: FromPath[str],
    first: Annotated[date | None, QueryParameter(name="from")] = None,
    last: Annotated[date | None, QueryParameter(name="to")] = None,
) -> Response[Any]:
    """Per day and together: mean error, that of the usual formula, coverage of P80.

    `from` and `to` are local days, both included (default: the last seven). Only people who were
    told a range at check-in and were called count; days without any are left out.
    """
    actor = await allowed(request, house, Act.SEE_FIGURES, office)
    if isinstance(actor, Refusal):
        return problem(request, actor)
    followed = house.follower.office(office)
    if followed is None:
        return problem(request, Refusal(Code.UNKNOWN_OFFICE))
    days = stretch(first, last, followed.now().date(), DAYS)
    if isinstance(days, Refusal):
        return problem(request, days)
    found = await promises.errors_of_days(house, followed, *days)
    return told({"office": office, "from": days[0], "to": days[1], **msgspec.structs.asdict(found)})


handlers = [waits]

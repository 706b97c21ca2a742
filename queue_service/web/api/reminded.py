"""For managers: what reminders do, by the words they are written in."""

from datetime import date
from typing import Annotated, Any

from litestar import Response, get
from litestar.params import FromPath, QueryParameter

from queue_service.flows.days import reminded
from queue_service.house import House
from queue_service.model.refusal import Code, Refusal
from queue_service.rights import Act
from queue_service.views.reminded import Reminded
from queue_service.web.access import allowed
from queue_service.web.api.bookings import AnyRequest, told
from queue_service.web.days import stretch
from queue_service.web.problems import problem

DAYS = 28


@get("/offices/{office:str}/reports/reminders", summary="Effect of reminders by text")
async def effect(
    request: AnyRequest,
    house: House,
    office: FromPath[str],
    first: Annotated[date | None, QueryParameter(name="from")] = None,
    last: Annotated[date | None, QueryParameter(name="to")] = None,
) -> Response[Any]:
    """Appointments that were reminded of: who came, who did not, who cancelled in time.

    `from` and `to` are local days, both included (default: the last 28). Shares with their 95 %
    intervals; what the office cancelled is not counted.
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
    found = await reminded.effect(house, followed, *days)
    texts = [_text(each) for each in found]
    return told({"office": office, "from": days[0], "to": days[1], "texts": texts})


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


handlers = [effect]

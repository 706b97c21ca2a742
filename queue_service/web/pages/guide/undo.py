"""Undo on the tablet: the guide's own last act, for as long as it is offered.

By the same undo as at desks. Without scripts the offer stays until the page is left; pressed too
late it says so.
"""

from litestar import Router, post

from queue_service.flows.desks.undoing_own import undo_own
from queue_service.house import House
from queue_service.model.refusal import Refusal
from queue_service.model.visit import VisitState
from queue_service.rights import Act
from queue_service.web.pages import Asked, Shown, see
from queue_service.web.pages.applicant.answers import text
from queue_service.web.pages.compact import compact
from queue_service.web.pages.faults import PAGE_FAULTS
from queue_service.web.pages.guide.room import UNDONE, Entrance, entered
from queue_service.web.pages.guide.visit import foreign


@post("/{lang:str}/guide/undo", status_code=200)
async def undo(request: Asked, house: House, lang: str) -> Shown:
    """Take back what was shown; then the visit as it was, or the next person."""
    at = await entered(request, house, lang, Act.UNDO_OWN)
    if not isinstance(at, Entrance):
        return at
    form = await request.form()
    public = text(form, "visit")[:80]
    done = foreign(at, public) or await undo_own(
        house,
        public,
        at.actor.id,
        act=text(form, "act")[:40],
        key=text(form, "idempotency_key")[:64] or None,
    )
    if isinstance(done, Refusal):
        return see(f"{at.home}?sorry={done.code}")
    if done.state is VisitState.WITHDRAWN:
        return see(f"{at.home}?done={UNDONE}")
    return see(f"{at.home}/visit/{public}?done={UNDONE}")


handlers = [
    Router(
        "/",
        route_handlers=[undo],
        exception_handlers=PAGE_FAULTS,
        middleware=[compact],
    )
]

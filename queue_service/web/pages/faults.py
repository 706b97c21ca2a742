"""What people see when something is wrong with a request or with us; never a framework's words."""

import structlog
from litestar.exceptions import HTTPException
from litestar.response import Template
from litestar.types import ExceptionHandlersMap

from queue_service.language import Sentence, catalogue, sentence
from queue_service.model.refusal import Code, Refusal
from queue_service.store.database import is_away
from queue_service.web.pages import Asked, known, page, spoken
from queue_service.web.problems import DEFECT, NO_PAGE, OTHERWISE, TOO_LARGE, allowed

UNREADABLE = Refusal(Code.INVALID)
_log = structlog.get_logger()


def on_http(request: Asked, fault: HTTPException) -> Template:
    """What the framework refuses: no such page, unreadable or too large."""
    if fault.status_code == 404:
        return _page(request, 404, NO_PAGE)
    if fault.status_code == 405:
        headers = allowed(fault)
        shown = _page(request, 405, OTHERWISE, methods=headers["allow"])
        shown.headers.update(headers)
        return shown
    if fault.status_code == 413:
        return _page(request, 413, TOO_LARGE)
    if fault.status_code < 500:
        return _page(request, fault.status_code, None)
    return on_defect(request, fault)


def on_defect(request: Asked, fault: Exception) -> Template:
    """A defect of ours, or a database that is away: as `problems.on_defect`, in a page."""
    if is_away(fault):
        _log.warning("database_away", method=request.method, error=type(fault).__name__)
        return _page(request, 503, None, Refusal(Code.BUSY_RETRY))
    route = request.scope.get("path_template")
    _log.exception("page_defect", method=request.method, route=route, exc_info=fault)
    return _page(request, 500, DEFECT)


def _page(
    request: Asked,
    status: int,
    said: tuple[str, str, str] | None,
    refusal: Refusal = UNREADABLE,
    *,
    methods: str = "",
) -> Template:
    first = request.url.path.split("/")[1]
    language = first if known(first) else spoken(request)
    t = catalogue(language)
    words = Sentence(*map(t, said)) if said else sentence(refusal, language)
    if methods:
        words = words._replace(detail=words.detail.format(methods=methods))
    return page(
        "refused.html",
        request,
        language,
        title=words.title,
        status=status,
        here="",
        said=words,
        onward=f"/{language}",
    )


PAGE_FAULTS: ExceptionHandlersMap = {HTTPException: on_http, Exception: on_defect}
"""For routers of pages."""

"""What a guide's tablet takes along for the time without network: its screens in every language.

Cards and slips come with `/api/v1/guide/{office}/kit`, numbers with `/api/v1/kiosk/block`; the
worker keeps this shell, and nothing of anybody.
"""

from litestar import Response, get
from litestar.response import Template

from queue_service.house import House
from queue_service.language import LANGUAGES, instruction
from queue_service.web.pages import Asked, spoken
from queue_service.web.pages.alone import TOLD, screen
from queue_service.web.pages.guide.room import LOCK_SECONDS, Entrance, entered


@get("/guide/offline")
async def shell(request: Asked, house: House) -> Template | Response[str]:
    """Every screen that works without network, as one page for the worker to keep."""
    at = await entered(request, house, spoken(request))
    if not isinstance(at, Entrance):
        return Response("", status_code=403, media_type="text/plain")
    return Template(
        template_name="guide/offline.html",
        headers={"cache-control": "private, no-cache"},
        context={
            "screens": [_screen(lang, at.followed.office.name) for lang in LANGUAGES],
            "slug": at.followed.key.slug,
            "zone": at.followed.office.zone,
            "lock_seconds": LOCK_SECONDS,
        },
    )


def _screen(lang: str, office: dict[str, str]) -> dict[str, object]:
    return screen(lang, office) | {"instructions": [(c, instruction(c, lang)) for c in TOLD]}


handlers = [shell]

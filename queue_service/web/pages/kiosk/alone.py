"""What a kiosk takes along for the time without network: its shell in every language, its worker.

Neither holds anything of a visitor; numbers, keys and hours come with `/api/v1/kiosk/block`.
"""

from litestar import Response, get

from queue_service.flows.access import sessions
from queue_service.house import House
from queue_service.language import LANGUAGES, Sentence, catalogue, instruction
from queue_service.notify.letters import qr_link
from queue_service.rights import Act, check
from queue_service.web import assets
from queue_service.web.access import DEVICE_COOKIE
from queue_service.web.cache import packed
from queue_service.web.pages import Asked
from queue_service.web.pages.alone import TOLD, screen


@get("/kiosk/offline")
async def shell(request: Asked, house: House) -> Response[bytes]:
    """Every screen that works without network, as one page for the worker to keep."""
    key = request.cookies.get(DEVICE_COOKIE, "")
    device = await sessions.actor(house, key) if key else None
    followed = house.follower.office(device.office) if device else None
    if device is None or followed is None or check(device, Act.CHECK_IN, device.office):
        return Response(b"", status_code=403, media_type="text/plain")
    engine = request.app.template_engine
    if engine is None:
        raise LookupError("templates")
    content = engine.get_template("kiosk/offline.html").render(
        screens=[_screen(lang, followed.office.name) for lang in LANGUAGES],
        start=f"/{LANGUAGES[0]}/kiosk",
        link=qr_link(house.settings.base_url, ""),
        zone=followed.office.zone,
    )
    return packed(request, content.encode(), "text/html; charset=utf-8", "private, no-cache")


def _screen(lang: str, office: dict[str, str]) -> dict[str, object]:
    return screen(lang, office) | {
        "instructions": [(c, instruction(c, lang), instruction(c, LANGUAGES[0])) for c in TOLD],
        "besides": [("unchecked", _unchecked(lang)), ("cut", _cut(lang))],
    }


def _unchecked(lang: str) -> Sentence:
    t = catalogue(lang)
    return Sentence(
        t("This code cannot be checked without connection"),
        t("Only the large picture of your confirmation can be checked here now."),
        t("Please hold up that picture, get a number, or ask the staff at the entrance."),
    )


def _cut(lang: str) -> Sentence:
    t = catalogue(lang)
    return Sentence(
        t("This kiosk can give no numbers just now"),
        t("It has no connection and no numbers of its own left."),
        t("Please ask the staff at the entrance."),
    )


@get("/worker.js")
async def worker() -> Response[str]:
    """The service worker of kiosk and tablet, at the root so that it reaches every language."""
    text = f"const RELEASE = {assets.RELEASE!r};\n{assets.text('worker.js')}"
    headers = {"cache-control": "no-cache"}
    return Response(text, media_type="text/javascript", headers=headers)


handlers = [shell, worker]

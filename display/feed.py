"""What a lobby screen is given over HTTP: its page, the sizes for its place, snapshot and stream.

The offices, the live channel and the opening hours are lent by the application (`Lobby`); this
module knows nothing of the house behind them. Screens read numbers and counters, never names.
"""

import gzip
import hashlib
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from importlib import resources
from typing import Annotated, Any, Protocol

import msgspec
from jinja2 import Environment, PackageLoader
from litestar import Request, Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, QueryParameter, SkipValidation
from litestar.types import ASGIApp, Guard

from display import words
from display.board import Board, Opening, Snapshot, event
from display.coding import reads_gzip
from display.layout import Sizes, sizes
from queue_service.events.chapters import AnyFact
from queue_service.events.entry import Entry
from queue_service.floor.line import Range
from queue_service.language import catalogue, direction, tag
from queue_service.model.ids import ServiceCode, split_address
from queue_service.model.office import Office, OfficeClock
from queue_service.model.refusal import Code, Refusal

IMMUTABLE = "public, max-age=31536000, immutable"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; media-src 'self'; worker-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_SCREEN = resources.files("display") / "screen"


def lean(name: str, text: str) -> bytes:
    """Scripts without their comments and indents: those are for readers, not for a hall's line."""
    if name.endswith(".js"):
        lines = (line.strip() for line in re.sub(r"(?s)/\*\*.*?\*/", "", text).splitlines())
        text = "\n".join(line for line in lines if line and not line.startswith("// "))
    return text.encode()


_FILES = {
    file.name: lean(file.name, file.read_text(encoding="utf-8"))
    for file in sorted(_SCREEN.iterdir(), key=lambda file: file.name)
    if file.name.rpartition(".")[2] in _TYPES
}
_ZIPPED = {name: gzip.compress(body, 9, mtime=0) for name, body in _FILES.items()}
RELEASE = hashlib.sha256(b"\0".join(_FILES.values())).hexdigest()[:12]
"""Names the folder of the screen's files: relative imports hold, and caches never lie."""

_templates = Environment(loader=PackageLoader("display", "screen"), autoescape=True)
_encode = msgspec.json.Encoder().encode

Diagonal = Annotated[float, QueryParameter(ge=10, le=150, description="Diagonal in inches")]
Distance = Annotated[float, QueryParameter(ge=1, le=60, description="Metres to the farthest seat")]
After = Annotated[int | None, QueryParameter(ge=0, description="Journal number already known")]


class Waits(Protocol):
    """What is known of the waits."""

    def door(self, service: ServiceCode, now: datetime) -> Range | None:
        """The wait of somebody who comes in for a service now; None while nobody knows."""


class Followed(Protocol):
    """An office as the follower shows it."""

    @property
    def office(self) -> Office:
        """Everything in force."""

    @property
    def clock(self) -> OfficeClock:
        """How office time runs."""

    @property
    def board(self) -> Board:
        """The calls after the last entry."""

    @property
    def waits(self) -> Waits:
        """The waits as last played forward."""

    def now(self) -> datetime:
        """Office time."""


class Channel(Protocol):
    """A live channel that all screens of an office share."""

    def stream(
        self, after: int | None, still: Callable[[], Awaitable[bool]] | None = None
    ) -> ASGIApp:
        """Tell one client everything after journal number `after`, while `still` says yes."""


class Lobby(Protocol):
    """What the application lends to the screens."""

    def followed(self, office: str) -> Followed | None:
        """The office of that name; None if there is none."""

    async def enrolled(self, display: str) -> bool:
        """Whether a display of that id is enrolled and not revoked."""

    async def stays(self, display: str) -> bool:
        """As `enrolled`, for a stream that is open; raises nothing."""

    async def carries(self, request: Request[Any, Any, Any], display: str) -> bool:
        """Whether who asks is that display itself."""

    def channel(
        self,
        office: str,
        told: Callable[[Entry, AnyFact], tuple[str, bytes] | None],
        snapshot: Callable[[], tuple[int, bytes]],
    ) -> Channel:
        """The one channel of that office; the callbacks are used when it is made."""

    def opening(self, office: str) -> Opening:
        """Whether the office is open now."""

    def refuse(self, request: Request[Any, Any, Any], refusal: Refusal) -> Response[Any]:
        """The answer that says no."""


LentLobby = NamedDependency[SkipValidation[Lobby]]


def routes(lend: Callable[..., Lobby], guards: Sequence[Guard] = ()) -> Router:
    """All routes of the lobby; `lend` is a dependency of the application that gives the Lobby.

    `guards` say who may look. What is shown hangs in the hall for everybody to see.
    """
    return Router(
        path="/",
        route_handlers=[page, size_sheet, asset, worker, board, waits, stream],
        dependencies={"lobby": Provide(lend, sync_to_thread=False)},
        guards=list(guards),
    )


@get("/api/v1/displays/{display:str}/board", summary="Board")
async def board(
    request: Request[Any, Any, Any], lobby: LentLobby, display: FromPath[str]
) -> Response[Snapshot]:
    """Every call in force, newest first, and the journal number the stream goes on after."""
    office, _ = split_address(display)
    if not await lobby.enrolled(display):
        return lobby.refuse(request, Refusal(Code.UNKNOWN_DISPLAY))
    return Response(_snapshot(lobby, office), headers={"cache-control": "no-store"})


@get("/api/v1/displays/{display:str}/waits", summary="Waits on the board")
async def waits(
    request: Request[Any, Any, Any], lobby: LentLobby, display: FromPath[str]
) -> Response[words.BoardWaits]:
    """A line for each service and language; empty while closed or while nobody knows."""
    office, _ = split_address(display)
    followed = lobby.followed(office) if await lobby.enrolled(display) else None
    if followed is None:
        return lobby.refuse(request, Refusal(Code.UNKNOWN_DISPLAY))
    door = partial(followed.waits.door, now=followed.now())
    lines = words.waits(followed.office, door) if lobby.opening(office).open else []
    return Response(words.BoardWaits(lines), headers={"cache-control": "no-store"})


@get("/api/v1/displays/{display:str}/stream", summary="Board stream")
async def stream(
    request: Request[Any, Any, Any],
    lobby: LentLobby,
    display: FromPath[str],
    after: After = None,
) -> ASGIApp:
    """Events call, back, gone, snapshot and heartbeat; ids are journal numbers."""
    office, _ = split_address(display)
    if not await lobby.enrolled(display):
        refused = lobby.refuse(request, Refusal(Code.UNKNOWN_DISPLAY))
        return refused.to_asgi_response(app=None, request=request)

    def told(_: Entry, fact: AnyFact) -> tuple[str, bytes] | None:
        followed = lobby.followed(office)
        change = event(fact, followed.office) if followed else None
        return (change[0], _encode(change[1])) if change else None

    def snapshot() -> tuple[int, bytes]:
        whole = _snapshot(lobby, office)
        return whole.seq, _encode(whole)

    return lobby.channel(office, told, snapshot).stream(after, partial(lobby.stays, display))


@get("/board/{display:str}", include_in_schema=False)
async def page(
    request: Request[Any, Any, Any],
    lobby: LentLobby,
    display: FromPath[str],
    diagonal: Diagonal = 55,
    distance: Distance = 8,
) -> Response[Any]:
    """The lobby screen for a picture of `diagonal` inches seen from `distance` metres."""
    slug, _ = split_address(display)
    followed = lobby.followed(slug) if await lobby.enrolled(display) else None
    if followed is None:
        return lobby.refuse(request, Refusal(Code.UNKNOWN_DISPLAY))
    t, office = catalogue("de"), followed.office
    size = sizes(diagonal=diagonal, distance=distance)
    html = _templates.get_template("board.html").render(
        t=t,
        display=display,
        beat="/api/v1/devices/heartbeat" if await lobby.carries(request, display) else "",
        release=RELEASE,
        office=office.name["de"],
        static=f"/screen/{RELEASE}",
        sizes=size,
        advice=_advice(size),
        direction=direction,
        tag=tag,
        idle=words.in_all(words.IDLE, office.languages),
        instructions=words.instructions(office.languages),
        watch_staff=words.in_all(words.WATCH_STAFF, office.languages),
    )
    headers = {"content-security-policy": _POLICY, "cache-control": "no-cache"}
    return Response(html, media_type="text/html", headers=headers)


@get("/board/{display:str}/size.css", include_in_schema=False)
async def size_sheet(
    display: FromPath[str], diagonal: Diagonal = 55, distance: Distance = 8
) -> Response[str]:
    """Font sizes for this screen and its farthest seat, landscape and portrait."""
    upright = sizes(diagonal=diagonal, distance=distance, portrait=True, longest=words.longest())
    wide = sizes(diagonal=diagonal, distance=distance)
    sheet = f"{_rule(wide)}\n@media (orientation: portrait) {{\n{_rule(upright)}\n}}\n"
    sheet += f":root {{ --longest: {words.longest()} }}\n"
    return Response(sheet, media_type="text/css", headers={"cache-control": "max-age=86400"})


@get("/screen/{release:str}/{name:str}", include_in_schema=False)
async def asset(
    request: Request[Any, Any, Any], release: FromPath[str], name: FromPath[str]
) -> Response[bytes]:
    """A file of the screen; the release is in the path, so it may be kept for ever."""
    body = _FILES.get(name)
    if body is None or release != RELEASE:
        return Response(b"", status_code=404, media_type="text/plain")
    headers = {"cache-control": IMMUTABLE, "vary": "accept-encoding"}
    if reads_gzip(request.headers.get("accept-encoding", "")):
        headers["content-encoding"] = "gzip"
        body = _ZIPPED[name]
    return Response(body, media_type=_TYPES[name.rpartition(".")[2]], headers=headers)


@get("/board/worker.js", include_in_schema=False)
async def worker() -> Response[bytes]:
    """The service worker, below the path it serves: a screen starts without network, too."""
    headers = {"cache-control": "no-cache"}
    return Response(_FILES["worker.js"], media_type="text/javascript", headers=headers)


def _snapshot(lobby: Lobby, office: str) -> Snapshot:
    followed = lobby.followed(office)
    if followed is None:
        raise LookupError(office)
    opening = lobby.opening(office)
    return followed.board.public(followed.office, followed.now(), followed.clock.rate, opening)


def _rule(size: Sizes) -> str:
    hidden = [f".one:nth-child(n + {size.rows + 1})"]
    hidden += [] if size.heads else [".heads"]
    hidden += [] if size.ages else [".age"]
    narrow = "" if size.ages else "\n.one { grid-template-columns: 2.6em 1fr }"
    return (
        f":root {{ --call: {size.call_vh}vh; --row: {size.row_vh}vh; "
        f"--foot: {size.footer_vh}vh; --lines: {size.lines} }}\n"
        f"{', '.join(hidden)} {{ display: none }}{narrow}"
    )


def _advice(size: Sizes) -> str:
    if size.advice_inch is None:
        return ""
    return catalogue("de")(
        "Too small for {metres} m: use {inches} inch",
        metres=f"{size.distance:g}",
        inches=size.advice_inch,
    )

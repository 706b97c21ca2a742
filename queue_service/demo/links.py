"""What the demo tells the person at the terminal, and a program in `links.json`: where things are.

Holds the demo's own passwords and device keys, so the file is readable by its owner alone.
"""

from enum import StrEnum
from pathlib import Path

import msgspec

from queue_service.demo import private
from queue_service.language import LANGUAGES

FILE = "links.json"
_OTHERS = ", ".join(f"/{code}/" for code in LANGUAGES[1:])


class ToPlay(StrEnum):
    """Which counters of an office are left to the person at the terminal."""

    NOTHING = "nothing"
    ONE_COUNTER = "one_counter"
    EVERYTHING = "everything"


class Counter(msgspec.Struct, frozen=True):
    """A counter; a free one is left to the person who tries the demo."""

    counter: str
    """Public id: ``heidelberg.1``."""
    name: str
    free: bool


class Device(msgspec.Struct, frozen=True):
    """A kiosk or a board with the key that enrols it."""

    device: str
    key: str


class Login(msgspec.Struct, frozen=True):
    """A member of staff, invented."""

    login: str
    password: str
    role: str


class OfficeLinks(msgspec.Struct, frozen=True):
    """One office of the demo."""

    office: str
    name: str
    speed: float
    kiosk: Device
    board: Device
    tablet: Device
    counters: tuple[Counter, ...]
    logins: tuple[Login, ...]
    played: tuple[Login, ...] = ()
    """Of the clerks the demo plays, one a counter in their order; `free` counters have none."""


class Links(msgspec.Struct, frozen=True):
    """Everything somebody needs to try the demo, or to drive it."""

    base_url: str
    offices: tuple[OfficeLinks, ...]
    living: bool = True

    @property
    def letters(self) -> str:
        """The page of letters that went out."""
        return f"{self.base_url}/demo/letters"

    @property
    def api(self) -> str:
        """The public contract, for programs."""
        return f"{self.base_url}/api/openapi.json"


def write(folder: Path, links: Links) -> None:
    """Write `links.json` whole, for the owner only."""
    text = msgspec.json.format(msgspec.json.encode(links), indent=2)
    private.write(folder / FILE, text + b"\n")


def read(folder: Path) -> Links:
    """The links of a running demo; raises `FileNotFoundError` when none was started here."""
    return msgspec.json.decode((folder / FILE).read_bytes(), type=Links)


def table(links: Links) -> str:
    """The table that is printed when everything is up; German screens, one line each."""
    rows: list[tuple[str, str]] = []
    for office in links.offices:
        rows += _office(links.base_url, office)
    rows += [
        ("", ""),
        ("For all offices", ""),
        ("  Start page", f"{links.base_url}/"),
        ("  Staff sign in", f"{links.base_url}/de/staff"),
        ("  Letters that went out", links.letters),
        ("  Contract of the API (OpenAPI)", links.api),
        ("", ""),
        ("Other languages", f"instead of /de/ write {_OTHERS}"),
        ("Two kiosks at once", "open the second one in a private window"),
    ]
    width = max(len(left) for left, right in rows if right) + 2
    return "\n".join(f"{left:<{width}}{right}".rstrip() for left, right in rows)


def _office(base: str, office: OfficeLinks) -> list[tuple[str, str]]:
    pace = f"{office.speed:g} times as fast as real" if office.speed != 1 else "in real time"
    rows = [
        ("", ""),
        (f"{office.name}, {pace}", ""),
        ("  Book an appointment", f"{base}/de/{office.office}"),
        ("  Kiosk (this browser becomes it)", f"{base}/enrol/{office.kiosk.key}"),
        ("  Guides' tablet (private window)", f"{base}/enrol/{office.tablet.key}"),
        ("  Board", f"{base}/board/{office.board.device}"),
    ]
    rows += _desks(base, office.counters, free=True, note="free for you")
    rows += _desks(base, office.counters, free=False, note="played by the demo")
    rows += [
        (f"  Sign in as {login.role.replace('_', ' ')}", f"{login.login}   {login.password}")
        for login in office.logins
    ]
    return rows


def _desks(
    base: str, counters: tuple[Counter, ...], *, free: bool, note: str
) -> list[tuple[str, str]]:
    """The first of the free, or of the played, counters; how many more there are."""
    these = [counter for counter in counters if counter.free is free]
    if not these:
        return []
    more = f", and {len(these) - 1} more" if len(these) > 1 else ""
    link = f"{base}/de/desk/{these[0].counter}"
    return [(f"  Desk {these[0].name}", f"{link}   {note}{more}")]

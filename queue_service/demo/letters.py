"""The demo's page of letters that "went out": a list, each letter, and what was attached.

Only reads the files that `sink` wrote. The application mounts `handlers` when the setting
`demo_letters` names a folder, which a real office never does. A page for people who try the
software, therefore in English only; letters are shown as text in their own language.
"""

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

import msgspec
from jinja2 import Environment, PackageLoader
from litestar import MediaType, Response, get
from litestar.exceptions import NotFoundException

from queue_service.house import House

SHOWN_LETTERS = 200
_NAME = re.compile(r"[0-9]{20}-[0-9a-f]{8}")
_PAGES = Environment(loader=PackageLoader("queue_service.demo"), autoescape=True)


class Attachment(msgspec.Struct, frozen=True):
    """A file that came with a letter."""

    place: int
    name: str
    kind: str
    content: bytes


class Letter(msgspec.Struct, frozen=True):
    """A letter as its reader sees it."""

    name: str
    to: str
    subject: str
    language: str
    kept: datetime
    text: str
    from_html: str
    """The text of the HTML alternative; empty without one."""
    attachments: tuple[Attachment, ...]


def newest(folder: Path, count: int = SHOWN_LETTERS) -> tuple[Letter, ...]:
    """The last letters, newest first; one that vanishes meanwhile is left out."""
    letters = (read(folder, path.stem) for path in sorted(folder.glob("*.eml"))[: -count - 1 : -1])
    return tuple(letter for letter in letters if letter is not None)


def read(folder: Path, name: str) -> Letter | None:
    """The letter of that name; None when there is none."""
    if not _NAME.fullmatch(name):
        return None
    try:
        message = message_from_bytes((folder / f"{name}.eml").read_bytes(), policy=policy.default)
    except FileNotFoundError:
        return None
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    return Letter(
        name=name,
        to=str(message.get("To", "")),
        subject=str(message.get("Subject", "")),
        language=str(message.get("Content-Language", "")),
        kept=datetime.fromtimestamp(int(name[:20]) / 1e9, UTC),
        text=str(plain.get_content()) if plain is not None else "",
        from_html=_text_of(str(html.get_content())) if html is not None else "",
        attachments=tuple(_attachments(message)),
    )


@get("/demo/letters", sync_to_thread=True, include_in_schema=False)
def letters_page(house: House) -> Response[str]:
    """All letters that went out, newest first."""
    return _page("letters.html", letters=newest(_folder(house)))


@get("/demo/letters/letters.css", sync_to_thread=False, include_in_schema=False)
def letters_style() -> Response[str]:
    """The look of these pages."""
    style = Path(__file__).with_name("templates") / "letters.css"
    return Response(style.read_text(encoding="utf-8"), media_type="text/css")


@get("/demo/letters/{name:str}", sync_to_thread=True, include_in_schema=False)
def letter_page(house: House, name: str) -> Response[str]:
    """One letter with its HTML alternative as text and its attachments."""
    return _page("letter.html", letter=_letter(house, name))


@get("/demo/letters/{name:str}/{place:int}", sync_to_thread=True, include_in_schema=False)
def attachment(house: House, name: str, place: int) -> Response[bytes]:
    """An attachment, always as a download."""
    for part in _letter(house, name).attachments:
        if part.place == place:
            quoted = re.sub(r"[^A-Za-z0-9._-]", "_", part.name)
            return Response(
                part.content,
                media_type=part.kind,
                headers={"Content-Disposition": f'attachment; filename="{quoted}"'},
            )
    raise NotFoundException


handlers = [letters_page, letters_style, letter_page, attachment]


def _folder(house: House) -> Path:
    folder = house.settings.demo_letters
    if not folder:
        raise NotFoundException
    return Path(folder)


def _letter(house: House, name: str) -> Letter:
    letter = read(_folder(house), name)
    if letter is None:
        raise NotFoundException
    return letter


def _page(template: str, **facts: object) -> Response[str]:
    page = _PAGES.get_template(template).render(**facts)
    return Response(page, media_type=MediaType.HTML, headers={"Cache-Control": "no-store"})


def _attachments(message: EmailMessage) -> list[Attachment]:
    shown = {id(message.get_body(("plain",))), id(message.get_body(("html",)))}
    leaves = (part for part in message.walk() if not part.is_multipart() and id(part) not in shown)
    return [
        Attachment(
            place=place,
            name=part.get_filename() or f"part-{place}",
            kind=part.get_content_type(),
            content=bytes(part.get_payload(decode=True) or b""),
        )
        for place, part in enumerate(leaves, 1)
    ]


def _text_of(html: str) -> str:
    reader = _Reader()
    reader.feed(html)
    lines = (" ".join(line.split()) for line in "".join(reader.pieces).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    """Collects what a person would read; links keep their address."""

    _BREAKS = frozenset({"p", "br", "div", "tr", "li", "h1", "h2", "h3", "table", "dt", "dd"})
    _SILENT = frozenset({"style", "script", "title"})

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._SILENT:
            self._silent += 1
        if tag in self._BREAKS:
            self.pieces.append("\n")
        link = dict(attrs).get("href")
        if tag == "a" and link:
            self.pieces.append(f"({link}) ")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._SILENT and self._silent:
            self._silent -= 1

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(data)

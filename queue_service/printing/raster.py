"""Draws a ticket as a black-and-white picture of 576 dots, 72 mm of an 80 mm roll.

The number is at least 20 mm high, whatever it is; texts stand in the visitor's language and below
in German. Needs the Noto fonts of the system (Debian: fonts-noto-core): without them there is no
picture, and the caller says so.
"""

from functools import lru_cache
from pathlib import Path

import msgspec
from PIL import Image, ImageDraw, ImageFont
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

WIDTH_DOTS = 576
DOTS_PER_MM = 8
NUMBER_MM = 20
_MARGIN_DOTS = 12
_GAP_DOTS = 14
_TEXT_DOTS = 32
_SMALL_DOTS = 26
_NUMBER_DOTS = 236
"""Size of the type whose figures are just over 20 mm high."""
_QR_DOTS = 10
_QUIET_MODULES = 3
"""The paper around goes on being white."""
FOLDERS = (
    Path("/usr/share/fonts/truetype/noto"),
    Path("/usr/share/fonts/noto"),
    Path("/usr/local/share/fonts/noto"),
)
_ARABIC = range(0x0600, 0x0700)


class NoFontsError(RuntimeError):
    """The system has no Noto fonts; the message says what to install."""


class Line(msgspec.Struct, frozen=True):
    """A sentence in its language."""

    text: str
    language: str
    rtl: bool = False


class Paper(msgspec.Struct, frozen=True):
    """What stands on a ticket; nothing of the person or the matter."""

    office: Line
    number: str
    lines: tuple[Line, ...]
    """In the order of the paper: the visitor's language first."""
    link: str
    """Where the picture leads."""
    at: str


@lru_cache(maxsize=16)
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    for folder in FOLDERS:
        file = folder / name
        if file.is_file():
            return ImageFont.truetype(str(file), size, layout_engine=ImageFont.Layout.RAQM)
    raise NoFontsError(f"{name} is missing: install fonts-noto-core")


def draw(paper: Paper) -> Image.Image:
    """The ticket, one bit a dot; raises NoFontsError."""
    parts = [_written(paper.office, _SMALL_DOTS), _number(paper.number)]
    parts += [_written(line, _TEXT_DOTS if n == 0 else _SMALL_DOTS) for n, line in _numbered(paper)]
    parts += [_qr(paper.link), _written(Line(paper.at, "de"), _SMALL_DOTS)]
    height = sum(part.height + _GAP_DOTS for part in parts) + _GAP_DOTS
    sheet = Image.new("L", (WIDTH_DOTS, height), 255)
    top = _GAP_DOTS
    for part in parts:
        sheet.paste(part, ((WIDTH_DOTS - part.width) // 2, top))
        top += part.height + _GAP_DOTS
    return sheet.point(lambda shade: 255 if shade > 127 else 0, mode="1")


def _numbered(paper: Paper) -> list[tuple[int, Line]]:
    return list(enumerate(paper.lines))


def _number(number: str) -> Image.Image:
    """As high as asked for; wide ones are made narrower, never lower."""
    font = _font("NotoSans-Bold.ttf", _NUMBER_DOTS)
    left, top, right, bottom = (round(edge) for edge in font.getbbox(number))
    drawn = Image.new("L", (right - left, bottom - top), 255)
    ImageDraw.Draw(drawn).text((-left, -top), number, font=font, fill=0)
    room = WIDTH_DOTS - 2 * _MARGIN_DOTS
    return drawn if drawn.width <= room else drawn.resize((room, drawn.height))


def _written(line: Line, size: int) -> Image.Image:
    """Centred lines that fit, broken between words."""
    arabic = any(ord(sign) in _ARABIC for sign in line.text)
    font = _font("NotoSansArabic-Regular.ttf" if arabic else "NotoSans-Regular.ttf", size)
    direction = "rtl" if line.rtl else "ltr"
    rows = [""]
    for word in line.text.split():
        longer = f"{rows[-1]} {word}".strip()
        fits = font.getlength(longer, direction=direction) <= WIDTH_DOTS - 2 * _MARGIN_DOTS
        if fits or not rows[-1]:
            rows[-1] = longer
        else:
            rows.append(word)
    step = sum(font.getmetrics())  # Arabic reaches further up and down than Latin
    drawn = Image.new("L", (WIDTH_DOTS, step * len(rows)), 255)
    pen = ImageDraw.Draw(drawn)
    for n, row in enumerate(rows):
        at = ((WIDTH_DOTS - font.getlength(row, direction=direction)) / 2, n * step)
        pen.text(at, row, font=font, fill=0, direction=direction)
    return drawn


def _qr(link: str) -> Image.Image:
    code = QRCode(error_correction=ERROR_CORRECT_M, border=_QUIET_MODULES)
    code.add_data(link)
    code.make(fit=True)
    rows = code.get_matrix()
    small = Image.new("L", (len(rows), len(rows)), 255)
    small.putdata([0 if dark else 255 for row in rows for dark in row])
    side = len(rows) * min(_QR_DOTS, (WIDTH_DOTS - 2 * _MARGIN_DOTS) // len(rows))
    return small.resize((side, side), Image.Resampling.NEAREST)

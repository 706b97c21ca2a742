"""The code in a photo: of a confirmation, a letter or a ticket; nothing of the photo is kept.

Whoever sends one chose its bytes, so size, kind and pixels are bounded before anything is decoded,
and only two are read at a time, off the event loop.
"""

import asyncio
from io import BytesIO

import zxingcpp
from PIL import Image, UnidentifiedImageError

from queue_service.kiosk import signed
from queue_service.kiosk.ticket import code_in
from queue_service.model.codes import CODE_LENGTH, TOKEN_LENGTH
from queue_service.model.refusal import Code, Refusal

MOST_BYTES = 8_000_000
"""A phone's photo as it comes from the camera; the tablet's own script sends a tenth of it."""
MOST_PIXELS = 50_000_000
"""Of a JPEG, which is decoded at a fraction of its size; other kinds: `MOST_DECODED`."""
MOST_DECODED = 16_000_000
EDGE = 1_600
"""Pixels of the longer side that is searched: 40 ms, and a confirmation across half a page fits."""
_KINDS = ("JPEG", "PNG", "WEBP")
_SHAPES = frozenset({CODE_LENGTH, TOKEN_LENGTH, signed.SIGNED_LENGTH})
_FAULTS = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
    OSError,
    ValueError,
    SyntaxError,
)
"""What Pillow raises for files that are broken, cut off or pretend to be enormous."""
_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
_at_once = asyncio.Semaphore(2)


async def decode(content: bytes) -> str | Refusal:
    """The code in the photo `content`, in the symbols that a scanner types."""
    if not 0 < len(content) <= MOST_BYTES:
        return Refusal(Code.UNREADABLE_PICTURE)
    async with _at_once:
        texts = await asyncio.to_thread(_texts, content)
    if texts is None:
        return Refusal(Code.UNREADABLE_PICTURE)
    codes = {found for text in texts if len(found := code_in(text)) in _SHAPES}
    # Two different ones, and nobody could say whose turn it is.
    return codes.pop() if len(codes) == 1 else Refusal(Code.NO_CODE_IN_PICTURE)


def _texts(content: bytes) -> list[str] | None:
    """What the QR codes in the picture say; None when it is no picture we take."""
    try:
        picture = _grey(content)
    except _FAULTS:
        return None
    if picture is None:
        return None
    found = zxingcpp.read_barcodes(picture, formats=_QR)
    return [barcode.text for barcode in found if barcode.valid]


def _grey(content: bytes) -> Image.Image | None:
    with Image.open(BytesIO(content), formats=_KINDS) as picture:
        width, height = picture.size
        if picture.format == "JPEG" and width * height <= MOST_PIXELS:
            picture.draft("L", (EDGE, EDGE))
        if picture.size[0] * picture.size[1] > MOST_DECODED:
            return None
        grey = picture.convert("L")
    grey.thumbnail((EDGE, EDGE))
    return grey

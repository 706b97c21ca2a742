"""The code of a booking as a QR picture that phones open and scanners of any keyboard layout read.

Upper-case links stay in the alphanumeric mode of QR, which is half the size; the part that is read
is the last run of the code's own symbols.
"""

import struct
import zlib

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode
from qrcode.util import ALPHA_NUM, MODE_8BIT_BYTE, MODE_ALPHA_NUM, QRData

_PIXELS_A_MODULE = 6
_QUIET_MODULES = 4
"""The margin that the QR standard demands."""


def qr_link(base_url: str, code: str) -> str:
    """The link in the picture: ``HTTPS://TERMINE.EXAMPLE/T/K7M2P9QX``."""
    return f"{base_url.rstrip('/')}/T/{code}".upper()


def signed_link(base_url: str, sealed: str) -> str:
    """The link of a signed confirmation: whoever opens it reads whether it is genuine."""
    return f"{base_url.rstrip('/')}/V/{sealed}".upper()


def qr_png(link: str) -> bytes:
    """`link` as a black-and-white PNG, error correction M.

    Alphanumeric mode wherever the link allows it; a base address with other characters still
    gives a valid, larger picture.
    """
    payload = link.encode()
    mode = MODE_ALPHA_NUM if all(symbol in ALPHA_NUM for symbol in payload) else MODE_8BIT_BYTE
    code = QRCode(error_correction=ERROR_CORRECT_M, border=_QUIET_MODULES)
    code.add_data(QRData(payload, mode=mode))
    code.make(fit=True)
    return _png(code.get_matrix())


def _png(dark: list[list[bool]]) -> bytes:
    """A 1-bit grey PNG; twelve lines spare the product an imaging library."""
    side = len(dark) * _PIXELS_A_MODULE
    rows = bytearray()
    for modules in dark:
        bits = "".join(("0" if module else "1") * _PIXELS_A_MODULE for module in modules)
        padded = bits.ljust((side + 7) // 8 * 8, "0")
        rows += (b"\0" + int(padded, 2).to_bytes(len(padded) // 8)) * _PIXELS_A_MODULE
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + _chunk(b"IDAT", zlib.compress(bytes(rows), 9))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    """Length, kind, data and checksum, as the PNG standard frames them."""
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

"""Links as pictures for scanners and phones; what a link opens is left to the pages."""

from functools import lru_cache
from xml.sax.saxutils import quoteattr

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode
from qrcode.util import MODE_8BIT_BYTE, MODE_ALPHA_NUM, QRData

from queue_service.kiosk.signed import SIGNED_LENGTH

_ALPHANUMERIC = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
"""What QR's compact mode can carry."""
_QUIET_MODULES = 4
_ANY_MASK = 3
"""Signatures look random under each of the eight masks: trying all took 6 of 9 ms of a worker."""


@lru_cache(maxsize=512)
def svg(link: str) -> str:
    """`link` as black squares on white, error correction M."""
    compact = set(link) <= _ALPHANUMERIC
    mask = _ANY_MASK if len(link) > SIGNED_LENGTH else None
    code = QRCode(error_correction=ERROR_CORRECT_M, border=_QUIET_MODULES, mask_pattern=mask)
    code.add_data(QRData(link.encode(), mode=MODE_ALPHA_NUM if compact else MODE_8BIT_BYTE))
    code.make(fit=True)
    rows = code.get_matrix()
    path = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark
    )
    box = quoteattr(f"0 0 {len(rows)} {len(rows)}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox={box} shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{len(rows)}v{len(rows)}H0z"/><path d="{path}"/></svg>'
    )

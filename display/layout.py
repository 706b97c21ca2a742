"""How large a call must be so that the farthest seat reads it, and what else that leaves room for.

Pure geometry of a 16:9 picture after EN 301 549 5.1.4; it says when a larger screen is needed.
"""

from math import atan2, ceil, sin

import msgspec

CALL_MM_PER_M = 12.2
"""Capital height per metre of distance: 0.7 degrees (EN 301 549, 5.1.4)."""
ROW_MM_PER_M = 6.0
FOOTER_MM_PER_M = 5.0
CAP_HEIGHT = 0.714
"""Capital height of Noto Sans as a share of the font size."""
MM_PER_INCH = 25.4
CALL_LINE, ROW_LINE, FOOTER_LINE = 1.1, 1.25, 1.2
"""Line heights of the call, the list and the footer."""
MARGIN = 0.04
"""Share of the picture's height kept free, above and below together."""
CALL_LINES = 2
"""Number and counter stand below each other, both at the size of a call."""
CALL_EM = 2.5
"""Width of a letter and three digits in bold."""
ROW_EM = 8.2
"""Width of a row with number, counter and the time since the call at half size."""
WIDTH_SHARE = 0.5
"""Call and list stand side by side in landscape; each has this share of the width."""
SIGN_EM = 0.54
"""Mean width of a sign of a sentence, as the board's style sheet takes it."""
TORN = 0.85
"""Share of a line that words fill when they are not torn apart."""
UPRIGHT_CALL = 34
"""Least height of the call on a portrait screen, in hundredths of the picture's."""
MOST_ROWS = 6
SOLD_INCHES = (32, 43, 55, 65, 75, 86, 98)
STEP_M = 0.5


class Sizes(msgspec.Struct, frozen=True):
    """Font sizes in hundredths of the picture's height, what fits, and a warning."""

    diagonal: float
    distance: float
    call_vh: int
    row_vh: float
    footer_vh: float
    rows: int
    heads: bool
    """Whether the list has room for its headings."""
    ages: bool
    """Whether a row has room for the time since the call."""
    lines: int = 1
    """Lines that the footer keeps for its sentence."""
    advice_inch: int | None = None
    """Smallest screen that is read from there, when this one is not; None when it is."""

    @property
    def fits(self) -> bool:
        """Whether the farthest seat can read calls and a list."""
        return self.advice_inch is None


def sizes(*, diagonal: float, distance: float, portrait: bool = False, longest: int = 0) -> Sizes:
    """Sizes for a screen of `diagonal` inches whose farthest seat is `distance` metres away.

    A sentence of the footer has up to `longest` signs: landscape makes them smaller to fit its one
    line, portrait gives them lines. A screen too small for all that is used as far as it reaches,
    with advice which one to buy.
    """
    measured = _measured(diagonal, distance, portrait=portrait, longest=longest)
    if measured.rows > 0:
        return measured
    larger = (
        _measured(i, distance, portrait=portrait, longest=longest)
        for i in SOLD_INCHES
        if i > diagonal
    )
    advice = next((int(size.diagonal) for size in larger if size.rows > 0), SOLD_INCHES[-1])
    reach = distance
    while measured.rows == 0 and reach > STEP_M:
        reach -= STEP_M
        measured = _measured(diagonal, reach, portrait=portrait, longest=longest)
    return msgspec.structs.replace(measured, distance=distance, advice_inch=advice)


def picture_height_mm(diagonal: float, *, portrait: bool = False) -> float:
    """Height of a 16:9 picture that measures `diagonal` inches."""
    angle = atan2(16, 9) if portrait else atan2(9, 16)
    return diagonal * MM_PER_INCH * sin(angle)


def font_vh(mm_per_m: float, distance: float, height_mm: float) -> float:
    """Font size in vh whose capitals are `mm_per_m` high per metre of distance, rounded up."""
    return ceil(1000 * mm_per_m * distance / (CAP_HEIGHT * height_mm)) / 10


def _measured(diagonal: float, distance: float, *, portrait: bool, longest: int) -> Sizes:
    height = picture_height_mm(diagonal, portrait=portrait)
    call = ceil(font_vh(CALL_MM_PER_M, distance, height))
    row = font_vh(ROW_MM_PER_M, distance, height)
    footer = font_vh(FOOTER_MM_PER_M, distance, height)
    room, width = 100 * (1 - MARGIN) - footer * FOOTER_LINE, 100 * 16 / 9 * WIDTH_SHARE
    calls, lines = CALL_LINES * call * CALL_LINE, 1
    if portrait:
        width = 100 * 9 / 16 * (1 - MARGIN)
        lines = max(1, ceil(longest * SIGN_EM * footer / (width * TORN)))
        listed = room - max(calls, UPRIGHT_CALL) - lines * footer * FOOTER_LINE
    else:
        listed = room
    rows = max(0, min(MOST_ROWS, int(listed // (row * ROW_LINE))))
    return Sizes(
        diagonal=diagonal,
        distance=distance,
        call_vh=call,
        row_vh=row,
        footer_vh=footer,
        rows=rows if calls <= room and call * CALL_EM <= width else 0,
        heads=listed - rows * row * ROW_LINE >= footer * FOOTER_LINE,
        ages=row * ROW_EM <= width,
        lines=lines,
    )

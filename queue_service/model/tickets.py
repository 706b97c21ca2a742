"""How an office numbers its tickets and where they are printed."""

import msgspec


class Printer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the tickets of one kiosk or tablet are printed."""

    device: str
    to: str
    """``network:HOST[:PORT]``, ``usb:0`` (at the serving machine) or ``file:NAME``."""


class Tickets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Numbers are a letter and three digits; letter and start are random per day."""

    letters: str = "ABCFHKLMNPRTUVWX"
    printers: tuple[Printer, ...] = ()
    """Devices without one print by their browser."""

"""What tickets must fulfil: letters that reveal nothing, printers that can be addressed."""

import re
from collections import Counter as Tally
from collections.abc import Iterator

from queue_service.model.office import Office
from queue_service.offices.reading import Found

_LETTERS_AT_LEAST = 4
_DEVICE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_ADDRESS = re.compile(r"network:[A-Za-z0-9.-]+(:\d{1,5})?|usb:\d|file:[A-Za-z0-9][A-Za-z0-9_-]*")
_PORTS = range(1, 65_536)


def ticket_faults(office: Office) -> Iterator[Found]:
    """Every fault of letters and printers."""
    letters = office.tickets.letters
    if not re.fullmatch(r"[A-HJ-NP-Z]*", letters):
        reason = "must be capitals without I and O, which look like 1 and 0"
        yield Found("tickets.letters", letters, reason)
    if len(set(letters)) < _LETTERS_AT_LEAST or len(set(letters)) < len(letters):
        reason = f"must be at least {_LETTERS_AT_LEAST} different letters, none twice"
        yield Found("tickets.letters", letters, reason)
    for number, printer in enumerate(office.tickets.printers):
        at = f"tickets.printers[{number}]"
        if not _DEVICE.fullmatch(printer.device):
            reason = "must be the name of a kiosk or tablet: small letters, digits and hyphens"
            yield Found(f"{at}.device", printer.device, reason)
        if not _ADDRESS.fullmatch(printer.to) or not _port_fits(printer.to):
            reason = "must be network:HOST, network:HOST:PORT, usb:0 or file:NAME"
            yield Found(f"{at}.to", printer.to, reason)
    for device, times in Tally(p.device for p in office.tickets.printers).items():
        if times > 1:
            yield Found("tickets.printers.device", device, f"has {times} printers")


def _port_fits(address: str) -> bool:
    _, _, port = address.removeprefix("network:").partition(":")
    return not address.startswith("network:") or not port or int(port) in _PORTS

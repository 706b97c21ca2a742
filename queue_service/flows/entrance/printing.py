"""The ticket on paper: what stands on it, and whether it came out.

What goes wrong is told to whoever looks after devices by the kiosk's next heartbeat, and logged at
once; the visitor reads the number from the screen instead.
"""

import structlog

from queue_service.flows.entrance.tickets import TicketShown
from queue_service.followed import Followed
from queue_service.house import House
from queue_service.language import (
    LANGUAGES,
    catalogue,
    clock,
    day_short,
    direction,
    instruction,
    pick,
    tag,
)
from queue_service.model.tickets import Printer
from queue_service.notify.letters import qr_link
from queue_service.printing import printers, raster
from queue_service.printing.printers import Printed, Target
from queue_service.printing.raster import Line, NoFontsError, Paper

_log = structlog.get_logger()


def printer_of(office: Followed, device: str) -> Printer | None:
    """The printer of a device, or None where its browser prints."""
    return next((p for p in office.office.tickets.printers if p.device == device), None)


async def print_ticket(
    house: House, office: Followed, device: str, ticket: TicketShown, code: str, told: str
) -> Printed:
    """Print a ticket at the device's printer; `told` is the code of what to do now."""
    printer = printer_of(office, device)
    if printer is None:
        return Printed.UNREACHABLE
    try:
        picture = raster.draw(paper(house, office, ticket, code, told))
    except NoFontsError as missing:
        _log.error("ticket_without_fonts", office=office.key.slug, reason=str(missing))
        return Printed.NO_FONTS
    target = Target(printer.to, house.settings.print_folder)
    printed = await printers.send(target, picture)
    if printed is not Printed.YES:
        _log.warning("ticket_not_printed", office=office.key.slug, device=device, why=printed.value)
    return printed


def paper(house: House, office: Followed, ticket: TicketShown, code: str, told: str) -> Paper:
    """What stands on a ticket: number, what happens next in two languages, the phone's link."""
    german, own = LANGUAGES[0], ticket.language
    name, named = pick(office.office.name, own)
    tongues = (own,) if tag(own) == german else (own, german)
    said = [_line(instruction(told, each), each) for each in tongues]
    said += [_line(catalogue(each)("Your wait on your phone:"), each) for each in tongues]
    now = office.now()
    return Paper(
        _line(name, named),
        ticket.number,
        tuple(said),
        qr_link(house.settings.base_url, code),
        f"{day_short(now.date(), german)} {clock(now)}",
    )


def _line(text: str, language: str) -> Line:
    return Line(text, language, rtl=direction(language) == "rtl")

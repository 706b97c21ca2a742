"""A ticket from check-in to paper: on the printer that the office names for the device."""

from pathlib import Path

import pytest

from queue_service.flows.entrance import arriving, printing, tickets
from queue_service.flows.entrance.arriving import TicketGiven
from queue_service.flows.entrance.tickets import TicketShown
from queue_service.model.ids import ActorId
from queue_service.model.tickets import Printer
from queue_service.printing import raster
from queue_service.printing.printers import Printed
from tests.conftest import Database
from tests.make import PICK
from tests.small import SLUG, opened

KIOSK = ActorId(-101)


async def test_a_ticket_comes_out_of_the_printer_of_its_kiosk(
    small_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = {"kiosk-1": Printer("kiosk-1", "file:hall"), "kiosk-2": Printer("kiosk-2", "file:up")}
    monkeypatch.setattr(printing, "printer_of", lambda _, device: named.get(device))
    async with opened(small_database.owner_dsn, print_folder=tmp_path) as small:
        given = await arriving.walk_in(small.house, SLUG, service=PICK, language="ar", by=KIOSK)
        assert isinstance(given, TicketGiven)
        shown = await tickets.ticket(small.house, given.ticket)
        assert isinstance(shown, TicketShown)
        said = (shown, given.ticket, given.instructions)
        paper = printing.paper(small.house, small.office, *said)
        printed = await printing.print_ticket(small.house, small.office, "kiosk-1", *said)
        nowhere = await printing.print_ticket(small.house, small.office, "kiosk-3", *said)
        monkeypatch.setattr(raster, "FOLDERS", ())
        raster._font.cache_clear()
        bare = await printing.print_ticket(small.house, small.office, "kiosk-1", *said)
        raster._font.cache_clear()
    assert (printed, nowhere, bare) == (Printed.YES, Printed.UNREACHABLE, Printed.NO_FONTS)
    assert [file.name for file in tmp_path.iterdir()] == ["hall.escpos"]  # noqa: ASYNC240 - one file
    assert paper.number == given.number
    assert paper.link.endswith(f"/T/{given.ticket}")
    assert [line.language for line in paper.lines] == ["ar", "de", "ar", "de"]
    assert [line.rtl for line in paper.lines] == [True, False, True, False]

"""Sends drawn tickets to printers that speak ESC/POS: over the network, by USB, into a file.

The address is a setting of the office: ``network:host[:port]``, ``usb:0`` (the first USB printer of
the machine that serves, ``/dev/usb/lp0``) or ``file:name`` (tests and demo; in a folder that the
process is given, nowhere else). Sending takes
its time and is done in a thread, one ticket a printer at a time. The library that composes the
commands is imported there, too: it takes a second, and most processes never print.
"""

import asyncio
import fcntl
import os
import re
import socket
from collections import defaultdict
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

import msgspec
from PIL import Image

TIMEOUT_SECONDS = 3.0
_STATUS_SECONDS = 0.5
"""Cheap printers never say how much paper is left."""
_PORT = 9100
_ASK_PAPER = b"\x10\x04\x04"
"""DLE EOT 4: how is the paper?"""
_NO_PAPER = 0b0110_0000
"""Both paper-end bits of the answer."""
_LP_STATUS, _LP_PAPER_OUT = 0x060B, 0x20
"""LPGETSTATUS of the kernel's printer driver, and its bit for no paper."""
ADDRESS = re.compile(
    r"(?P<network>network:(?P<host>[A-Za-z0-9.-]+)(:(?P<port>\d{1,5}))?)"
    r"|(?P<usb>usb:(?P<line>\d))"
    r"|(?P<file>file:(?P<name>[A-Za-z0-9][A-Za-z0-9_-]{0,60}))"
)


class Printed(StrEnum):
    """What became of a ticket."""

    YES = "yes"
    PAPER_OUT = "paper_out"
    UNREACHABLE = "unreachable"
    NO_FONTS = "no_fonts"


class Target(msgspec.Struct, frozen=True):
    """Where tickets go."""

    address: str
    folder: Path | None = None
    """Of file printers; None: there are none."""


def commands(picture: Image.Image) -> bytes:
    """The picture as raster commands and the cut."""
    from escpos.printer import Dummy

    printer = Dummy()
    printer.image(picture, impl="bitImageRaster", center=False)
    printer.cut()
    return bytes(printer.output)


_busy: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)


async def send(target: Target, picture: Image.Image) -> Printed:
    """Print one ticket and cut it."""
    async with _busy[target.address]:
        return await asyncio.to_thread(_send, target, picture)


def _send(target: Target, picture: Image.Image) -> Printed:
    found = ADDRESS.fullmatch(target.address)
    if found is None:
        return Printed.UNREACHABLE
    content = commands(picture)
    if found["file"]:
        return _into_file(target.folder, found["name"], content)
    if found["usb"]:
        return _by_usb(Path(f"/dev/usb/lp{found['line']}"), content)
    return _over_network(found["host"], int(found["port"] or _PORT), content)


def _over_network(host: str, port: int, content: bytes) -> Printed:
    try:
        with socket.create_connection((host, port), TIMEOUT_SECONDS) as connection:
            if _is_out(connection):
                return Printed.PAPER_OUT
            connection.sendall(content)
    except OSError:
        return Printed.UNREACHABLE
    return Printed.YES


def _is_out(connection: socket.socket) -> bool:
    """Whether the printer says that it has no paper; one that says nothing is trusted."""
    connection.sendall(_ASK_PAPER)
    connection.settimeout(_STATUS_SECONDS)
    try:
        status = connection.recv(16)
    except TimeoutError:
        return False
    finally:
        connection.settimeout(TIMEOUT_SECONDS)
    return bool(status) and status[0] & _NO_PAPER == _NO_PAPER


def _by_usb(line: Path, content: bytes) -> Printed:
    try:
        with line.open("r+b", buffering=0) as device:
            with suppress(OSError):  # a printer that does not say how its paper is
                status = fcntl.ioctl(device, _LP_STATUS, bytes(4))
                if status[0] & _LP_PAPER_OUT:
                    return Printed.PAPER_OUT
            written = 0
            while written < len(content):
                written += device.write(content[written:]) or 0
    except OSError:
        return Printed.UNREACHABLE
    return Printed.YES


def _into_file(folder: Path | None, name: str, content: bytes) -> Printed:
    if folder is None:
        return Printed.UNREACHABLE
    try:
        with (folder / f"{name}.escpos").open("ab") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        return Printed.UNREACHABLE
    return Printed.YES

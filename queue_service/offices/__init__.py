"""Configuration and layers → a checked Office; every fault at once, with file, key, value, reason.

`check` and everything about layers is pure; only `read` and `folders` look at files. Storing
layers, making cells and printing are left to others.
"""

from pathlib import Path

from queue_service.model.layer import Layer, Origin
from queue_service.model.office import Office
from queue_service.offices.checking import check
from queue_service.offices.layers import (
    Preview,
    Replaced,
    differences,
    layers_of,
    next_change,
    resolve,
)
from queue_service.offices.public_holidays import holiday_names, public_holidays
from queue_service.offices.reading import Fault

__all__ = [
    "Fault",
    "Layer",
    "Office",
    "Origin",
    "Preview",
    "Replaced",
    "check",
    "differences",
    "folders",
    "holiday_names",
    "layers_of",
    "next_change",
    "public_holidays",
    "read",
    "resolve",
]


def folders(path: Path) -> tuple[Path, ...]:
    """The office folders at `path`: itself when it holds an office.toml, else those below it."""
    if (path / "office.toml").is_file():
        return (path,)
    return tuple(sorted(found.parent for found in path.glob("*/office.toml")))


def read(folder: Path) -> Office | tuple[Fault, ...]:
    """The office whose configuration lies in `folder` (all its ``*.toml``), or every fault."""
    texts: dict[str, str] = {}
    faults: list[Fault] = []
    files = sorted(folder.glob("*.toml"))
    if folder / "office.toml" not in files:
        reason = "this file is missing: an office folder needs it"
        return (Fault(str(folder / "office.toml"), "", "", reason),)
    for file in files:
        try:
            texts[str(file)] = file.read_text(
                "utf-8-sig"
            )  # editors on Windows begin files with a mark
        except UnicodeDecodeError as error:
            faults.append(Fault(str(file), f"byte {error.start}", "", "the file is not UTF-8"))
        except OSError as error:
            reason = f"the file cannot be read: {error.strerror or error}"
            faults.append(Fault(str(file), "", "", reason))
    return tuple(faults) or check(texts)

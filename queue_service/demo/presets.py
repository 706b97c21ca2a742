"""The offices that ship with the product: where their configuration lies, in a clone or a wheel."""

from pathlib import Path

from queue_service import offices
from queue_service.model.office import Office

_IN_THE_WHEEL = Path(__file__).parent / "config"
_IN_THE_CLONE = Path(__file__).parents[2] / "config"


class UnusableError(Exception):
    """A preset is missing or faulty; the message names every fault."""


def folder(slug: str) -> Path:
    """The configuration folder of that office; raises `UnusableError` naming those there are."""
    known = {found.name: found for found in offices.folders(_root())}
    if slug not in known:
        names = ", ".join(sorted(known)) or "none"
        raise UnusableError(f"there is no office {slug!r}; there are: {names}")
    return known[slug]


def preset(slug: str) -> Office:
    """The checked office; raises `UnusableError` with every fault of its configuration."""
    found = offices.read(folder(slug))
    if isinstance(found, Office):
        return found
    raise UnusableError("\n".join(str(fault) for fault in found))


def _root() -> Path:
    return _IN_THE_CLONE if _IN_THE_CLONE.is_dir() else _IN_THE_WHEEL

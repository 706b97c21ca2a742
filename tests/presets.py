"""The shipped offices, each read once a process."""

from functools import cache
from pathlib import Path

from queue_service import offices
from queue_service.model.office import Office

ROOT = Path(__file__).parent.parent
CONFIG = ROOT / "config"
CITIES = ("heidelberg", "stuttgart")


@cache
def preset(slug: str) -> Office:
    """The office as its configuration says."""
    found = offices.read(CONFIG / slug)
    assert isinstance(found, Office), found
    return found

"""Folders of configurations as a command is given them: one office's, or several beside another."""

from pathlib import Path

from queue_service import offices
from queue_service.commands.failing import CommandError


def folders(path: Path) -> tuple[Path, ...]:
    """The folders of offices at `path`; raises CommandError where there is none."""
    found = offices.folders(path) if path.is_dir() else ()
    if not found:
        raise CommandError(f"{path}: no folder with an office.toml")
    return found

"""`queue-service load FOLDER`: bring configurations into force, or say what that would change."""

import argparse
from pathlib import Path

from queue_service import offices
from queue_service.commands.configurations import folders
from queue_service.commands.failing import CommandError
from queue_service.commands.inside import in_house
from queue_service.flows.capacity import planning
from queue_service.house import House


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command is told."""
    parser.add_argument("folder", type=Path, help="a folder of one office, or of several")
    parser.add_argument("--dry-run", action="store_true", help="only say what would change")


def run(given: argparse.Namespace) -> int:
    """Load every office, or none: CommandError when one of them has faults."""
    wanted = []
    for folder in folders(given.folder):
        read = offices.read(folder)
        if isinstance(read, tuple):
            raise CommandError(
                f"{folder} has faults, nothing was loaded: queue-service check {folder}"
            )
        wanted.append(read)

    async def work(house: House) -> None:
        for office in wanted:
            preview = await planning.load(house, office, dry=given.dry_run)
            lines = preview.lines()
            print(f"{office.slug}: {len(lines) or 'no'} change(s)")
            print("".join(f"  {line}\n" for line in lines), end="")

    return in_house(work)

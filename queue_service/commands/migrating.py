"""`queue-service migrate`: bring the database to the newest schema, as its owner."""

import argparse
import os

from sqlalchemy.exc import DBAPIError

from queue_service import unreachable
from queue_service.commands.failing import CommandError
from queue_service.store import migrate


def arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing: the address stands in QUEUE_DATABASE_URL, for it holds a password."""


def run(_: argparse.Namespace) -> int:
    """Upgrade; CommandError when the database cannot be reached or refuses."""
    url = os.environ.get("QUEUE_DATABASE_URL", "")
    if not url:
        raise CommandError("QUEUE_DATABASE_URL is missing: postgresql://owner:password@host/name")
    if not unreachable.readable(url):
        raise CommandError(unreachable.UNREADABLE)
    try:
        migrate.upgrade(url)
    except DBAPIError as error:
        cause = error.orig.__cause__ if error.orig else None
        raise CommandError(unreachable.in_words(cause or error)) from error
    print("the schema is the newest")
    return 0

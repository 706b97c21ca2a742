"""Why a command cannot reach its database, in words that say what to do."""

import socket
from urllib.parse import urlsplit

import asyncpg

from queue_service.store.database import APP_ROLE

UNREADABLE = "QUEUE_DATABASE_URL cannot be read: postgresql://user:password@host/name"
"""Without the URL: it holds a password."""


def readable(url: str) -> bool:
    """Whether anybody could connect by `url`."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("postgresql", "postgres") and parts.port != 0
    except ValueError:
        return False


def in_words(error: BaseException) -> str:
    """What a driver's `error` means to whoever started the command."""
    if isinstance(
        error, asyncpg.InvalidCatalogNameError | asyncpg.InvalidAuthorizationSpecificationError
    ):
        return f"the database refuses: {error}. Check QUEUE_DATABASE_URL."
    no_role = isinstance(error, asyncpg.InvalidParameterValueError) and APP_ROLE in str(error)
    if no_role or isinstance(error, asyncpg.UndefinedTableError | asyncpg.UndefinedObjectError):
        return f"the database has no schema yet ({error}). Run: queue-service migrate"
    if isinstance(error, asyncpg.UndefinedColumnError):
        return f"the database has an older schema ({error}). Run: queue-service migrate"
    if isinstance(error, ConnectionRefusedError | socket.gaierror):
        return f"no database answers ({error}). Check QUEUE_DATABASE_URL and that it runs."
    return f"{type(error).__name__}: {error}"

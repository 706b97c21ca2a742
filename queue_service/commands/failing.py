"""How a command fails: one sentence for whoever typed it, instead of a traceback.

Drivers are imported only once something has failed.
"""


class CommandError(Exception):
    """A command cannot do its work; the message says why and what to do."""


def in_words(error: Exception) -> str | None:
    """Why a command failed; None for a fault of ours, which keeps its traceback."""
    if isinstance(error, CommandError):
        return str(error)
    if isinstance(error, RecursionError):
        return "nested too deep to be read"
    import asyncpg

    from queue_service import unreachable
    from queue_service.settings import SettingsError

    if isinstance(error, SettingsError):
        return str(error)
    if isinstance(error, OSError | asyncpg.PostgresError | asyncpg.InterfaceError):
        return unreachable.in_words(error)
    return None

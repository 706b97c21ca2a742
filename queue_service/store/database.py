"""Connections: the pools of a process and the transaction that has an authority.

The application works as role `queue_app`, which owns nothing; row-level security compares every
row with the setting `queue.authority`, and a transaction that forgot to set it fails loudly.
"""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg
from asyncpg.exceptions._base import DataError  # asyncpg.DataError is the server's alone

from queue_service.model.ids import AuthorityId

APP_ROLE = "queue_app"
UNANSWERED = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""Whatever a question to the database may raise; a time-out is an OSError."""
_AWAY = (
    ConnectionError,
    TimeoutError,
    socket.gaierror,
    asyncpg.InterfaceError,  # the connection has ended
    asyncpg.InternalClientError,  # it ended while it was being asked
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # the server stops or begins
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
)
_COMMON = {
    "role": APP_ROLE,
    "application_name": "queue-service",
    "jit": "off",
    "timezone": "UTC",
    # A half-open connection that holds the office row would stop the office (handbook 6.2).
    "idle_in_transaction_session_timeout": "5000",
}
# Plans made on never-analysed tables scan; the turn's statements all walk indexes (handbook 4.2).
_TURN = _COMMON | {
    f"enable_{way}": "off" for way in ("seqscan", "bitmapscan", "hashjoin", "mergejoin")
}


async def _keep(_connection: asyncpg.Connection) -> None:
    """No reset between uses: settings are local to transactions, statements stay prepared."""


class Backends:
    """The server's processes behind a pool's open connections, by their numbers."""

    def __init__(self) -> None:
        """None yet."""
        self._pids = set[int]()

    def __contains__(self, pid: object) -> bool:
        return pid in self._pids

    async def meet(self, connection: asyncpg.Connection) -> None:
        """Count one in until it ends."""
        pid = connection.get_server_pid()
        self._pids.add(pid)
        connection.add_termination_listener(lambda _: self._pids.discard(pid))


async def open_pool(
    dsn: str, *, size: int = 8, turns: bool = False, backends: Backends | None = None
) -> asyncpg.Pool:
    """A pool as the application role; `turns` chooses the settings of the turn's connections.

    Its connections are counted into `backends`.
    """
    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        server_settings=_TURN if turns else _COMMON,
        init=backends and backends.meet,
        reset=_keep,
        command_timeout=30,
        max_inactive_connection_lifetime=0,
    )


@asynccontextmanager
async def transaction(
    pool: asyncpg.Pool, authority: AuthorityId, *, snapshot: bool = False
) -> AsyncIterator[asyncpg.Connection]:
    """A small plain transaction inside one authority: reads, sessions, marks; never the journal.

    With `snapshot` all its statements see the same state.
    """
    level = " isolation level repeatable read read only" if snapshot else ""
    async with pool.acquire() as connection:
        # Begin and commit stand inside: who is cut off there must not leave a transaction open.
        try:
            await connection.execute(
                f"begin{level}; set local queue.authority = '{int(authority)}'"
            )
            yield connection
            await connection.execute("commit")
        except BaseException:
            await abandon(connection)
            raise


def is_away(fault: BaseException) -> bool:
    """Whether a fault says that the database stops, begins, is cut off or has too much to do.

    Asking again helps then. What a question says wrongly is no such fault.
    """
    # A plain OSError has no way to the host; its other kinds are about files.
    away = type(fault) is OSError or isinstance(fault, _AWAY)
    return away and not isinstance(fault, DataError)


async def abandon(connection: asyncpg.Connection) -> None:
    """Roll back what is open; a connection that cannot is ended, lest it keep its locks."""
    try:
        await connection.execute("rollback")
    except UNANSWERED:
        # A lost one was taken back by its pool already and then refuses every call.
        with suppress(asyncpg.InterfaceError):
            connection.terminate()


@asynccontextmanager
async def outside(pool: asyncpg.Pool) -> AsyncIterator[asyncpg.Connection]:
    """A connection without authority: only `authority` and `directory` can be read.

    And who asks: a function of the schema looks inside the authority that a credential names.
    """
    async with pool.acquire() as connection:
        yield connection

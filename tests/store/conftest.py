"""The small office on a database of each test's own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import pytest

from queue_service.flows.capacity import planning
from queue_service.model.office import Office
from tests import waiting_list
from tests.conftest import Database, aside, copied
from tests.small import Small, found, opened
from tests.stations import WORKER, office_with_stations


@pytest.fixture(scope="session")
def small_template(postgres: str, template: str) -> Iterator[str]:
    """Name of a database with the small office that nobody is connected to."""
    with copied(postgres, template) as made:
        aside(lambda: asyncio.run(found(made.owner_dsn)))
        yield made.owner_dsn.rpartition("/")[2]


@pytest.fixture(scope="session")
def list_template(postgres: str, template: str) -> Iterator[str]:
    """The same with one desk and an open waiting list."""
    with copied(postgres, template) as made:
        aside(lambda: asyncio.run(found(made.owner_dsn, waiting_list.office())))
        yield made.owner_dsn.rpartition("/")[2]


@pytest.fixture
def small_database(postgres: str, small_template: str) -> Iterator[Database]:
    """The small office in a database of the test's own."""
    with copied(postgres, small_template) as made:
        yield made


@pytest.fixture
async def small(small_database: Database) -> AsyncIterator[Small]:
    """One process of the small office."""
    async with opened(small_database.owner_dsn) as house:
        yield house


@pytest.fixture
async def town(small: Small) -> Small:
    """The small office with stations, and a case worker."""
    key = small.office.key
    await small.fetch(
        "insert into staff (id, authority, office, login, password, roles, active)"
        " values ($1, $2, $3, 'worker', '', '{case_worker}', true)",
        WORKER,
        key.authority,
        key.office,
    )
    await planning.load(small.house, office_with_stations())
    await small.settle()
    return small


@pytest.fixture
async def beside(small_database: Database) -> AsyncIterator[Small]:
    """Another process of the same office."""
    async with opened(small_database.owner_dsn) as house:
        yield house


Opening = Callable[..., Awaitable[Small]]


@pytest.fixture
async def opening(database: Database) -> AsyncIterator[Opening]:
    """Founds the office it is given in a database of the test's own and opens it.

    Called without an office it opens another process of the same.
    """
    async with AsyncExitStack() as entered:

        async def one(office: Office | None = None) -> Small:
            if office:
                await found(database.owner_dsn, office)
            return await entered.enter_async_context(opened(database.owner_dsn))

        yield one

"""What every test may ask for: real servers, one of each per worker, and empty databases."""

import asyncio
import contextlib
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import asyncpg
import pytest
from hypothesis import HealthCheck, settings

from queue_service.demo.postgres import Postgres
from queue_service.house import House, close_house, open_house
from queue_service.store import migrate
from tests import servers
from tests.city import City, Served, found, serving, set_clocks

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

T = TypeVar("T")

settings.register_profile(
    "ours",
    deadline=None,
    print_blob=True,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("soak", settings.get_profile("ours"), max_examples=5_000)
settings.load_profile("soak" if os.environ.get("QUEUE_SOAK") else "ours")


@dataclass(frozen=True)
class Database:
    """A migrated database of a test's own."""

    owner_dsn: str

    @property
    def app_dsn(self) -> str:
        """As the application sees it: through the role that owns nothing."""
        return f"{self.owner_dsn}?role=queue_app"


def aside(work: Callable[[], T]) -> T:
    """Run blocking work in a thread: the browser keeps a loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def execute(dsn: str, *statements: str) -> None:
    """Run statements outside of any transaction."""

    async def run() -> None:
        connection = await asyncpg.connect(dsn)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    aside(lambda: asyncio.run(run()))


def beside(dsn: str, name: str) -> str:
    """The DSN of database `name` on the same server."""
    return f"{dsn.partition('?')[0].rpartition('/')[0]}/{name}"


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The owner's DSN of this worker's server, or QUEUE_TEST_DATABASE_URL."""
    given = os.environ.get("QUEUE_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with (
        servers.forgetful(tmp_path_factory.mktemp("postgres")) as folder,
        Postgres(folder / "server", durable=False) as server,
    ):
        yield server.owner_dsn


@pytest.fixture(scope="session")
def template(postgres: str) -> Iterator[str]:
    """Name of a migrated database that nobody is connected to, ready to be copied."""
    name = f"queue_template_{secrets.token_hex(4)}"
    execute(postgres, f'create database "{name}"')
    aside(lambda: migrate.upgrade(beside(postgres, name)))
    yield name
    execute(postgres, f'drop database "{name}" with (force)')


@contextlib.contextmanager
def copied(postgres: str, template: str) -> Iterator[Database]:
    """A copy of the template for as long as the block runs."""
    name = f"queue_test_{secrets.token_hex(6)}"
    execute(postgres, f'create database "{name}" template "{template}" strategy file_copy')
    yield Database(beside(postgres, name))
    execute(postgres, f'drop database "{name}" with (force)')


@pytest.fixture
def database(postgres: str, template: str) -> Iterator[Database]:
    """A fresh database for one test."""
    with copied(postgres, template) as made:
        yield made


@pytest.fixture(scope="module")
def module_database(postgres: str, template: str) -> Iterator[Database]:
    """A fresh database that the tests of one module share."""
    with copied(postgres, template) as made:
        yield made


@pytest.fixture(scope="session")
def founded(postgres: str, template: str) -> Iterator[City]:
    """A database with both offices that nobody is connected to, ready to be copied."""
    with copied(postgres, template) as made:
        yield aside(lambda: found(made.owner_dsn))


@contextlib.contextmanager
def settled(postgres: str, founded: City) -> Iterator[City]:
    """A copy of the founded city; it is 08:30 when the block begins."""
    with copied(postgres, founded.dsn.rpartition("/")[2]) as made:
        city = City(made.owner_dsn, founded.offices)
        aside(lambda: set_clocks(city))
        yield city


@pytest.fixture
def city(postgres: str, founded: City) -> Iterator[City]:
    """Both offices in a database of the test's own."""
    with settled(postgres, founded) as made:
        yield made


@pytest.fixture(scope="module")
def module_city(postgres: str, founded: City) -> Iterator[City]:
    """Both offices, shared by the tests of one module."""
    with settled(postgres, founded) as made:
        yield made


@pytest.fixture
async def house(city: City) -> AsyncIterator[House]:
    """The service without its web layer, in this process."""
    opened = await open_house(city.settings())
    yield opened
    await close_house(opened)


@pytest.fixture(scope="module")
def post() -> Iterator[servers.Letters]:
    """The post office of the module's server."""
    with servers.smtp() as letters:
        yield letters


@pytest.fixture(scope="module")
def served(
    module_city: City, post: servers.Letters, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """The real server, one worker, shared by the tests of one module; letters go to `post`."""
    folder = tmp_path_factory.mktemp("served")
    mail = {"QUEUE_SMTP_HOST": post.host, "QUEUE_SMTP_PORT": str(post.port)}
    with serving(module_city, folder, **mail) as running:
        yield running


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis, empty at the start of the run."""
    with servers.redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def smtp() -> Iterator[servers.Letters]:
    """A real post office with an empty box: ``.host``, ``.port``, ``.received``."""
    with servers.smtp() as letters:
        yield letters


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Chromium, started once; tests in tests/browser open their own contexts."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=servers.find_chromium(), args=list(servers.BROWSER_OPTIONS)
        )
        yield started
        started.close()


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    """A page in a context of its own; the test fails when a script or the CSP complained."""
    with browser.new_context() as context:
        opened = context.new_page()
        complaints: list[str] = []
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.on(
            "console", lambda line: complaints.append(line.text) if line.type == "error" else None
        )
        yield opened
        assert complaints == []

"""Small offices to be ill-treated."""

import asyncio
from collections.abc import Iterator

import pytest

from tests import make
from tests.conftest import Database, aside, copied
from tests.small import found


@pytest.fixture
def roomy(postgres: str, template: str) -> Iterator[Database]:
    """The small office with places for everybody, in a database of the test's own."""
    with copied(postgres, template) as made:
        office = make.office(desks=40, hall=60)
        aside(lambda: asyncio.run(found(made.owner_dsn, office)))
        yield made

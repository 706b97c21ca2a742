"""An office of the served city with everybody in it."""

from collections.abc import Iterator

import pytest

from tests.city import Served
from tests.served import Hall, hall_of


@pytest.fixture(scope="module")
def hall(served: Served) -> Iterator[Hall]:
    """Heidelberg, shared by the tests of one module."""
    with hall_of(served) as made:
        yield made


@pytest.fixture(scope="module")
def stuttgart(served: Served) -> Iterator[Hall]:
    """The other office, of another authority."""
    with hall_of(served, "stuttgart") as made:
        yield made

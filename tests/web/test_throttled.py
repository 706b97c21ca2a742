"""A server that lets an address try only so often: every door that can be guessed at has it."""

from collections.abc import Iterator

import httpx
import pytest

from tests.city import City, serving

TRIES = 3


@pytest.fixture(scope="module")
def url(module_city: City, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("throttled")
    with serving(module_city, folder, QUEUE_HOLDS_PER_MINUTE=f"{TRIES}") as served:
        yield served.url


LOGIN = {"login": "clerk@heidelberg", "password": "wrong"}
DOORS = (
    ("POST", "/api/v1/sessions", LOGIN),
    ("GET", "/api/v1/bookings/23456789", None),
    ("DELETE", "/api/v1/bookings/23456789", None),
    ("POST", "/api/v1/bookings/23456789/move", {"start": "2026-11-25T09:00:00+01:00"}),
    ("GET", "/api/v1/wishes/23456789", None),
    ("GET", "/api/v1/offers/23456789", None),
)


@pytest.mark.parametrize(("number", "door"), tuple(enumerate(DOORS, 2)))
def test_who_guesses_waits(url: str, number: int, door: tuple[str, str, object]) -> None:
    method, path, body = door
    # Every address has a bucket of its own: each door is tried from another one.
    somewhere = httpx.HTTPTransport(local_address=f"127.0.0.{number}")
    with httpx.Client(base_url=url, transport=somewhere, timeout=30) as guesser:
        answers = [guesser.request(method, path, json=body) for _ in range(TRIES + 2)]
    assert answers[-1].status_code == 429
    assert answers[-1].json()["code"] == "too_many"
    assert answers[-1].headers["retry-after"]
    assert [each.status_code for each in answers[:TRIES]].count(429) == 0

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
    ("DELETE", "/api/v1/bookings/23456788", None),
    ("POST", "/api/v1/bookings/23456787/move", {"start": "2026-11-25T09:00:00+01:00"}),
    ("GET", "/api/v1/wishes/23456789", None),
    ("GET", "/api/v1/offers/23456789", None),
)


def somewhere(url: str, address: str) -> httpx.Client:
    """Somebody at that address."""
    transport = httpx.HTTPTransport(local_address=address)
    return httpx.Client(base_url=url, transport=transport, timeout=30)


@pytest.mark.parametrize(("number", "door"), tuple(enumerate(DOORS, 2)))
def test_who_guesses_waits(url: str, number: int, door: tuple[str, str, object]) -> None:
    method, path, body = door
    # Every address has a bucket of its own: each door is tried from another one.
    with somewhere(url, f"127.0.0.{number}") as guesser:
        answers = [guesser.request(method, path, json=body) for _ in range(TRIES + 2)]
    assert answers[-1].status_code == 429
    assert answers[-1].json()["code"] == "too_many"
    assert answers[-1].headers["retry-after"]
    assert [each.status_code for each in answers[:TRIES]].count(429) == 0


def test_factors_of_one_booking_are_counted_from_wherever_they_are_tried(url: str) -> None:
    path, answers = "/api/v1/bookings/34567892", []
    for number in range(TRIES + 1):
        with somewhere(url, f"127.0.1.{number + 1}") as guesser:
            answers.append(guesser.get(path, headers={"Second-Factor": f"{number:06d}"}))
            owner = guesser.get(path, headers={"Authorization": "Bearer some-secret"})
            assert owner.status_code != 429, "the secret of a link is never held up"
    assert [each.status_code == 429 for each in answers] == [False] * TRIES + [True]
    assert int(answers[-1].headers["retry-after"]) > 60

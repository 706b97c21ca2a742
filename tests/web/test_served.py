"""The server of the tests answers, with both offices open."""

import json
import urllib.request

from queue_service.house import House
from tests.city import Served


def test_both_offices_are_there(served: Served) -> None:
    with urllib.request.urlopen(f"{served.url}/api/v1/offices", timeout=60) as answer:
        told = json.load(answer)
    assert [office["office"] for office in told["offices"]] == ["heidelberg", "stuttgart"]


async def test_a_house_opens_beside_it(house: House) -> None:
    assert set(house.follower.offices) == {"heidelberg", "stuttgart"}

"""SMART Scheduling Links: what the public specification requires, told coarsely and late."""

import json
import re
from datetime import datetime
from typing import Any

import httpx

from queue_service.views.coarse import STEPS
from tests.served import Hall, soon

FOLDER = "/.well-known/smart-scheduling/"
KINDS = {"Location", "Schedule", "Slot"}
ID = re.compile(r"[A-Za-z0-9_.]{1,64}")
EXTENSION = "http://fhir-registry.smarthealthit.org/StructureDefinition/"


def manifest(hall: Hall) -> dict[str, Any]:
    answer = soon(
        lambda: hall.anyone.get(FOLDER + "$bulk-publish"), lambda said: said.status_code == 200
    )
    assert answer.headers["content-type"].startswith("application/json")
    found: dict[str, Any] = answer.json()
    return found


def file(hall: Hall, url: str) -> httpx.Response:
    answer = hall.anyone.get(FOLDER + url.rpartition("/")[2])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/fhir+ndjson"
    return answer


def resources(hall: Hall) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for output in manifest(hall)["output"]:
        lines = file(hall, output["url"]).text.splitlines()
        found[output["type"]] = [json.loads(line) for line in lines]
    return found


def test_the_manifest_names_a_file_of_each_kind(hall: Hall) -> None:
    said = manifest(hall)
    assert datetime.fromisoformat(said["transactionTime"]).tzinfo
    assert said["request"].endswith(FOLDER + "$bulk-publish")
    assert said["request"].startswith("http")
    assert {output["type"] for output in said["output"]} == KINDS
    assert all(output["url"].startswith("http") for output in said["output"])
    assert said["error"] == []


def test_locations_schedules_and_slots_have_every_required_field_and_refer_to_each_other(
    hall: Hall,
) -> None:
    found = resources(hall)
    for kind, each in found.items():
        assert each
        assert all(one["resourceType"] == kind and ID.fullmatch(one["id"]) for one in each)
        assert len({one["id"] for one in each}) == len(each)
    for place in found["Location"]:
        assert place["name"]
        assert {"system", "value"} <= set(place["telecom"][0])
        assert place["telecom"][0]["system"] == "phone"
        assert {"line", "city", "state", "postalCode"} <= set(place["address"])
        assert place["identifier"][0]["value"].isdigit()
    places = {f"Location/{place['id']}" for place in found["Location"]}
    for schedule in found["Schedule"]:
        assert [actor["reference"] in places for actor in schedule["actor"]] == [True]
        coding = schedule["serviceType"][0]["coding"]
        assert all({"system", "code"} <= set(code) for code in coding)
    schedules = {f"Schedule/{schedule['id']}" for schedule in found["Schedule"]}
    for slot in found["Slot"]:
        assert slot["schedule"]["reference"] in schedules
        assert slot["status"] in {"free", "busy"}
        start, end = datetime.fromisoformat(slot["start"]), datetime.fromisoformat(slot["end"])
        assert start.tzinfo
        assert start < end
        extensions = {each["url"]: each for each in slot["extension"]}
        assert extensions[EXTENSION + "booking-deep-link"]["valueUrl"].startswith("http")
        capacity = extensions.get(EXTENSION + "slot-capacity")
        assert (capacity is not None) == (slot["status"] == "free")
        assert capacity is None or capacity["valueInteger"] in STEPS


def test_a_deep_link_leads_to_the_times_of_its_day(hall: Hall) -> None:
    slot = next(s for s in resources(hall)["Slot"] if s["status"] == "free")
    link = httpx.URL(slot["extension"][0]["valueUrl"])
    shown = hall.anyone.get(link.raw_path.decode(), follow_redirects=True)
    assert shown.status_code == 200
    assert "<h1" in shown.text


def test_what_is_published_does_not_move_with_a_hold_and_costs_nothing_twice(hall: Hall) -> None:
    [url] = [o["url"] for o in manifest(hall)["output"] if o["type"] == "Slot"]
    before = file(hall, url)
    hall.hold("PICK")
    again = hall.anyone.get(
        FOLDER + url.rpartition("/")[2], headers={"If-None-Match": before.headers["etag"]}
    )
    assert again.status_code == 304
    assert "max-age" in again.headers["cache-control"]

"""What the table ``[expecting]`` must fulfil."""

from collections.abc import Iterator

from queue_service.model.office import Office
from queue_service.offices.reading import Found

MOST_A_DAY = 5_000


def expecting_faults(office: Office) -> Iterator[Found]:
    """Every broken rule of whom the office expects."""
    share = office.expecting.show_percent
    if not 1 <= share <= 100:
        yield Found("expecting.show_percent", share, "must be 1 to 100")
    known, met = {service.code for service in office.services}, set[str]()
    for number, each in enumerate(office.expecting.walk_ins, 1):
        key = f"expecting.walk_ins[{number}]"
        if each.service not in known:
            yield Found(f"{key}.service", each.service, "is no service of this office")
        if each.service in met:
            yield Found(f"{key}.service", each.service, "stands here twice")
        met.add(each.service)
        if not 0 <= each.a_day <= MOST_A_DAY:
            yield Found(f"{key}.a_day", each.a_day, f"must be 0 to {MOST_A_DAY}")
        weights = each.by_hour
        if any(weight < 0 for weight in weights) or (weights and not sum(weights)):
            yield Found(f"{key}.by_hour", list(weights), "must be weights of 0 or more, not all 0")

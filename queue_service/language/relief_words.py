"""What surge rules ask of those in the hall, as sentences for desks and guides."""

from datetime import datetime

from queue_service.language.catalogues import catalogue
from queue_service.language.formats import clock
from queue_service.model.office import Office
from queue_service.model.relief import Help


def notices(office: Office, now: datetime, language: str) -> tuple[str, ...]:
    """What is wanted now or soon, one sentence each; nothing on a usual day."""
    t, zone, relief = catalogue(language), office.tz, office.relief
    found = []
    for each in relief.called:
        if now >= each.until:
            continue
        since, until = (clock(at.astimezone(zone)) for at in (each.since, each.until))
        if each.what is Help.COUNTERS:
            many = t.plural(
                "Please open {n} counter more", "Please open {n} counters more", each.many
            )
            found.append(t("{wish}, from {since} to {until}.", wish=many, since=since, until=until))
        else:
            many = t.plural("{n} guide is wanted", "{n} guides are wanted", each.many)
            found.append(t("{wish} in the hall until {until}.", wish=many, until=until))
    stopped = relief.stopped_until(now)
    if stopped is not None:
        until = clock(stopped.astimezone(zone))
        said = t("No numbers without appointment until {until}; the others go on.", until=until)
        found.append(said)
    return tuple(found)

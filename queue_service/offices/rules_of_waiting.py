"""What the table ``[waiting]`` must fulfil."""

from collections.abc import Iterator

from queue_service.model.office import Office
from queue_service.offices.reading import Found

LONGEST_NOTICE_DAYS = 14


def waiting_faults(office: Office) -> Iterator[Found]:
    """Every broken rule of the waiting list of `office`."""
    rules, most = office.waiting, LONGEST_NOTICE_DAYS * 24 * 60
    if not 1 <= rules.share_percent <= 50:
        reason = "must be 1 to 50: a share of the time to the appointment"
        yield Found("waiting.share_percent", rules.share_percent, reason)
    if not 1 <= rules.least_minutes <= rules.most_minutes:
        reason = f"must be 1 to most_minutes {rules.most_minutes}"
        yield Found("waiting.least_minutes", rules.least_minutes, reason)
    if not 0 <= rules.fill_minutes <= most:
        yield Found("waiting.fill_minutes", rules.fill_minutes, f"must be 0 to {most}")
    if rules.lapses_most < 1:
        yield Found("waiting.lapses_most", rules.lapses_most, "must be at least 1")
    known = {service.code for service in office.services}
    for number, fill in enumerate(rules.fill, 1):
        key = f"waiting.fill[{number}]"
        if fill.service not in known:
            yield Found(f"{key}.service", fill.service, "is no service of this office")
        if not 0 <= fill.minutes <= most:
            yield Found(f"{key}.minutes", fill.minutes, f"must be 0 to {most}")

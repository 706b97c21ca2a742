"""What steps and stations must fulfil: each step of each service has a counter that does it."""

from collections import Counter as Tally
from collections.abc import Collection, Iterable, Iterator

from queue_service.model.office import Counter, Office, Service
from queue_service.offices.reading import Found


def step_faults(
    office: Office, faulty: Collection[str], codes: Collection[str] | None
) -> Iterator[Found]:
    """Every fault of steps and fallbacks.

    Keeps silent about counters for a step while the counters are `faulty`; `codes` are all
    services, None while one has no code.
    """
    for service in office.services:
        yield from _of_service(office, service, counters_known="counters" not in faulty)
    for counter in office.counters:
        yield from _of_counter(counter, codes)


def _of_service(office: Office, service: Service, *, counters_known: bool) -> Iterator[Found]:
    key = f"services.{service.code}.steps"
    if not service.steps:
        yield Found(key, service.steps, "must not be empty: a visit could never end")
    yield from _twice(key, service.steps)
    skilled = [c for c in office.counters if service.code in c.skills]
    if not counters_known or not skilled:
        return
    for step in dict.fromkeys(service.steps):
        if not any(step in counter.steps for counter in skilled):
            yield Found(key, step, f"is done by no counter that has {service.code} in its skills")


def _of_counter(counter: Counter, codes: Collection[str] | None) -> Iterator[Found]:
    key = f"counters.{counter.key}"
    if not counter.steps:
        yield Found(f"{key}.steps", counter.steps, "must not be empty: nothing would be done here")
    yield from _twice(f"{key}.steps", counter.steps)
    yield from _twice(f"{key}.fallback", counter.fallback)
    for code in counter.fallback:
        if codes is not None and code not in codes:
            yield Found(f"{key}.fallback", code, "is no service of this office")
        if code in counter.skills:
            yield Found(f"{key}.fallback", code, "is among its skills already")


def _twice(key: str, said: Iterable[str]) -> Iterator[Found]:
    for value, times in Tally(said).items():
        if times > 1:
            yield Found(key, value, f"stands there {times} times")

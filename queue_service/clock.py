"""The only reader of the time besides the turn's locking statement."""

from datetime import UTC, datetime

from queue_service.model.office import Office, OfficeClock


def real_now() -> datetime:
    """The real instant, UTC; for patience of processes, never for decisions of an office."""
    return datetime.now(UTC)


def office_now(clock: OfficeClock, office: Office) -> datetime:
    """What the clock on the office's wall shows now, in the office's zone."""
    return clock.at(real_now()).astimezone(office.tz)

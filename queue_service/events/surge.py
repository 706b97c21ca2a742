"""What surge rules decided and what people said to it; values and codes, never a name or a text.

Outcomes and reasons are plain codes here; their words are made in `language`.
"""

from datetime import datetime

import msgspec

from queue_service.events.entry import Fact


class Measured(msgspec.Struct, frozen=True, omit_defaults=True):
    """The metric against its threshold, and how long both clocks still run."""

    metric: str = ""
    value: float = 0
    threshold: float = 0
    clear: float = 0
    held_minutes: int = 0
    hold_minutes: int = 0
    cooldown_left_minutes: int = 0
    fired_today: int = 0
    need: str = ""
    """Need class that is measured; empty for everybody."""
    known: bool = True
    """False where the metric could not be told: `value` then says nothing."""


class Measure(msgspec.Struct, frozen=True, omit_defaults=True):
    """One action as it was worked out: what changes where, and for how long."""

    action: str
    subject: str = ""
    """Key of a limit or code of a service."""
    desks: int = 0
    first: datetime | None = None
    last: datetime | None = None
    days: int = 0
    """Days on which something changes."""
    places: int = 0
    """Places more on its fullest day; of a setting, its new value."""
    wave: int = 1


class SurgeFact(Fact, frozen=True):
    """What every entry about a rule says."""

    rule: str = ""
    on: int = 0
    """Number of the rule's entry this one answers; others are overtaken and change nothing."""


class SurgeDecided(SurgeFact, frozen=True, tag="surge_decided"):
    """What a look at a rule came to, with the values it rests on."""

    outcome: str = ""
    reason: str = ""
    measured: Measured = Measured()
    measures: tuple[Measure, ...] = ()
    wave: int = 0
    ends: datetime | None = None
    places_before: int = 0
    places_after: int = 0
    """Places of the limit on its fullest day, before and with all waves."""
    days_to_clear: int = 0
    """Working days until the metric is back below its way back, at the new number of places."""


class SurgeApproved(SurgeFact, frozen=True, tag="surge_approved"):
    """Somebody agreed; with `complete` the rule runs from now on, as planned at that moment."""

    complete: bool = True
    ends: datetime | None = None
    measures: tuple[Measure, ...] = ()
    places_before: int = 0
    places_after: int = 0


class SurgeDeclined(SurgeFact, frozen=True, tag="surge_declined"):
    """Somebody said no; the cool-down begins."""


class SurgeOverridden(SurgeFact, frozen=True, tag="surge_overridden"):
    """A manager began a rule by hand, suggested it to a second person, paused it, let it go on."""

    act: str = ""
    """start · suggest · pause · resume."""
    reason: str = ""
    until: datetime | None = None
    ends: datetime | None = None
    measures: tuple[Measure, ...] = ()
    places_before: int = 0
    places_after: int = 0
    ahead: bool = False
    """Begun or suggested before the metric was past the trigger."""


class SurgeEnded(SurgeFact, frozen=True, tag="surge_ended"):
    """A running rule is over and everything it did is taken back."""

    why: str = ""
    """over · cleared · by_hand."""
    measured: Measured = Measured()

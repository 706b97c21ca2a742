"""What can happen to residence cards; no number and no hash of one, only how many."""

from collections.abc import Mapping

from queue_service.events.entry import Fact


class CardsRecorded(Fact, frozen=True, tag="cards_recorded"):
    """The office said of so many cards that they stand in these states now."""

    states: Mapping[str, int] = {}

"""Sentences for rows of a card list that were not taken."""

from queue_service.language.catalogues import Catalogue, mark
from queue_service.language.formats import span
from queue_service.model.card import Doubt, Why

_SENTENCES: dict[Why, str] = {
    Why.EMPTY: mark("The file is empty: its first line must name the columns."),
    Why.UNREADABLE: mark("This cannot be read as CSV: {said}"),
    Why.NO_COLUMNS: mark("There is no column {said}; the first line must name all three."),
    Why.TOO_MANY_DOUBTS: mark("{said} rows could not be taken: nothing below was looked at."),
    Why.TOO_MANY: mark("More than {said} rows: please send several files."),
    Why.TOO_SHORT: mark("Only {said} columns."),
    Why.SERIAL: mark("The number needs 4 to 40 letters and digits."),
    Why.STATE: mark("We do not know the state {said}."),
    Why.DATE: mark("{said} is no date such as {one} or {other}."),
    Why.NOT_YET: mark("{said} is still to come: is the year mistyped?"),
    Why.BOOKED: mark("The card has an appointment; cancel it before the card is marked {said}."),
    Why.NO_WAY: mark("This state cannot follow: {said}."),
    Why.NOT_SETTLED: mark("Not taken just now ({said}): please send the list again."),
}
_DATES = {"one": "24.12.2026", "other": "2026-12-24"}


def doubt_in_words(t: Catalogue, doubt: Doubt) -> str:
    """Why the row was not taken, in the language of `t`."""
    said = {"said": doubt.said}
    if doubt.why is Why.DATE:
        # Isolated: right-to-left text would turn days and years round.
        said |= {name: span(day, day, t.language) for name, day in _DATES.items()}
    if doubt.why is Why.NOT_YET:
        said = {"said": span(doubt.said, doubt.said, t.language)}
    return t(_SENTENCES[doubt.why], **said)

"""Catalogues, formats and sentences: the only place that turns a code into words.

How every module says something visible::

    from queue_service.language import catalogue

    t = catalogue("ar")                                  # a Catalogue; also named `_` in templates
    t("Welcome")                                         # plain text
    t("Free for you until {time}", time="14:35")         # placeholders are str.format fields
    t.plural("{n} person", "{n} persons", n)             # `n` is filled in by itself
    t.html("Ticket {number}", number="A417")             # Markup, values in <bdi>
    t.html_plural("{n} person", "{n} persons", n)

Templates get the same object as `t` and `_`: ``{{ _("Continue") }}``. The English sentence is the
msgid. A sentence kept in a table is marked with `mark("…")` so that it is found. After adding
sentences run ``python -m queue_service.language.update`` and translate what it names.
"""

from queue_service.language.catalogues import (
    LANGUAGES,
    Catalogue,
    catalogue,
    direction,
    mark,
    negotiate,
    own_name,
    pick,
    tag,
)
from queue_service.language.formats import clock, day_long, day_short, money, span
from queue_service.language.refusals import Sentence, sentence
from queue_service.language.words import (
    about_minutes,
    instruction,
    service_day,
    visit_state,
    why_next,
)

__all__ = [
    "LANGUAGES",
    "Catalogue",
    "Sentence",
    "about_minutes",
    "catalogue",
    "clock",
    "day_long",
    "day_short",
    "direction",
    "instruction",
    "mark",
    "money",
    "negotiate",
    "own_name",
    "pick",
    "sentence",
    "service_day",
    "span",
    "tag",
    "visit_state",
    "why_next",
]

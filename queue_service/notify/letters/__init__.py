"""Writes letters: facts in, words, calendar entry and picture out; sends and reads nothing.

    letter = write(Purpose.CONFIRMATION, facts, "ar")

Subject, calendar entry and file names say only "appointment": what somebody comes for stands in
the body alone, which only the recipient opens.
"""

from queue_service.notify.letters.body import because
from queue_service.notify.letters.card import CardFacts
from queue_service.notify.letters.code import qr_link, qr_png, signed_link
from queue_service.notify.letters.event import Method, calendar
from queue_service.notify.letters.facts import Facts, Letter, one_line
from queue_service.notify.letters.waiting import ListFacts
from queue_service.notify.letters.writing import write, write_of_card, write_to_list

__all__ = [
    "CardFacts",
    "Facts",
    "Letter",
    "ListFacts",
    "Method",
    "because",
    "calendar",
    "one_line",
    "qr_link",
    "qr_png",
    "signed_link",
    "write",
    "write_of_card",
    "write_to_list",
]

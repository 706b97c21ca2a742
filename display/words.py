"""What the lobby screen says besides numbers: German first, the same sentence in each language."""

from queue_service.language import LANGUAGES, catalogue, mark

IDLE = mark("Please take a seat. Your number will appear here.")
INSTRUCTIONS = (
    mark("Please watch for your number."),
    mark("Then go to the counter beside it."),
    mark("Questions? Ask at the entrance."),
)
"""Short: each must fit into one line that is read from the last row."""
WATCH_STAFF = mark("The screen is not up to date. Please watch the staff.")


def in_all(sentence: str, languages: tuple[str, ...]) -> list[tuple[str, str]]:
    """`sentence` in each of `languages` that has a catalogue, as (language, text)."""
    spoken = [code for code in languages if code in LANGUAGES] or [LANGUAGES[0]]
    texts: dict[str, str] = {}
    for code in spoken:  # Easy German is often German: nobody waits for the same sentence twice
        texts.setdefault(catalogue(code)(sentence), code)
    return [(code, text) for text, code in texts.items()]


def instructions(languages: tuple[str, ...]) -> list[tuple[str, str]]:
    """The instructions of the footer in the order they are shown: one sentence, one language."""
    return [pair for sentence in INSTRUCTIONS for pair in in_all(sentence, languages)]


def longest() -> int:
    """Characters of the longest instruction in any language: the footer's type is made to fit."""
    return max(len(text) for _, text in instructions(LANGUAGES))

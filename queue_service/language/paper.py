"""What stands in one row about somebody's visit: services, language, what to fetch or ask for."""

from collections.abc import Sequence

from babel import Locale, UnknownLocaleError

from queue_service.language.catalogues import catalogue, pick
from queue_service.model.booking import Part
from queue_service.model.office import Office


def part_words(part: Part, office: Office, language: str, *, persons: bool = True) -> str:
    """A service, with the number of persons where it is not one and `persons` are wanted."""
    service = office.service(part.service)
    name = pick(service.name, language)[0] if service else part.service
    if part.persons == 1 or not persons:
        return name
    t = catalogue(language)
    return f"{name} · {t.plural('{n} person', '{n} persons', part.persons)}"


def spoken_in(language: str, shown_in: str) -> str:
    """Name of the visitor's language in the reader's."""
    try:
        found = Locale.parse(language.replace("-", "_").partition("_simple")[0])
    except (UnknownLocaleError, ValueError):
        return language
    return found.get_display_name(shown_in.partition("_simple")[0]) or language


def row_notes(
    parts: Sequence[Part],
    flags: Sequence[str],
    office: Office,
    language: str,
    *,
    fetch: bool = True,
) -> list[str]:
    """What to `fetch` before the call, and what the answers of the booking mean for the papers."""
    notes: list[str] = []
    for part in parts:
        service = office.service(part.service)
        if service is None:
            continue
        if fetch and service.fetch:
            notes.append(pick(service.fetch, language)[0])
        notes += [pick(f.text, language)[0] for f in service.flags if f.key in flags]
    return list(dict.fromkeys(notes))

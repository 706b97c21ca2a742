"""Catalogues: English sentences in, sentences of a language out; who speaks which language.

The `.po` files are compiled in memory at the first use, so no binary file is kept. A sentence
without translation stays English; the tests see to it that there is none.
"""

import io
from functools import cache
from gettext import GNUTranslations
from importlib import resources

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from markupsafe import Markup, escape

LANGUAGES: tuple[str, ...] = ("de", "de_simple", "en", "uk", "ar", "tr", "ru", "fr")
"""Languages with a catalogue, German first: it stands in for every other."""

LOCALES = {
    "de": "de_DE",
    "de_simple": "de_DE",
    "en": "en_GB",
    "uk": "uk",
    "ar": "ar",
    "tr": "tr",
    "ru": "ru",
    "fr": "fr",
}
"""Which CLDR locale speaks for a language: British dates, 24 hours."""

_OWN_NAMES = {
    "de": "Deutsch",
    "de_simple": "Deutsch (einfach)",
    "en": "English",
    "uk": "Українська",
    "ar": "العربية",
    "tr": "Türkçe",
    "ru": "Русский",
    "fr": "Français",
}


def mark(msgid: str) -> str:
    """Mark a sentence in a table so that `update` finds it; returns it unchanged."""
    return msgid


class Catalogue:
    """The sentences of one language."""

    def __init__(self, language: str, translations: GNUTranslations) -> None:
        self.language = language
        self.direction = direction(language)
        self._translations = translations

    def __call__(self, msgid: str, /, **values: object) -> str:
        """The sentence as plain text, its placeholders filled."""
        text = self._translations.gettext(msgid) if msgid else ""
        return text.format(**values) if values else text

    def plural(self, one: str, many: str, n: int, /, **values: object) -> str:
        """The form of the sentence for `n`, which also fills ``{n}``."""
        return self._translations.ngettext(one, many, n).format(n=n, **values)

    def html(self, msgid: str, /, **values: object) -> Markup:
        """The sentence as HTML: text escaped, every value isolated in ``<bdi>``."""
        text = self._translations.gettext(msgid) if msgid else ""
        return _isolated(text, values)

    def html_plural(self, one: str, many: str, n: int, /, **values: object) -> Markup:
        """As `plural`, as HTML."""
        return _isolated(self._translations.ngettext(one, many, n), {"n": n, **values})


def _isolated(text: str, values: dict[str, object]) -> Markup:
    marked = {name: isolate(value) for name, value in values.items()}
    return escape(text).format(**marked)


def isolate(value: object) -> Markup:
    """`value` in ``<bdi>``; what holds digits but no letters keeps its left-to-right order."""
    if isinstance(value, Markup):
        return value
    text = str(value)
    numeric = any(c.isdigit() for c in text) and not any(c.isalpha() for c in text)
    return (Markup('<bdi dir="ltr">{}</bdi>') if numeric else Markup("<bdi>{}</bdi>")).format(text)


@cache
def catalogue(language: str) -> Catalogue:
    """The catalogue of `language`; German for a language without one."""
    if language not in LANGUAGES:
        return catalogue(LANGUAGES[0])
    folder = resources.files("queue_service.language") / "locale" / language / "LC_MESSAGES"
    with (folder / "messages.po").open("rb") as file:
        read = read_po(file, locale=LOCALES[language])
    binary = io.BytesIO()
    write_mo(binary, read)
    binary.seek(0)
    return Catalogue(language, GNUTranslations(binary))


@cache
def direction(language: str) -> str:
    """``rtl`` or ``ltr``, ready for the attribute `dir`."""
    try:
        return Locale.parse(LOCALES.get(language, language.replace("-", "_"))).text_direction
    except (ValueError, LookupError):
        return "ltr"


def tag(language: str) -> str:
    """The language as HTML and letters name it (BCP 47): Easy German is German to a voice."""
    return language.partition("_simple")[0].replace("_", "-")


def own_name(language: str) -> str:
    """The language's name in itself; the code where nobody knows it."""
    if language in _OWN_NAMES:
        return _OWN_NAMES[language]
    try:
        return Locale.parse(language.replace("-", "_")).display_name or language
    except (ValueError, LookupError):
        return language


def pick(texts: dict[str, str], language: str) -> tuple[str, str]:
    """A configured text and the language it is in: the wanted one, else German, else any."""
    for code in (language, LANGUAGES[0]):
        if texts.get(code):
            return texts[code], code
    return next(((text, code) for code, text in texts.items() if text), ("", language))


def negotiate(accept_language: str, offered: tuple[str, ...] = LANGUAGES) -> str:
    """The offered language the browser likes best; the first offered when it likes none."""
    wishes: list[tuple[float, int, str]] = []
    for place, part in enumerate(accept_language[:500].split(",")):
        wish, _, parameters = part.strip().partition(";")
        wishes.append((-_quality(parameters), place, wish.strip().lower()))
    for quality, _, wish in sorted(wishes):
        if quality == 0:
            continue
        for asked in (wish.replace("-", "_"), wish.partition("-")[0]):
            for code in offered:
                if asked == code.lower():
                    return code
    return offered[0]


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0

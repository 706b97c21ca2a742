"""Every sentence exists in every language, complete and in the right number of forms."""

import re
from datetime import date, time
from functools import cache
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.plurals import get_plural

from queue_service.events.floor import WhyNext
from queue_service.language import (
    LANGUAGES,
    catalogue,
    clock,
    day_long,
    direction,
    instruction,
    money,
    negotiate,
    pick,
    sentence,
    service_day,
    span,
    tag,
    update,
    visit_state,
    why_next,
)
from queue_service.language.catalogues import LOCALES, own_name
from queue_service.language.paper import spoken_in
from queue_service.language.refusals import SENTENCES
from queue_service.model.refusal import Code, Refusal
from queue_service.model.visit import VisitState

TRANSLATED = [code for code in LANGUAGES if code != "en"]


@pytest.fixture(scope="module", params=LANGUAGES)
def stored(request: pytest.FixtureRequest) -> tuple[str, Catalog]:
    return request.param, update.read(request.param)


@cache
def said_somewhere() -> set[str]:
    return {message if isinstance(message, str) else message[0] for message in update.messages()}


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_every_sentence_that_is_said_is_in_every_catalogue(stored: tuple[str, Catalog]) -> None:
    _, catalog = stored
    known = {m.id if isinstance(m.id, str) else m.id[0] for m in catalog if m.id}
    assert said_somewhere() - known == set(), "run python -m queue_service.language.update"


def test_no_sentence_waits_for_its_translation(stored: tuple[str, Catalog]) -> None:
    _, catalog = stored
    assert update.missing(catalog) == []


def accusatives(text: str) -> int:
    return text.count("ًا") + text.count("اً")


def test_each_plural_has_as_many_forms_as_the_language(stored: tuple[str, Catalog]) -> None:
    language, catalog = stored
    forms = get_plural(LOCALES[language])
    assert (catalog.num_plurals, catalog.plural_expr) == (forms.num_plurals, forms.plural_expr)
    for message in catalog:
        if not isinstance(message.id, str):
            assert len(message.string) == forms.num_plurals, message.id
            if language == "ar":
                # Eleven to ninety-nine (the last form) take the accusative, a hundred does not.
                hundred, many = message.string[4:]
                assert accusatives(hundred) <= accusatives(many), message.id


def test_translations_keep_every_placeholder(stored: tuple[str, Catalog]) -> None:
    _, catalog = stored
    for message in catalog:
        if not message.id:
            continue
        if isinstance(message.id, str):
            assert fields(message.string) == fields(message.id), message.id
            continue
        needed = fields(message.id[1])
        for text in message.string:
            # A form for exactly one number may say it in a word: "two persons".
            assert needed - {"n"} <= fields(text) <= needed, message.id
        assert fields(message.string[-1]) == needed, message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_are_not_the_english_sentence(language: str) -> None:
    same = {"Code", "PIN", "E-mail", "{n} min"}
    for message in update.read(language):
        if message.id and isinstance(message.id, str) and message.id not in same:
            assert message.string != message.id or len(message.id) < 12, message.id


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", list(Code))
def test_every_refusal_says_what_why_and_what_now(code: Code, language: str) -> None:
    said = sentence(Refusal(code), language)
    assert all(said)
    assert len(set(said)) == 3


def test_the_table_of_refusals_has_no_code_too_many() -> None:
    assert set(SENTENCES) == set(Code)


@pytest.mark.parametrize("language", LANGUAGES)
def test_whoever_is_too_fast_reads_for_how_long(language: str) -> None:
    said = [
        sentence(Refusal(Code.TOO_MANY, {"retry_after_seconds": seconds}), language).next_step
        for seconds in (60, 180, 600, 601)
    ]
    assert said[0] == sentence(Refusal(Code.TOO_MANY), language).next_step
    assert [re.findall(r"\d+", each) for each in said[1:]] == [["3"], ["10"], ["11"]]


@pytest.mark.parametrize("data", [{}, {"fields": ["name", 7]}, {"field": None}, {"fields": "name"}])
def test_a_refusal_with_odd_data_still_has_a_sentence(data: dict[str, object]) -> None:
    assert all(sentence(Refusal(Code.INVALID, data), "ar"))


def test_a_missing_field_is_named() -> None:
    said = sentence(Refusal(Code.FIELD_REQUIRED, {"fields": ["email", "phone"]}), "de")
    assert "E-Mail, Telefon" in said.detail


@pytest.mark.parametrize(
    ("n", "form"),
    [(1, "شخص واحد"), (2, "شخصان"), (3, "3 أشخاص"), (11, "11 شخصًا"), (100, "100 شخص")],
)
def test_arabic_counts_people_in_its_own_forms(n: int, form: str) -> None:
    assert form in catalogue("ar").plural("{n} person", "{n} persons", n)


@pytest.mark.parametrize(
    ("n", "form"),
    [
        (1, "1 особа"),
        (3, "3 особи"),
        (5, "5 осіб"),
        (11, "11 осіб"),
        (21, "21 особа"),
        (22, "22 особи"),
        (112, "112 осіб"),
    ],
)
def test_ukrainian_counts_people_in_its_three_forms(n: int, form: str) -> None:
    assert catalogue("uk").plural("{n} person", "{n} persons", n) == form


def test_directions_and_tags_are_those_of_the_script_and_of_html() -> None:
    assert {code for code in LANGUAGES if direction(code) == "rtl"} == {"ar", "fa"} & {*LANGUAGES}
    assert [tag(code) for code in LANGUAGES] == [
        "de" if code == "de_simple" else code for code in LANGUAGES
    ]
    assert len({own_name(code) for code in LANGUAGES}) == len(LANGUAGES)


def easy() -> list[str]:
    """What Easy German says in other words than German."""
    german = {message.id: message.string for message in update.read("de")}
    found = []
    for message in update.read("de_simple"):
        if message.id and message.string != german[message.id]:
            forms = message.string if isinstance(message.string, tuple) else (message.string,)
            found += forms
    return found


def test_easy_german_is_said_in_short_sentences_of_one_idea() -> None:
    texts = easy()
    assert len(texts) > 300
    for text in texts:
        assert ";" not in text, text
        for part in re.split(r"(?<=[.!?:])\s", text):
            assert len(part.split()) <= 12, part
        assert not re.search(r"\b(du|dich|dir|dein\w*)\b", text.lower()), text
    assert catalogue("de_simple")("Please sign in") == catalogue("de")("Please sign in")


def test_a_configured_text_in_easy_german_is_used_and_german_stands_in_for_it() -> None:
    assert pick({"de": "Gebühr", "de_simple": "Kosten"}, "de_simple") == ("Kosten", "de_simple")
    assert pick({"de": "Gebühr", "en": "Fee"}, "de_simple") == ("Gebühr", "de")


@pytest.mark.parametrize("language", LANGUAGES)
def test_digits_are_latin_in_every_language(language: str) -> None:
    shown = [
        day_long(date(2026, 12, 3), language),
        clock(time(8, 5)),
        money(2760, language),
        span(15, 25, language),
    ]
    digits = {sign for text in shown for sign in text if sign.isdigit()}
    assert digits <= set("0123456789")
    assert "€" in shown[2]
    assert "08:05" in shown


def test_a_range_reads_from_small_to_large_in_right_to_left_text() -> None:
    assert span(15, 25, "ar") == "\u206615–25\u2069"
    assert span(15, 25, "de") == "15–25"
    assert span(5, 5, "de") == "5"


def test_values_in_html_are_escaped_and_isolated() -> None:
    t = catalogue("de")
    html = t.html("Number {number}", number="<b>A417</b>")
    assert str(html) == "Nummer <bdi>&lt;b&gt;A417&lt;/b&gt;</bdi>"
    assert '<bdi dir="ltr">3</bdi>' in t.html_plural("{n} person", "{n} persons", 3)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("ar-SY,ar;q=0.9,en;q=0.8", "ar"),
        ("en-US,en;q=0.9", "en"),
        ("uk-UA,uk;q=0.9,ru;q=0.8", "uk"),
        ("de-AT,de;q=0.9", "de"),
        ("de-simple,de;q=0.9", "de_simple"),
        ("nl;q=0.9, en;q=0.2", "en"),
        ("zh,nl", "de"),
        ("tr-TR,tr;q=0.9,de;q=0.8", "tr"),
        ("de;q=0, en;q=0.1", "en"),
        ("", "de"),
        (";;;q=x,,\0", "de"),
        ("a" * 40_000, "de"),
    ],
)
def test_the_browser_is_given_the_language_it_likes_best(header: str, language: str) -> None:
    assert negotiate(header) == language


def test_a_language_without_catalogue_speaks_german_but_keeps_its_direction() -> None:
    assert catalogue("ckb")("Back") == "Zurück"
    assert direction("ckb") == "rtl"
    assert pick({"de": "Gebühr", "en": "Fee"}, "ckb") == ("Gebühr", "de")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "code", ["emergency_floor", "longest_share_of_target", "by_number", "only_one", "newer"]
)
def test_why_somebody_is_next_is_one_sentence(code: str, language: str) -> None:
    assert why_next(WhyNext(code, waited_minutes=17, target_minutes=20), language)


def test_who_was_passed_is_said_too() -> None:
    said = why_next(WhyNext("longest_share_of_target", 17, 20, ahead_passed=2), "en")
    assert said == "Waited 17 of 20 min promised. 2 persons who came earlier wait on."


@pytest.mark.parametrize("language", LANGUAGES)
def test_states_and_instructions_have_words(language: str) -> None:
    assert all(visit_state(state, language) for state in VisitState)
    assert all(service_day(s, language) for s in ("free", "held", "taken", "closed", "not_yet"))
    assert instruction("a code of a newer process", language)


@pytest.mark.parametrize("shown_in", [code for code in LANGUAGES if tag(code) != "de"])
def test_whoever_reads_easy_german_is_told_apart_from_whoever_reads_german(shown_in: str) -> None:
    easy, german = spoken_in("de_simple", shown_in), spoken_in("de", shown_in)
    assert german in easy
    assert easy != german

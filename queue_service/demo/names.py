"""Invented people for the demo, in the scripts that real front desks meet; nobody here exists."""

from datetime import date, timedelta
from random import Random

import msgspec

OLDEST = date(1950, 1, 1)
YOUNGEST = date(2007, 12, 31)

# Given names and family names by language of the person, with the spelling for the mail address.
_PEOPLE: dict[str, tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]] = {
    "ar": (
        (("أحمد", "ahmad"), ("فاطمة", "fatima"), ("يوسف", "yusuf"), ("مريم", "maryam")),
        (("الحسن", "alhasan"), ("خليل", "khalil"), ("منصور", "mansour"), ("حداد", "haddad")),
    ),
    "uk": (
        (("Олена", "olena"), ("Андрій", "andrij"), ("Ірина", "iryna"), ("Тарас", "taras")),
        (("Шевчук", "shevchuk"), ("Коваленко", "kovalenko"), ("Бондар", "bondar")),
    ),
    "fa": (
        (("زهرا", "zahra"), ("رضا", "reza"), ("نرگس", "narges"), ("امید", "omid")),
        (("رضایی", "rezaei"), ("کریمی", "karimi"), ("احمدی", "ahmadi")),
    ),
    "zh": (
        (("伟", "wei"), ("静", "jing"), ("明", "ming")),
        (("王", "wang"), ("李", "li"), ("张", "zhang")),
    ),
    "tr": (
        (("Ayşe", "ayse"), ("Mehmet", "mehmet"), ("Çiğdem", "cigdem"), ("Ömer", "oemer")),
        (("Yılmaz", "yilmaz"), ("Şahin", "sahin"), ("Öztürk", "oeztuerk")),
    ),
    "sr": (
        (("Јелена", "jelena"), ("Никола", "nikola"), ("Милица", "milica")),
        (("Јовановић", "jovanovic"), ("Петровић", "petrovic")),
    ),
    "hi": (
        (("प्रिया", "priya"), ("राहुल", "rahul"), ("अनिल", "anil")),
        (("शर्मा", "sharma"), ("पटेल", "patel"), ("सिंह", "singh")),
    ),
    "ru": (
        (("Ольга", "olga"), ("Дмитрий", "dmitrij"), ("Светлана", "svetlana")),
        (("Иванова", "ivanova"), ("Соколов", "sokolov"), ("Новак", "novak")),
    ),
    "fr": (
        (("Aïcha", "aicha"), ("Moussa", "moussa"), ("Inès", "ines"), ("Olivier", "olivier")),
        (("Diallo", "diallo"), ("Traoré", "traore"), ("Benali", "benali")),
    ),
    "en": (
        (("Grace", "grace"), ("Samuel", "samuel"), ("Chioma", "chioma"), ("Liam", "liam")),
        (("Okafor", "okafor"), ("Mensah", "mensah"), ("Nguyễn", "nguyen"), ("Silva", "silva")),
    ),
}
_SHARES = {
    "ar": 22,
    "uk": 20,
    "en": 14,
    "tr": 12,
    "fa": 9,
    "hi": 9,
    "zh": 8,
    "ru": 7,
    "sr": 6,
    "fr": 5,
}


class Somebody(msgspec.Struct, frozen=True):
    """What a person would type into the form."""

    name: str
    email: str
    phone: str
    birth_date: date
    document: str
    language: str
    """The offered language the person reads best."""


def somebody(chance: Random, languages: tuple[str, ...]) -> Somebody:
    """A new person who reads one of the office's `languages`; two draws hardly ever agree."""
    own = chance.choices(tuple(_SHARES), weights=tuple(_SHARES.values()))[0]
    given, family = (chance.choice(names) for names in _PEOPLE[own])
    name = f"{family[0]}{given[0]}" if own == "zh" else f"{given[0]} {family[0]}"
    number = chance.randrange(10**6)
    return Somebody(
        name=name,
        email=f"{given[1]}.{family[1]}.{number:06d}@example.org",
        phone=f"+49 6221 {chance.randrange(10**6):06d}",
        birth_date=OLDEST + timedelta(days=chance.randrange((YOUNGEST - OLDEST).days)),
        document="".join(chance.choices("CFGHJKLMNPRTVWXYZ0123456789", k=9)),
        language=language(chance, own, languages),
    )


def language(chance: Random, own: str, languages: tuple[str, ...]) -> str:
    """The person's own language where offered, else German or English, whichever is offered."""
    if own in languages:
        return own
    second = [code for code in ("de", "en") if code in languages]
    return chance.choice(second) if second else languages[0]

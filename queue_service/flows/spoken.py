"""Which languages people may ask an office to speak with them."""

from queue_service.followed import Followed
from queue_service.language import LANGUAGES
from queue_service.model.refusal import Code, Refusal


def unspoken(office: Followed, language: str) -> Refusal | None:
    """Why nobody can be written to or called in `language`; None where the office speaks it.

    Known are the languages of the office and those of our pages: whoever reads a page in one of
    these is answered in it, also where the office has not listed it.
    """
    if language in office.office.languages or language in LANGUAGES:
        return None
    known = tuple(dict.fromkeys((*office.office.languages, *LANGUAGES)))
    reason = f"one of {', '.join(known)}"
    return Refusal(Code.INVALID, {"field": "language", "reason": reason, "languages": known})

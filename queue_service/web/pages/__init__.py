"""HTML for people: what every page shares, and nothing about what a page says.

A page is a template and its facts. The language is the first part of the address, so that it
travels with every link; the same page in another language is the same address with another first
part.
"""

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from uuid import uuid4

from litestar import Request
from litestar.datastructures import State
from litestar.response import Redirect, Template

from queue_service.language import (
    LANGUAGES,
    Sentence,
    about_minutes,
    catalogue,
    clock,
    day_long,
    day_short,
    direction,
    money,
    negotiate,
    own_name,
    pick,
    sentence,
    service_day,
    span,
)
from queue_service.language.catalogues import isolate
from queue_service.model.office import Office
from queue_service.model.refusal import Refusal
from queue_service.web.problems import STATUS as STATUS

Asked = Request[object, object, State]
"""What a page is asked with."""
Shown = Template | Redirect
"""What a page answers."""


def page(
    name: str,
    request: Asked,
    language: str,
    *,
    title: str,
    status: int = 200,
    here: str | None = None,
    kept: bool = True,
    **facts: object,
) -> Template:
    """The template `name` in `language` with `facts` and what every template is given.

    `here` is the address without its language, for the links to the other languages; by default
    that of the request. Give it where the request is a POST without a page of its own. A page
    that is not `kept` is gone when somebody on a shared computer goes back.
    """
    return Template(
        template_name=name,
        status_code=status,
        headers={"cache-control": "private, no-cache" if kept else "no-store"},
        context={**_shared(request, language, here), "title": title, **facts},
    )


def _shared(request: Asked, language: str, here: str | None) -> dict[str, object]:
    t = catalogue(language)
    return {
        "t": t,
        "_": t,
        "lang": language,
        "dir": direction(language),
        "office": None,
        "home": f"/{language}",
        "languages": _elsewhere(_rest(request) if here is None else here),
        "own": partial(_own, language),
        "isolate": isolate,
        "clock": clock,
        "moment": lambda at: t.html("{day}, {time}", day=day_long(at, language), time=clock(at)),
        "about": lambda minutes: about_minutes(minutes, minutes, language),
        "day_long": partial(_in, day_long, language),
        "day_short": partial(_in, day_short, language),
        "money": lambda cents: money(cents, language),
        "span": lambda first, last: span(first, last, language),
        "day_state": lambda state, long=False: service_day(state, language, long=long),
        "idempotency_key": str(uuid4()),
    }


def _own(language: str, texts: dict[str, str]) -> tuple[str, str]:
    return pick(texts, language)


def _in(write: Callable[[date, str], str], language: str, day: date | datetime) -> str:
    return write(day.date() if isinstance(day, datetime) else day, language)


def _rest(request: Asked) -> str:
    """The address after its language, with its query."""
    path = request.url.path.lstrip("/").partition("/")[2]
    query = request.url.query
    return f"/{path}" + (f"?{query}" if query else "") if path else ""


def _elsewhere(rest: str) -> list[dict[str, str]]:
    return [
        {"code": code, "name": own_name(code), "dir": direction(code), "href": f"/{code}{rest}"}
        for code in LANGUAGES
    ]


def spoken(request: Asked) -> str:
    """The language the browser asks for, among ours."""
    return negotiate(request.headers.get("accept-language", ""))


def refused(
    request: Asked,
    language: str,
    refusal: Refusal,
    *,
    onward: str,
    here: str | None = None,
    office: Office | None = None,
) -> Template:
    """A page of its own for a refusal: what happened, why, what now, and a link `onward`."""
    said: Sentence = sentence(refusal, language)
    return page(
        "refused.html",
        request,
        language,
        title=said.title,
        status=STATUS.get(refusal.code, 409),
        here=here,
        said=said,
        onward=onward,
        office=office,
    )


def see(path: str) -> Redirect:
    """After a POST: look there, by GET."""
    return Redirect(path, status_code=303)


def known(language: str) -> bool:
    """Whether pages exist in `language`."""
    return language in LANGUAGES

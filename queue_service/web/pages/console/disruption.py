"""Console: counters that are missing, groups that need not come, and whom to phone.

Nothing changes before a proposal was looked at. What is applied is proposed anew at that moment.
"""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import TypeVar

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath

from queue_service.events.booking import Why
from queue_service.flows.bookings import calling
from queue_service.flows.capacity import disruption
from queue_service.flows.capacity.disruption import CancelAll, Missing
from queue_service.house import House
from queue_service.language import catalogue, mark
from queue_service.model.booking import Booking
from queue_service.model.ids import ServiceCode
from queue_service.model.refusal import Refusal
from queue_service.rights import Act
from queue_service.web.pages import Asked, Shown, refused, see
from queue_service.web.pages.applicant.times import as_day
from queue_service.web.pages.compact import compact
from queue_service.web.pages.console.frame import Entered, enter, shown
from queue_service.web.pages.console.layer_words import WHYS
from queue_service.web.pages.faults import PAGE_FAULTS

PLACE = "disruption"
T = TypeVar("T")
_ONE_DAY = timedelta(days=1)
_NEEDED = mark("Please choose at least one.")
_UNREADABLE = mark("Please enter a valid day or time.")
_BACKWARDS = mark("The end must come after the start.")
_OVER = mark("This time is over.")


class Form(msgspec.Struct):
    """What was entered, as it was entered, and what is wrong with it by field."""

    values: dict[str, list[str]]
    errors: dict[str, str] = {}

    def one(self, name: str) -> str:
        """The value of a field that has one."""
        return next(iter(self.values.get(name, ())), "")


@get("/{lang:str}/console/{office:str}/disruption")
async def overview(
    request: Asked, house: House, lang: FromPath[str], office: FromPath[str]
) -> Shown:
    """The two forms; after an act, what became of it."""
    entered = await enter(request, house, lang, office, Act.EDIT_CAPACITY)
    if not isinstance(entered, Entered):
        return entered
    return await _overview(request, house, entered, Form({}))


async def _overview(request: Asked, house: House, entered: Entered, form: Form) -> Shown:
    t = catalogue(entered.lang)
    done = {name: _number(request, name) for name in ("moved", "left", "cancelled")}
    listed = await calling.to_call(house, entered.followed)
    return shown(
        "console/disruption.html",
        request,
        entered,
        PLACE,
        base=entered.address(PLACE),
        title=t("Disruption"),
        status=400 if form.errors else 200,
        here=f"/console/{entered.followed.key.slug}/{PLACE}",
        form=form,
        errors={name: t(text) for name, text in form.errors.items()},
        done=done,
        to_call=len(listed),
        whys=[(why.value, t(text)) for why, text in WHYS.items()],
        today=entered.followed.now().date(),
    )


def _number(request: Asked, name: str) -> int | None:
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None


def _missing(entered: Entered, form: Form) -> Missing | None:
    """The counters and the time of the form; None with its errors noted."""
    office = entered.followed.office
    counters = tuple(c.key for c in office.counters if c.key in form.values.get("counter", ()))
    if not counters:
        form.errors["counter"] = _NEEDED
    why = _why(form)
    day = _read(form, "day", as_day)
    first, last = (_read(form, name, time.fromisoformat) for name in ("from", "to"))
    if day is None or first is None or last is None:
        return None
    since, until = (datetime.combine(day, at, office.tz) for at in (first, last))
    if until <= since:
        form.errors["to"] = _BACKWARDS
    elif until <= entered.followed.now():
        form.errors["day"] = _OVER
    if form.errors or why is None:
        return None
    return Missing(counters, since, until, why)


def _group(entered: Entered, form: Form) -> CancelAll | None:
    """The group of the form; None with its errors noted."""
    office = entered.followed.office
    services = tuple(
        ServiceCode(s.code) for s in office.services if s.code in form.values.get("service", ())
    )
    if not services:
        form.errors["service"] = _NEEDED
    why = _why(form)
    first, last = (_read(form, name, as_day) for name in ("first", "last"))
    if first is None or last is None:
        return None
    if last < first:
        form.errors["last"] = _BACKWARDS
    elif last < entered.followed.now().date():
        form.errors["last"] = _OVER
    if form.errors or why is None:
        return None
    begin = datetime.combine(first, time(), office.tz)
    end = datetime.combine(last + _ONE_DAY, time(), office.tz)
    return CancelAll(entered.actor.id, why, begin, end, services)


def _why(form: Form) -> Why | None:
    try:
        return Why(form.one("why"))
    except ValueError:
        form.errors["why"] = _NEEDED
        return None


def _read(form: Form, name: str, read: Callable[[str], T | None]) -> T | None:
    try:
        found = read(form.one(name))
    except ValueError:
        found = None
    if found is None:
        form.errors[name] = _UNREADABLE
    return found


async def _wanted(
    request: Asked,
    house: House,
    lang: str,
    office: str,
    read: Callable[[Entered, Form], T | None],
) -> tuple[Entered, Form, T] | Shown:
    """Who asks, what they entered and what it means; else a page that says what is wrong."""
    entered = await enter(request, house, lang, office, Act.EDIT_CAPACITY)
    if not isinstance(entered, Entered):
        return entered
    given = await request.form() if request.method == "POST" else request.query_params
    form = Form({name: [str(v) for v in given.getall(name)] for name in set(given.keys())})
    wanted = read(entered, form)
    if wanted is None:
        return await _overview(request, house, entered, form)
    return entered, form, wanted


@get("/{lang:str}/console/{office:str}/disruption/proposal")
async def proposal(
    request: Asked, house: House, lang: FromPath[str], office: FromPath[str]
) -> Shown:
    """Whom to move where; nothing has happened yet."""
    asked = await _wanted(request, house, lang, office, _missing)
    if not isinstance(asked, tuple):
        return asked
    entered, form, missing = asked
    found = await disruption.propose(house, entered.followed, missing)
    if isinstance(found, Refusal):
        return refused(request, entered.lang, found, onward=entered.address(PLACE))
    t = catalogue(entered.lang)
    return shown(
        "console/proposal.html",
        request,
        entered,
        PLACE,
        base=entered.address(PLACE),
        title=t("Proposal"),
        missing=missing,
        why=t(WHYS[missing.why]),
        proposals=found.proposals,
        unplaced=sum(p.start is None for p in found.proposals),
        fields=_fields(form, ("counter", "day", "from", "to", "why")),
    )


def _fields(form: Form, names: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(name, value) for name in names for value in form.values.get(name, ())]


@post("/{lang:str}/console/{office:str}/disruption", status_code=200)
async def carry_out(
    request: Asked, house: House, lang: FromPath[str], office: FromPath[str]
) -> Shown:
    """Take the counters out and move whom the proposal names."""
    asked = await _wanted(request, house, lang, office, _missing)
    if not isinstance(asked, tuple):
        return asked
    entered, form, missing = asked
    key = form.one("idempotency_key")[:80]
    done = await disruption.carry_out(
        house, entered.followed, missing, entered.actor.id, key=key or None
    )
    if isinstance(done, Refusal):
        return refused(request, entered.lang, done, onward=entered.address(PLACE))
    return see(f"{entered.address(PLACE)}?moved={done.moved}&left={done.left}")


@get("/{lang:str}/console/{office:str}/disruption/cancellation")
async def cancellation(
    request: Asked, house: House, lang: FromPath[str], office: FromPath[str]
) -> Shown:
    """How many would be cancelled; nothing has happened yet."""
    asked = await _wanted(request, house, lang, office, _group)
    if not isinstance(asked, tuple):
        return asked
    entered, form, wanted = asked
    t = catalogue(entered.lang)
    return shown(
        "console/cancellation.html",
        request,
        entered,
        PLACE,
        base=entered.address(PLACE),
        title=t("Cancel a group"),
        found=await _standing(house, entered, wanted),
        why=t(WHYS[wanted.why]),
        wanted=wanted,
        last=wanted.end - _ONE_DAY,
        fields=_fields(form, ("service", "first", "last", "why")),
    )


async def _standing(house: House, entered: Entered, wanted: CancelAll) -> list[Booking]:
    return await disruption.standing(
        house, entered.followed, wanted.first, wanted.end, wanted.services
    )


@post("/{lang:str}/console/{office:str}/disruption/cancellation", status_code=200)
async def cancel(request: Asked, house: House, lang: FromPath[str], office: FromPath[str]) -> Shown:
    """Cancel the group, with a letter to each that says why."""
    asked = await _wanted(request, house, lang, office, _group)
    if not isinstance(asked, tuple):
        return asked
    entered, _, wanted = asked
    before = len(await _standing(house, entered, wanted))
    await disruption.cancel_all(house, entered.followed, wanted)
    after = len(await _standing(house, entered, wanted))
    return see(f"{entered.address(PLACE)}?cancelled={max(0, before - after)}")


@get("/{lang:str}/console/{office:str}/disruption/calls")
async def calls(request: Asked, house: House, lang: FromPath[str], office: FromPath[str]) -> Shown:
    """Whom to phone, to be printed."""
    entered = await enter(request, house, lang, office, Act.EDIT_CAPACITY)
    if not isinstance(entered, Entered):
        return entered
    t = catalogue(entered.lang)
    return shown(
        "console/calls.html",
        request,
        entered,
        PLACE,
        base=entered.address(PLACE),
        title=t("People to phone"),
        calls=await calling.to_call(house, entered.followed),
        whys={why: t(text) for why, text in WHYS.items()},
    )


handlers = [
    Router(
        "/",
        route_handlers=[overview, proposal, carry_out, cancellation, cancel, calls],
        exception_handlers=PAGE_FAULTS,
        middleware=[compact],
    )
]

"""Composition: settings → house → handlers. The one place where everything meets."""

import asyncio
import gc
import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from types import FrameType
from typing import Any

from jinja2 import Environment, PackageLoader
from litestar import Litestar, Request, Response, Router
from litestar.contrib.jinja import JinjaTemplateEngine
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, YamlRenderPlugin
from litestar.response import Template
from litestar.template.config import TemplateConfig

from display import feed
from queue_service import __version__, logs, settings
from queue_service.demo import letters
from queue_service.flows.days.forecasting import Forecasting
from queue_service.house import House, close_house, open_house
from queue_service.language import tag
from queue_service.settings import Settings
from queue_service.ticker import Ticker
from queue_service.web import assets, health, problems, throttle
from queue_service.web.api import (
    availability,
    bookings,
    cards,
    confirmations,
    desks,
    devices,
    disruption,
    document,
    hall,
    holds,
    manage,
    public,
    reports,
    scheduling,
    staffing,
    surge,
    triage,
    visits,
    waiting,
)
from queue_service.web.api import guide as guide_api
from queue_service.web.api import kiosk as kiosk_api
from queue_service.web.api import paper as paper_api
from queue_service.web.edge import Edge
from queue_service.web.exact import Exact
from queue_service.web.lobby import HouseLobby
from queue_service.web.pages import enrol, faults
from queue_service.web.pages.applicant import apply, status
from queue_service.web.pages.applicant import waiting as waiting_pages
from queue_service.web.pages.console import capacity as capacity_place
from queue_service.web.pages.console import card_list
from queue_service.web.pages.console import devices as devices_place
from queue_service.web.pages.console import disruption as disruption_place
from queue_service.web.pages.console import reminded as reminders_place
from queue_service.web.pages.console import reports as report_pages
from queue_service.web.pages.console import surge as surge_place
from queue_service.web.pages.console import waits as waits_place
from queue_service.web.pages.desk import call_desk as desk
from queue_service.web.pages.guide import acts as guide_acts
from queue_service.web.pages.guide import alone as guide_alone
from queue_service.web.pages.guide import help as guide_help
from queue_service.web.pages.guide import line as guide
from queue_service.web.pages.guide import undo as guide_undo
from queue_service.web.pages.guide import visit as guide_visit
from queue_service.web.pages.kiosk import alone as kiosk_alone
from queue_service.web.pages.kiosk import check_in as kiosk
from queue_service.web.pages.kiosk import triage as triage_pages
from queue_service.web.pages.staff import appointments, day_list, signin
from queue_service.web.pages.staff import booking as staff_booking
from queue_service.web.pages.staff import paper as paper_page
from queue_service.web.short import Short
from queue_service.workers import Workers

LARGEST_BODY = 64_000
"""Bytes; nothing that this service takes is larger yet."""


def _house(state: State) -> House:
    house: House = state.house
    return house


def _lobby(state: State) -> HouseLobby:
    lobby: HouseLobby = state.lobby
    return lobby


def _stop_streams(closing: asyncio.Event) -> None:
    """End live streams when the server is told to stop: they would hold the stop up.

    The server's own handler is chained, replacing it would break its stop.
    """
    loop, previous = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)

    def stop(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(closing.set)
        if callable(previous):
            previous(number, frame)

    signal.signal(signal.SIGTERM, stop)


def rest_the_collector() -> None:
    """Views are large and live long: walking them again and again cost a quarter of an answer."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _lifespan(chosen: Settings) -> Callable[[Litestar], Any]:
    # Any: an asynchronous context manager, as Litestar types it.
    @asynccontextmanager
    async def run(app: Litestar) -> AsyncGenerator[None, None]:
        house = await open_house(chosen)
        app.state.house = house
        app.state.throttle = throttle.make(chosen.holds_per_minute, chosen.redis_url)
        cards_per_minute = min(chosen.holds_per_minute, throttle.CARDS_PER_MINUTE)
        app.state.card_throttle = throttle.make(cards_per_minute, chosen.redis_url)
        factors = min(chosen.holds_per_minute, throttle.FACTORS_PER_HOUR)
        app.state.factor_throttle = throttle.make(factors, chosen.redis_url, minutes=60)
        tries = min(chosen.holds_per_minute, throttle.ENROLMENTS_PER_MINUTE)
        app.state.enrol_throttle = throttle.make(tries, chosen.redis_url)
        app.state.lobby = HouseLobby(house)
        ticker = Ticker(house, chosen.database_url)
        await ticker.start()
        forecasting = Forecasting(house, Workers())
        await forecasting.start()
        _stop_streams(house.closing)
        rest_the_collector()
        try:
            yield
        finally:
            await forecasting.stop()
            await ticker.stop()
            await close_house(house)

    return run


def _templates() -> TemplateConfig[JinjaTemplateEngine]:
    environment = Environment(
        loader=PackageLoader("queue_service.web", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["static"] = assets.static
    environment.globals["tag"] = tag
    return TemplateConfig(instance=JinjaTemplateEngine.from_environment(environment))


def _for_programs(request: Request[Any, Any, Any]) -> bool:
    return request.url.path.startswith(("/api", "/health/", "/metrics"))


def _on_http(request: Request[Any, Any, Any], fault: HTTPException) -> Response[Any] | Template:
    on_http = problems.on_http if _for_programs(request) else faults.on_http
    return on_http(request, fault)


def _on_defect(request: Request[Any, Any, Any], fault: Exception) -> Response[Any] | Template:
    on_defect = problems.on_defect if _for_programs(request) else faults.on_defect
    return on_defect(request, fault)


def build(chosen: Settings) -> Litestar:
    """The application for these settings."""
    chapters = (
        public,
        availability,
        holds,
        bookings,
        staffing,
        hall,
        desks,
        visits,
        devices,
        guide_api,
        kiosk_api,
        paper_api,
        disruption,
        cards,
        confirmations,
        manage,
        waiting,
        surge,
        triage,
        reports,
    )
    api = Router(
        "/api/v1",
        route_handlers=[h for c in chapters for h in c.handlers],
        request_class=Exact,
        exception_handlers={
            RecursionError: problems.on_unreadable,
            UnicodeDecodeError: problems.on_unreadable,
        },
    )
    # Any: handlers of several kinds.
    pages: list[Any] = [*signin.handlers, *kiosk.handlers, *desk.handlers, *status.handlers]
    pages += kiosk_alone.handlers
    pages += [*card_list.handlers, *waiting_pages.handlers, *apply.handlers]
    pages += [*capacity_place.handlers, *disruption_place.handlers, *surge_place.handlers]
    pages += [*report_pages.handlers, *waits_place.handlers, *reminders_place.handlers]
    pages += [*appointments.handlers, *staff_booking.handlers, *day_list.handlers]
    pages += paper_page.handlers
    pages += [*guide.handlers, *guide_acts.handlers, *guide_help.handlers]
    pages += [*guide_visit.handlers, *guide_undo.handlers, *guide_alone.handlers]
    pages += [*devices_place.handlers, *enrol.handlers]
    pages += triage_pages.handlers
    shown = Router("/", route_handlers=pages, include_in_schema=False)
    demo = letters.handlers if chosen.demo_letters else []
    app = Litestar(
        [
            api,
            shown,
            feed.routes(_lobby),
            *assets.handlers,
            *health.handlers,
            *scheduling.handlers,
            *demo,
        ],
        dependencies={
            "house": Provide(_house, sync_to_thread=False),
        },
        lifespan=[_lifespan(chosen), scheduling.publishing],
        exception_handlers={HTTPException: _on_http, Exception: _on_defect},
        template_config=_templates(),
        openapi_config=OpenAPIConfig(
            title="Appointments and queues",
            version=__version__,
            path="/api",
            render_plugins=[JsonRenderPlugin(path="/openapi.json"), YamlRenderPlugin()],
            use_handler_docstrings=True,
        ),
        request_max_body_size=LARGEST_BODY,
        logging_config=None,
        debug=False,
    )
    document.describe(app)
    return app


def create() -> Edge:
    """The application for the environment: what the server imports."""
    logs.configure()
    return Edge(Short(build(settings.from_environment())))

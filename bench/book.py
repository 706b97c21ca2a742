"""Accepted holds and "sold out" over HTTP against hello; holds in process against the database.

Every hold is a wish of its own (its own idempotency key) on a spread of starts with room for all;
"sold out" asks for one full start with keys nobody has used.
"""

import asyncio
import os
import uuid

import msgspec
import uvloop

from bench import office as measured
from bench import report, wire
from bench.inside import CLIENTS, in_process
from bench.load import KEY, Plan
from bench.report import median
from bench.rounds import Measured, Paired, alternate
from bench.stage import Stage, server_version, stage

CONNECTIONS = 200
ROUNDS = 15
SECONDS = 1.0
_SPREAD = 400
_HOLDS = f"/api/v1/offices/{measured.SLUG}/holds"
_SOLD_OUT_SETTLES_SECONDS = 1.5


def run(*, rounds: int | None = None, quick: bool = False) -> report.Report:
    """Measure with one worker, with two, and in process."""
    rounds = rounds or (3 if quick else ROUNDS)
    seconds = 0.5 if quick else SECONDS
    load_before = os.getloadavg()[0]
    figures: dict[str, float] = {}
    shares: list[float] = []
    spreads: list[str] = []
    with stage() as set_up:
        version = server_version(set_up)
        for workers in (1, 2):
            paired = _over_http(set_up, figures, workers, rounds, seconds)
            shares.append(paired.cpu_share)
            spreads += [f"{paired.spread(name)} (w{workers})" for name in paired.ratios]
            set_up.stop()
        rates = uvloop.run(in_process(set_up, rounds=rounds, seconds=seconds))
    _compare(figures, rates)
    conditions = report.conditions(
        workers="1 and 2",
        postgresql=version,
        load_before=load_before,
        generator_cpu_share=max(shares),
        rounds=rounds,
        remarks=(
            f"{CONNECTIONS} connections, own client on both sides, slices of {seconds:g} s",
            "middle half of the ratios: " + ", ".join(spreads),
            "a hold takes 3 ticks of 2 limits; row-level security on; fsync on",
            f"in process: {CLIENTS} clients; rates a second: "
            + ", ".join(f"{name} {median(values):,.0f}" for name, values in rates.items()),
        ),
    )
    return report.report("book", conditions, figures)


def _over_http(
    set_up: Stage, figures: dict[str, float], workers: int, rounds: int, seconds: float
) -> Paired:
    hello, port = set_up.hello(workers=workers), set_up.serve(workers=workers)
    yardstick = Plan((hello,), (wire.request("GET", "/"),), CONNECTIONS, seconds)
    things = {
        "holds": Measured(Plan((port,), _wishes(), CONNECTIONS, seconds), 201),
        "sold_out": Measured(
            Plan((port,), (asyncio.run(_sell_out(port, workers)),), CONNECTIONS, seconds), 409
        ),
    }
    paired = alternate(yardstick, things, rounds)
    for name, thing in things.items():
        figures[f"{name}_over_hello_w{workers}"] = paired.ratio(name)
        figures[f"{name}_a_second_w{workers}"] = paired.rate(name, thing.status)
        figures[f"{name}_p99_ms_w{workers}"] = median([done.p99_ms for done in paired.loads[name]])
    figures[f"hello_a_second_w{workers}"] = paired.hello()
    return paired


def _wish(service: str, start: str) -> bytes:
    body = {
        "services": [{"service": service, "persons": 1}],
        "start": start,
        "language": "de",
    }
    return wire.request("POST", _HOLDS, body, {"idempotency-key": KEY.decode()})


def _wishes() -> tuple[bytes, ...]:
    return tuple(_wish(measured.ROOM, at.isoformat()) for at in measured.starts(_SPREAD))


async def _sell_out(port: int, number: int) -> bytes:
    """Take the only place of a start and return the wish that will be told so."""
    wish = _wish(measured.SCARCE[1], measured.starts(number)[-1].isoformat())
    line = await wire.connect(port)
    try:
        first = await line.ask(wish.replace(KEY, uuid.uuid4().hex.encode()))
        if first.status != 201:
            raise RuntimeError(f"the only place was not given: {first.status} {first.body[:400]!r}")
        # Every worker must have heard of it.
        await asyncio.sleep(_SOLD_OUT_SETTLES_SECONDS)
        second = await line.ask(wish.replace(KEY, uuid.uuid4().hex.encode()))
        said = msgspec.json.decode(second.body)
        if second.status != 409 or said.get("code") != "slot_full":
            raise RuntimeError(f"sold out was not said: {second.status} {second.body[:400]!r}")
    finally:
        line.close()
    return wish


def _compare(figures: dict[str, float], rates: dict[str, list[float]]) -> None:
    gathered, insert = rates["gathered"], rates["insert"]
    apart = [values for name, values in rates.items() if name.startswith("unbatched")]
    best = [max(values) for values in zip(*apart, strict=True)]
    figures["in_process_over_unbatched"] = median(
        [mine / other for mine, other in zip(gathered, best, strict=True)]
    )
    figures["in_process_over_insert"] = median(
        [mine / other for mine, other in zip(gathered, insert, strict=True)]
    )

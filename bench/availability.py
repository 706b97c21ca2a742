"""The month of availability against hello: cached bytes, and 304 to who has it already."""

import asyncio
import os
from datetime import timedelta

from bench import office as measured
from bench import report, wire
from bench.load import Plan
from bench.rounds import Measured, alternate
from bench.stage import server_version, stage
from queue_service.demo.presets import preset

CONNECTIONS = 200
ROUNDS = 15
SECONDS = 1.0
PRESET = "heidelberg"
SERVICE = "PICK"
_DAYS = 31
_LOOKS, _SETTLES = 20, 3.0
"""Soon after its start a server keeps back what walk-ins will want: the month changes once more."""


def run(*, rounds: int | None = None, quick: bool = False) -> report.Report:
    """Ask for one month of a preset office, as browsers do, with one worker."""
    rounds = rounds or (3 if quick else ROUNDS)
    seconds = 0.5 if quick else SECONDS
    load_before = os.getloadavg()[0]
    with stage((preset(PRESET),)) as set_up:
        version = server_version(set_up)
        hello, port = set_up.hello(), set_up.serve()
        month = wire.request("GET", _path(), None, _ENCODINGS)
        tag, size, plain = asyncio.run(_first(port))
        again = wire.request("GET", _path(), None, _ENCODINGS | {"if-none-match": tag})
        things = {
            "month": Measured(Plan((port,), (month,), CONNECTIONS, seconds), 200),
            "not_modified": Measured(Plan((port,), (again,), CONNECTIONS, seconds), 304),
        }
        yardstick = Plan((hello,), (wire.request("GET", "/"),), CONNECTIONS, seconds)
        paired = alternate(yardstick, things, rounds)
    figures: dict[str, float] = {
        "month_over_hello": paired.ratio("month"),
        "not_modified_over_hello": paired.ratio("not_modified"),
        "month_a_second": paired.rate("month", 200),
        "not_modified_a_second": paired.rate("not_modified", 304),
        "hello_a_second": paired.hello(),
        "month_bytes": size,
        "month_bytes_plain": plain,
    }
    conditions = report.conditions(
        workers="1",
        postgresql=version,
        load_before=load_before,
        generator_cpu_share=paired.cpu_share,
        rounds=rounds,
        remarks=(
            f"{CONNECTIONS} connections, own client on both sides, slices of {seconds:g} s",
            "middle half of the ratios: " + ", ".join(paired.spread(name) for name in things),
            f"{_DAYS} days of the preset {PRESET}, service {SERVICE}; content coding offered",
        ),
    )
    return report.report("availability", conditions, figures)


_ENCODINGS = {"accept-encoding": "gzip, br"}
"""What every browser and most programs offer."""


def _path() -> str:
    first = measured.MONDAY.date()
    last = first + timedelta(days=_DAYS - 1)
    return (
        f"/api/v1/offices/{PRESET}/availability?service={SERVICE}&persons=1&from={first}&to={last}"
    )


async def _first(port: int) -> tuple[str, int, int]:
    """The entity tag of the month and its size with and without content coding."""
    line = await wire.connect(port)
    try:
        tag = ""
        for _ in range(_LOOKS):
            answer = await line.ask(wire.request("GET", _path(), None, _ENCODINGS))
            if answer.status != 200 or not answer.header("etag"):
                raise RuntimeError(f"no month with an ETag: {answer.head!r} {answer.body[:400]!r}")
            if answer.header("etag") == tag:
                break
            tag = answer.header("etag") or ""
            await asyncio.sleep(_SETTLES)
        else:
            raise RuntimeError("the month does not come to rest")
        plain = await line.ask(wire.request("GET", _path()))
    finally:
        line.close()
    if b'"free"' not in plain.body:
        raise RuntimeError(f"the month has no free start: {plain.body[:400]!r}")
    return tag, len(answer.body), len(plain.body)

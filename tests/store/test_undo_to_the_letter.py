"""Each act of a desk, taken back: rows, desks, tickets, board and notes are as they were."""

import msgspec

from display.board import Board, Opening
from queue_service.flows.desks import hands, journeys, serving
from queue_service.flows.desks.desk_shown import DeskShown
from queue_service.model.refusal import Refusal
from tests import make
from tests.small import CLERK, Small
from tests.stations import ON_CALLED, ON_WAITING, WORKER, A, Act, B, C, come, ticket


async def seen(town: Small, *codes: str) -> dict[str, object]:
    """What rows, desks, tickets, board and notes say, apart from numbers of entries and undo."""
    rows = await town.fetch("select to_jsonb(v) - 'seq' as row from visit v order by id")
    states = await town.fetch("select counter, state from desk where state <> 'open'")
    left = await town.fetch("select visit, text from note order by id")
    shown = [serving.desk(town.house, desk) for desk in (A, B, C)]
    assert all(isinstance(desk, DeskShown) for desk in shown)
    calls = Board.load(town.office.line.called(), 1)
    same = {"seq": 0, "undo": None, "since": None, "now": make.NOW}
    return {
        "rows": [row["row"] for row in rows],
        "desks": [tuple(row) for row in states],
        "notes": [tuple(row) for row in left],
        "shown": [msgspec.structs.replace(d, **same) for d in shown if isinstance(d, DeskShown)],
        "tickets": [await ticket(town, code) for code in codes],
        "board": calls.public(town.office.office, make.NOW, 1.0, Opening(open=True)).rows,
    }


async def back(town: Small, visit: str, act: str) -> object:
    if act == "break":
        return await serving.undo_at(town.house, A, CLERK)
    return await serving.undo(town.house, visit, CLERK)


async def test_each_act_is_taken_back_to_the_letter(town: Small) -> None:
    one, code = await come(town)
    _, other = await come(town)
    for waiting, acts in ((True, ON_WAITING), (False, ON_CALLED)):
        if not waiting:
            assert isinstance(await serving.call_next(town.house, A, CLERK), DeskShown)
        before = await seen(town, code, other)
        for name, act in acts.items():
            done = await act(town, one)
            assert not isinstance(done, Refusal), (name, done)
            assert await seen(town, code, other) != before, name
            undone = await back(town, one, name)
            assert not isinstance(undone, Refusal), (name, undone)
            assert await seen(town, code, other) == before, name
    await town.chain()
    await town.same_views()


async def test_parked_accepted_and_passed_are_taken_back_too(town: Small) -> None:
    one, code = await come(town)
    await serving.call_next(town.house, A, CLERK)
    await journeys.park(town.house, one, "photo", CLERK)
    acts: dict[str, Act] = {
        "resume": lambda t, v: journeys.resume(t.house, v, CLERK),
        "hand over": lambda t, v: hands.hand_over(t.house, v, CLERK),
    }
    for name, act in acts.items():
        before = await seen(town, code)
        await act(town, one)
        assert await seen(town, code) != before, name
        await serving.undo(town.house, one, CLERK)
        assert await seen(town, code) == before, name
    await hands.hand_over(town.house, one, CLERK)
    before = await seen(town, code)
    for done in (
        await hands.accept(town.house, one, B, WORKER),
        await serving.undo(town.house, one, WORKER),
        await hands.pass_on(town.house, one, WORKER),
        await serving.undo(town.house, one, WORKER),
    ):
        assert not isinstance(done, Refusal), done
    assert await seen(town, code) == before

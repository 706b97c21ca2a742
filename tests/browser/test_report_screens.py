"""The figures of a day in the console: accessible in every language, at 320 pixels, on paper."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SPOKEN, Opens, enter
from tests.browser.test_screens import DESK, Seen
from tests.city import BEGIN
from tests.served import Hall, ask

PAGE = "console/heidelberg/reports"
REMINDED = """
with told as (select * from unnest($1::text[], $2::text[]) as told (text, state)),
made as (
    insert into booking (id, authority, office, state, start, "end", parts, limits, once,
        language, seq, generation, "group", extensions, overbooked)
    select gen_random_uuid(), o.authority, o.id, told.state, $3::timestamptz,
        $3::timestamptz + interval '10 minutes', '[]', '{}', 'told', told.text, o.seq, 0, '', 0,
        false
    from told, office o where o.slug = 'heidelberg'
    returning *
)
insert into outbox (id, authority, office, seq, purpose, booking, generation, due, state,
    next_try, text)
select gen_random_uuid(), authority, office, seq, 'first_reminder', id, 0, start, 'sent', start,
    language
from made
"""
"""Appointments of texts ($1) that ended in states ($2) at an instant ($3), each reminded of."""


@pytest.mark.parametrize("lang", SPOKEN)
def test_figures_of_a_day(opens: Opens, hall: Hall, lang: str) -> None:
    hall.walk_in("INFO")
    hall.walk_in("PICK")
    hall.staff().post("/api/v1/desks/heidelberg.1/next")
    seen = Seen(enter(opens(DESK), hall, staff="manager"), lang)
    page = seen.page
    seen.visit(f"/{lang}/{PAGE}?day={BEGIN.date()}", "a day with visits")
    seen.picture("reports-day")
    expect(page.locator(".console-table").first).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".console-places")).to_be_hidden()
    expect(page.locator(".console-table").first).to_be_visible()
    page.emulate_media(media="screen")
    seen.visit(f"/{lang}/{PAGE}?day=2026-11-01", "a day without visits")
    with page.expect_download() as saved:
        page.locator("a[download]").click()
    assert saved.value.suggested_filename == "heidelberg-2026-11-01.csv"
    assert seen.wrong == []


@pytest.mark.parametrize("lang", SPOKEN)
def test_what_reminders_do(opens: Opens, hall: Hall, lang: str) -> None:
    # Told directly: weeks of letters and people would have to pass.
    ends = {"plain": (12, 3, 1), "others": (15, 1, 2)}
    rows = [
        (text, state)
        for text, many in ends.items()
        for state, n in zip(("served", "no_show", "cancelled"), many, strict=True)
        for _ in range(n)
    ]
    told = [[text for text, _ in rows], [state for _, state in rows]]
    ask(hall.served.city, REMINDED, *told, BEGIN - timedelta(days=3))
    seen = Seen(enter(opens(DESK), hall, staff="manager"), lang)
    page = seen.page
    seen.visit(f"/{lang}/console/heidelberg/reminders", "reminders")
    seen.picture("reminders")
    expect(page.locator("tbody tr")).to_have_count(3)
    expect(page.locator("tbody tr").nth(0)).to_contain_text("%")
    expect(page.locator("tbody tr").nth(2)).to_contain_text("–")
    for table, which in (("outbox", "purpose = 'first_reminder'"), ("booking", "once = 'told'")):
        ask(hall.served.city, f"delete from {table} where {which}")
    seen.visit(f"/{lang}/console/heidelberg/reminders", "no reminders yet")
    expect(page.locator("tbody")).to_have_count(0)
    assert seen.wrong == []

"""The effect of reminders over some days; who may see it is left to `rights`."""

from datetime import date, datetime, time, timedelta

from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.reminding import ReminderText
from queue_service.notify.plan import REMINDERS
from queue_service.store import reminded as store
from queue_service.store.database import transaction
from queue_service.views.reminded import Reminded


async def effect(house: House, office: Followed, first: date, last: date) -> tuple[Reminded, ...]:
    """By text, those of the local days `first` to `last`, both included; texts in their order.

    Texts that are tried now stand there also while nothing is known of them.
    """
    zone = office.office.tz
    begin = datetime.combine(first, time(), zone)
    end = datetime.combine(last + timedelta(days=1), time(), zone)
    async with transaction(house.pool, office.key.authority, snapshot=True) as snapshot:
        found = await store.counted(snapshot, office.key.office, begin, end, REMINDERS)
    known = {each.text: each for each in found}
    tried = office.office.reminders.texts
    return tuple(
        Reminded(text, one.came, one.missed, one.cancelled) if one else Reminded(text, 0, 0, 0)
        for text in ReminderText
        if (one := known.get(text)) or text in tried
    )

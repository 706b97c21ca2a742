"""Facts for the letter that a card is ready, read when it is sent; the rest is the outbox's way.

Whoever took their address back by then gets none. The address goes with the letter.
"""

import asyncpg

from queue_service.followed import Followed
from queue_service.house import House
from queue_service.model.ids import ServiceCode
from queue_service.notify.letters import CardFacts, write_of_card
from queue_service.notify.list_letters import Ready
from queue_service.store import cards
from queue_service.store.deliveries import Claimed

CARD_READY = "card_ready"
"""Purpose of such a letter in the outbox; it is about a contact, not about a booking."""


async def ready(
    house: House, followed: Followed, tx: asyncpg.Connection, letter: Claimed
) -> Ready | str:
    """The letter as it is to be sent, or the state in which it ends."""
    contact = await cards.contact(tx, followed.key.office, letter.booking)
    if contact is None:
        return "no_address"
    facts = CardFacts(
        office=followed.office,
        service=ServiceCode(contact.service),
        base_url=house.settings.base_url,
        contact=(str(contact.id), house.keys.card_contact(contact.id)),
    )
    return Ready(contact.email, write_of_card(facts, contact.language))


async def sent(followed: Followed, tx: asyncpg.Connection, letter: Claimed) -> None:
    """The mail server took it: the address has served its purpose."""
    if letter.purpose == CARD_READY:
        await cards.forget(tx, followed.key.office, letter.booking)

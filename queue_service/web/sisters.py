"""Offices of this house that others refer to: what a referral says of them is what they say."""

from queue_service.house import House


def own_place(house: House, slug: object) -> dict[str, str]:
    """Street, postcode, town and phone of an office of this house; empty for any other.

    By the names that they have in a `Referral`.
    """
    found = house.follower.office(slug) if isinstance(slug, str) else None
    if found is None:
        return {}
    there = found.office.place
    return {
        "street": there.street,
        "postcode": there.postcode,
        "town": there.town,
        "phone": there.phone,
    }

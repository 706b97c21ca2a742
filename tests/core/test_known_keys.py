"""Which idempotency keys the view knows: for longer than a receipt is stored, never too few."""

from datetime import timedelta

from queue_service.views.full import Keys
from tests import make


def test_a_key_is_known_for_longer_than_its_receipt_is_stored() -> None:
    keys, real = Keys(), make.NOW
    keys.load(["00"])
    keys.grow_older(real)
    keys.add("01")
    for hours in range(1, 26):
        keys.grow_older(real + timedelta(hours=hours))
        assert keys.knows("00")
        assert keys.knows("01")
    keys.grow_older(real + Keys.KEPT)
    keys.add("02")
    assert keys.knows("01")
    keys.grow_older(real + 2 * Keys.KEPT)
    assert not keys.knows("01")
    assert keys.knows("02")
    assert not keys.knows("")


def test_too_many_keys_are_all_called_known_until_they_are_too_old() -> None:
    class Few(Keys):
        MOST = 2

    keys, real = Few(), make.NOW
    keys.grow_older(real)
    for key in ("01", "02", "03"):
        keys.add(key)
    assert keys.knows("03")
    assert keys.knows("ff")
    assert not keys.knows("")
    keys.grow_older(real + Keys.KEPT)
    assert keys.knows("03")
    keys.grow_older(real + 2 * Keys.KEPT)
    assert not keys.knows("03")

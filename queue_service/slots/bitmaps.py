"""A local day as whole numbers: bit `i` speaks of the day's tick `i`.

Which bits are set is the caller's; what stands here finds runs by shift-and-AND, so a day costs a
few operations on one number instead of a look at every cell.
"""

from collections.abc import Iterator, Sequence


def whole_runs(bits: int, length: int) -> int:
    """Bit i is set where all of the bits i … i + length - 1 are."""
    have = 1
    while have < length:
        step = min(have, length - have)
        bits &= bits >> step
        have += step
    return bits


def any_in_run(bits: int, length: int) -> int:
    """Bit i is set where at least one of the bits i … i + length - 1 is."""
    have = 1
    while have < length:
        step = min(have, length - have)
        bits |= bits >> step
        have += step
    return bits


def positions(bits: int) -> Iterator[int]:
    """Where bits are set, in order."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def around(bits: int, index: int, many: int) -> list[int]:
    """Up to `many` set positions below `index` and as many from it on, each the nearest."""
    if index <= 0:
        below, above, index = 0, bits, 0
    else:
        below, above = bits & ((1 << index) - 1), bits >> index
    found: list[int] = []
    while below and len(found) < many:
        found.append(below.bit_length() - 1)
        below ^= 1 << found[-1]
    for many_found, position in enumerate(positions(above)):
        if many_found == many:
            break
        found.append(index + position)
    return found


def least_in_runs(rests: Sequence[Sequence[int]], length: int) -> list[int]:
    """At i the least of all rests at i … i + length - 1; shorter than the rests by the run."""
    least = list(map(min, *rests)) if len(rests) > 1 else list(rests[0])
    have = 1
    while have < length:
        step = min(have, length - have)
        least = list(map(min, least, least[step:]))
        have += step
    return least

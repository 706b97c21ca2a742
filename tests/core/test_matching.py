"""Matching visits to desks, the judge of shared limits: it says what trying everything says."""

from itertools import combinations, product

from hypothesis import given
from hypothesis import strategies as st

from bench.matching import Desks, matched, without_one_desk


def test_matching_sees_too_many_and_too_few() -> None:
    """Without this, limits that let everything pass would look exact."""
    one, both = frozenset("1"), frozenset("12")
    assert matched([both, one]) == 2
    assert matched([one, both, both]) == 2
    assert matched([frozenset()]) == 0


def brute(visits: list[tuple[range, Desks]]) -> bool:
    return any(
        all(
            a != b or not set(visits[m][0]) & set(visits[n][0])
            for (m, a), (n, b) in combinations(enumerate(chosen), 2)
        )
        for chosen in product(*(sorted(desks) for _, desks in visits))
    )


@given(
    st.lists(
        st.tuples(
            st.builds(lambda a, n: range(a, a + n), st.integers(0, 6), st.integers(1, 4)),
            st.sampled_from([frozenset("12"), frozenset("3"), frozenset("123")]),
        ),
        max_size=6,
    )
)
def test_one_desk_throughout_is_judged_as_trying_everything_does(
    visits: list[tuple[range, Desks]],
) -> None:
    assert (without_one_desk(visits, "123") == 0) == brute(visits)

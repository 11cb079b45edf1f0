import pytest

from mlx_relay.places import Key, OwnPlaces

ALL: Key = ("all", 0)


def test_as_many_are_taken_as_the_limit_says_and_one_given_back_is_free() -> None:
    places = OwnPlaces()
    assert [places.take(ALL, 2) for _ in range(3)] == [True, True, False]
    places.give_back(ALL)
    assert [places.take(ALL, 2) for _ in range(2)] == [True, False]


def test_keys_are_counted_apart() -> None:
    places = OwnPlaces()
    assert places.take(("user", 1), 1)
    assert places.take(("user", 2), 1)
    assert places.take(("profile", 1), 1)
    assert not places.take(("user", 1), 1)


@pytest.mark.parametrize("taken", [0, 5])
def test_a_limit_of_0_is_none_and_counts_all_the_same(taken: int) -> None:
    places = OwnPlaces()
    for _ in range(taken):
        assert places.take(ALL, 0)
    assert places.take(ALL, taken + 1)
    assert not places.take(ALL, taken + 1)

"""The table of places: it counts for all, survives a death, and has room for every key."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlx_relay.places import Key, OwnPlaces
from mlx_relay.workers.places import WINDOW, SharedPlaces, make_table

ALL: Key = ("all", 0)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    make_table(tmp_path / "places", 2)
    return tmp_path / "places"


def test_two_workers_count_together(table: Path) -> None:
    one, other = SharedPlaces(table, 0), SharedPlaces(table, 1)
    assert one.take(ALL, 2)
    assert other.take(ALL, 2)
    assert not one.take(ALL, 2)
    other.give_back(ALL)
    assert one.take(ALL, 2)


def test_what_a_dead_worker_held_is_free_and_the_rest_is_not(table: Path) -> None:
    alive, dead = SharedPlaces(table, 0), SharedPlaces(table, 1)
    assert alive.take(ALL, 3)
    assert dead.take(ALL, 3)
    assert dead.take(("user", 7), 1)
    SharedPlaces(table, 1).give_all_back()
    assert alive.take(("user", 7), 1)
    assert alive.take(ALL, 2)
    assert not alive.take(ALL, 2)


def test_without_a_limit_places_are_counted_all_the_same(table: Path) -> None:
    places = SharedPlaces(table, 0)
    assert all(places.take(ALL, 0) for _ in range(70_000 // 1000))
    assert not places.take(ALL, 70)


def test_a_user_and_a_profile_of_one_number_are_two_keys(table: Path) -> None:
    places = SharedPlaces(table, 0)
    assert places.take(("user", 3), 1)
    assert places.take(("profile", 3), 1)


def test_cells_of_keys_that_nobody_holds_are_used_again(table: Path) -> None:
    places = SharedPlaces(table, 0)
    for user_id in range(20_000):
        assert places.take(("user", user_id), 1)
        places.give_back(("user", user_id))


def test_thousands_of_keys_find_room_at_once(table: Path) -> None:
    places = SharedPlaces(table, 0)
    assert all(places.take(("user", user_id), 1) for user_id in range(8_000))
    assert not any(places.take(("user", user_id), 1) for user_id in range(8_000))
    assert WINDOW < 8_000


def test_only_its_owner_may_read_it(table: Path) -> None:
    assert table.stat().st_mode & 0o777 == 0o600


@given(
    steps=st.lists(
        st.tuples(
            st.integers(0, 1),
            st.sampled_from([ALL, ("user", 1), ("user", 2), ("profile", 1)]),
            st.booleans(),
        )
    )
)
def test_it_says_what_one_process_would_say(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, Key, bool]]
) -> None:
    path = tmp_path_factory.mktemp("table") / "places"
    make_table(path, 2)
    workers = [SharedPlaces(path, number) for number in (0, 1)]
    own = OwnPlaces()
    held: list[tuple[int, Key]] = []
    for number, key, takes in steps:
        if takes:
            assert workers[number].take(key, 2) == own.take(key, 2) or held.count((number, key)) > 2
            if own._taken[key] > len([one for one in held if one[1] == key]):
                held.append((number, key))
        elif (number, key) in held:
            held.remove((number, key))
            workers[number].give_back(key)
            own.give_back(key)
    for worker in workers:
        worker.close()

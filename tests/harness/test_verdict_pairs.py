from fake_mlx.client_record import ClientRequest
from fake_mlx.verdict_pairs import Upstream, pair_up


def upstream(number: int, started: float, method: str = "POST") -> Upstream:
    return Upstream(number, method, started, "done")


def test_each_request_gets_its_own_entry_also_when_they_overlap() -> None:
    requests = [ClientRequest("a", 0.0), ClientRequest("b", 1.0)]
    entries = [upstream(1, 2.0), upstream(2, 3.0)]
    pairs, strays = pair_up(entries, requests)
    assert [(pair.request.name, [entry.id for entry in pair.entries]) for pair in pairs] == [
        ("a", [1]),
        ("b", [2]),
    ]
    assert strays == []


def test_a_second_entry_is_the_newest_open_requests() -> None:
    requests = [ClientRequest("a", 0.0, ended=1.0), ClientRequest("b", 2.0)]
    pairs, strays = pair_up([upstream(1, 0.5), upstream(2, 2.5), upstream(3, 2.6)], requests)
    assert [len(pair.entries) for pair in pairs] == [1, 2]
    assert strays == []


def test_an_entry_after_the_end_belongs_to_none_and_a_look_at_the_models_counts_not() -> None:
    requests = [ClientRequest("a", 0.0, left=1.0)]
    pairs, strays = pair_up([upstream(1, 1.5), upstream(2, 0.5, "GET")], requests)
    assert pairs[0].entries == []
    assert [entry.id for entry in strays] == [1]

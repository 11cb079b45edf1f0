from typing import Any

import pytest

from fake_mlx.exchange import Match
from fake_mlx.matching import Question, candidates, explain_miss, folders
from handmade import chat, handmade

PATH = "/v1/chat/completions"


def ask(body: Any, path: str = PATH, method: str = "POST") -> Question:
    return Question(method, path, body)


LIBRARY = {
    "plain": handmade(b"p"),
    "folder/one": handmade(b"1", body=chat("m", "one")),
    "folder/two": handmade(b"2", body=chat("m", "two")),
    "folder/two_whole": handmade(b"3", body=chat("m", "two", stream=False)),
    "folder/deep/three": handmade(b"4", body=chat("m", "three")),
    "folder/legacy": handmade(b"5", path="/v1/completions", body={"prompt": "x"}),
}


def test_the_name_of_a_cassette_is_served_whatever_else_the_request_says() -> None:
    assert candidates(LIBRARY, ask(chat("plain", "anything"))) == ["plain"]
    assert candidates(LIBRARY, ask({"model": "folder/one"}, "/other", "PUT")) == ["folder/one"]


def test_in_a_folder_the_last_message_of_the_user_decides() -> None:
    assert candidates(LIBRARY, ask(chat("folder", "one"))) == ["folder/one"]


def test_in_a_folder_the_last_message_is_the_users_own() -> None:
    body = chat("folder", "one")
    body["messages"] += [{"role": "assistant", "content": "two"}, "no message"]
    assert candidates(LIBRARY, ask(body)) == ["folder/one"]


def test_of_the_same_message_the_one_that_streams_alike_is_chosen() -> None:
    assert candidates(LIBRARY, ask(chat("folder", "two"))) == ["folder/two"]
    assert candidates(LIBRARY, ask(chat("folder", "two", stream=False))) == ["folder/two_whole"]


def test_without_the_message_a_folder_takes_turns() -> None:
    assert candidates(LIBRARY, ask(chat("folder", "new"))) == ["folder/one", "folder/two"]


def test_in_a_folder_the_path_must_be_the_recorded_one() -> None:
    assert candidates(LIBRARY, ask(chat("folder"), "/v1/completions")) == ["folder/legacy"]
    assert candidates(LIBRARY, ask(chat("folder"), "/v1/other")) == []


def test_a_folder_is_not_its_subfolders() -> None:
    assert candidates(LIBRARY, ask(chat("folder/deep", "x"))) == ["folder/deep/three"]
    assert folders(LIBRARY) == ["folder", "folder/deep"]


def test_conditions_of_a_cassette_hold_in_a_folder() -> None:
    strict = Match(on=("path", "json"), ignore=("json.seed", "json.model"))
    library = {"folder/strict": handmade(b"x", body=chat("m", top_k=5), match=strict)}
    assert candidates(library, ask(chat("folder", top_k=5, seed=3))) == ["folder/strict"]
    assert candidates(library, ask(chat("folder", top_k=6))) == []
    assert candidates(library, ask(chat("folder/strict", top_k=6))) == ["folder/strict"]


def test_a_condition_on_a_missing_key_wants_it_missing() -> None:
    library = {"folder/x": handmade(b"x", match=Match(on=("json.tools.deep",)))}
    assert candidates(library, ask(chat("folder"))) == ["folder/x"]


@pytest.mark.parametrize("body", [None, [], {}, {"model": 5}, {"model": ""}, {"model": "fold"}])
def test_without_a_known_model_nothing_fits(body: Any) -> None:
    assert candidates(LIBRARY, ask(body)) == []
    assert explain_miss(LIBRARY, ask(body)).startswith("No cassette")


def test_a_miss_shows_the_difference_to_the_nearest() -> None:
    text = explain_miss(LIBRARY, ask(chat("folder/ones", "one", seed=7)))
    lines = text.splitlines()
    assert lines[0] == "No cassette and no folder of cassettes has the name folder/ones."
    assert lines[1] == "The nearest cassette is folder/one."
    assert '-    "model": "folder/one",' in lines
    assert '+    "model": "folder/ones",' in lines
    assert '+    "seed": 7,' in lines
    assert '-        "content": "one",' not in lines


def test_a_miss_in_a_folder_says_so() -> None:
    assert "folder fits" in explain_miss(LIBRARY, ask(chat("folder"), "/v1/other"))


def test_a_huge_request_is_not_explained_at_length() -> None:
    text = explain_miss(LIBRARY, ask(chat("x", stop=[str(n) for n in range(5000)])))
    assert len(text.splitlines()) <= 200

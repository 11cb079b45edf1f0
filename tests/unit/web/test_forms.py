"""Forms: the rules of single fields, and the changes a form names."""

import math

import pytest

from mlx_relay.errors import InvalidRequest
from mlx_relay.profiles import Deadlines, ProfileFields
from mlx_relay.web.forms import (
    ProfileChanges,
    ProfileForm,
    UserChanges,
    UserForm,
    changes_of,
    parse_form,
    require_changes,
)

PROFILE = {"name": "n", "host": "h", "port": 1, "model_path": "m"}


def test_a_form_without_its_options_is_a_profile_with_the_defaults() -> None:
    form = parse_form(ProfileForm, PROFILE)
    plain = ProfileFields(name="n", host="h", port=1, model_path="m")
    for name in ProfileFields.__struct_fields__:
        if name != "deadlines":
            assert getattr(form, name) == getattr(plain, name)
    for name in Deadlines.__struct_fields__:
        assert getattr(form.deadlines, name) == getattr(plain.deadlines, name)


def test_every_field_of_a_profile_can_be_changed() -> None:
    assert set(ProfileChanges.__struct_fields__) == set(ProfileFields.__struct_fields__)


def test_changes_are_what_was_named_and_null_is_a_value() -> None:
    form = parse_form(ProfileChanges, {"api_key": None, "port": 2})
    assert changes_of(form) == {"api_key": None, "port": 2}


def test_a_change_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="at least one field"):
        changes_of(parse_form(ProfileChanges, {}))
    with pytest.raises(InvalidRequest, match="at least one field"):
        require_changes(parse_form(UserChanges, {"name": None}))
    require_changes(parse_form(UserChanges, {"disabled": False}))


@pytest.mark.parametrize("parser", ["auto", "none", None])
def test_a_parser_is_a_name_that_the_pipeline_knows(parser: str | None) -> None:
    form = parse_form(ProfileForm, PROFILE | {"reasoning_parser": parser})
    assert form.reasoning_parser == parser


@pytest.mark.parametrize("path", ["", "/v1", "/api/v1", "/~user/v1.0", "/a-b_c"])
def test_a_base_path_is_plain(path: str) -> None:
    assert parse_form(ProfileForm, PROFILE | {"base_path": path}).base_path == path


@pytest.mark.parametrize(
    "path", ["/", "v1", "/v1/", "//v1", "/./v1", "/..", "/v1/..", "/a b", "/a%2f", "/a\n", "/é"]
)
def test_a_base_path_leads_nowhere_else(path: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^base_path: "):
        parse_form(ProfileForm, PROFILE | {"base_path": path})


@pytest.mark.parametrize("seconds", [math.nan, math.inf, -math.inf, 0])
def test_a_deadline_is_a_time(seconds: float) -> None:
    with pytest.raises(InvalidRequest, match=r"^deadlines\.connect: "):
        parse_form(ProfileForm, PROFILE | {"deadlines": {"connect": seconds}})


def test_a_password_counts_in_characters_at_least_and_in_bytes_at_most() -> None:
    for password in ("é" * 8, "é" * 512):
        assert parse_form(UserForm, {"name": "a", "password": password}).password == password
    for password in ("é" * 7, "é" * 513, "half \ud800 pair"):
        with pytest.raises(InvalidRequest, match=r"^password: ") as caught:
            parse_form(UserForm, {"name": "a", "password": password})
        assert password not in caught.value.message


@pytest.mark.parametrize("name", ["ada", "Zoë", "ada lovelace", "ada@example", "山田"])
def test_a_name_is_what_people_are_called(name: str) -> None:
    assert parse_form(UserForm, {"name": name, "password": "12345678"}).name == name


@pytest.mark.parametrize("name", ["", " ada", "ada ", "a\tb", "a\0b", "a\u200bb", "a\u202eb", "\n"])
def test_a_name_can_be_seen(name: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^name: "):
        parse_form(UserForm, {"name": name, "password": "12345678"})

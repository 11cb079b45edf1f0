"""A finding is well, or says what to do."""

import msgspec

from mlx_relay.cli.doctor_finding import from_error, ill, well
from mlx_relay.errors import CannotListen


def test_only_what_is_not_well_has_a_cure() -> None:
    assert msgspec.json.encode(well("disk", "5 GiB free")) == (
        b'{"check":"disk","ok":true,"text":"5 GiB free"}'
    )
    assert ill("disk", "0 MiB free", "make room").cure == "make room"


def test_an_error_of_ours_is_its_own_text() -> None:
    finding = from_error("port", CannotListen("h:1 is in use"), "choose another")
    assert (finding.ok, finding.text, finding.cure) == (False, "h:1 is in use", "choose another")

import pytest
import typer

from fake_mlx.exits import BAD_CONFIGURATION, fail


def test_the_reason_is_one_line_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended:
        fail("no such thing", BAD_CONFIGURATION)
    assert ended.value.exit_code == 78
    assert capsys.readouterr() == ("", "fake-mlx: no such thing\n")

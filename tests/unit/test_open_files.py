"""The limit of open files is raised as far as the kernel lets it."""

import resource

import pytest

from mlx_relay.open_files import raise_open_file_limit


class Kernel:
    """Grants limits up to *most*, as macOS does, whose hard limit says infinity."""

    def __init__(self, soft: int, hard: int, most: int) -> None:
        self.soft, self.hard, self.most = soft, hard, most

    def getrlimit(self, _what: int) -> tuple[int, int]:
        return self.soft, self.hard

    def setrlimit(self, _what: int, limits: tuple[int, int]) -> None:
        if limits[0] > self.most:
            raise ValueError("not allowed to raise maximum limit")
        self.soft = limits[0]


@pytest.mark.parametrize(
    ("soft", "hard", "most", "after"),
    [
        (256, resource.RLIM_INFINITY, 100_000, 65_536),
        (256, resource.RLIM_INFINITY, 10_240, 8_192),
        (256, 4_096, 4_096, 4_096),
        (100_000, 200_000, 200_000, 100_000),
        (256, 65_536, 100, 256),
    ],
)
def test_the_limit_rises_as_far_as_it_may_and_never_falls(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, most: int, after: int
) -> None:
    kernel = Kernel(soft, hard, most)
    monkeypatch.setattr("mlx_relay.open_files.resource.getrlimit", kernel.getrlimit)
    monkeypatch.setattr("mlx_relay.open_files.resource.setrlimit", kernel.setrlimit)
    raise_open_file_limit()
    assert kernel.soft == after

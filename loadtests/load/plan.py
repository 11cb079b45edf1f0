"""What a run needs to know of the servers: a file, written by the runner, read by Locust."""

from pathlib import Path

import msgspec

from load.answers import Answer


class Profile(msgspec.Struct):
    """A profile of the relay: its id, its model, and what the model's cassette says."""

    id: int
    model: str
    answer: Answer


class Plan(msgspec.Struct):
    """Where the relay and the fake listen, who may log in, and what to ask for."""

    relay_port: int
    fake_port: int
    accounts: list[str]
    password: str
    profiles: dict[str, Profile]

    def save(self, file: Path) -> None:
        file.write_bytes(msgspec.json.encode(self))


def load(file: Path) -> Plan:
    return msgspec.json.decode(file.read_bytes(), type=Plan)

"""The addresses of a resumable stream: whose it is, from where it is read, and its end."""

from typing import Any, cast

import pytest

from mlx_relay.errors import NotFound
from mlx_relay.streams import Streams
from mlx_relay.streams.log import StreamKey, StreamLog
from mlx_relay.web.app_keys import STREAMS
from mlx_relay.web.streams import end_reading
from unit.web.conftest import Edge

ID = "0123456789abcdef" * 2
PATH = f"/api/chat/streams/{ID}"


class FakeStreams:
    """Has one stream, of one user."""

    def __init__(self, user_id: int) -> None:
        self.key = StreamKey(user_id, ID)
        self.log = StreamLog(self.key, 1 << 20)
        self.log.append([b"1", b"2"], is_last=True)
        self.stopped = False
        self.has_ended = False

    async def find(self, user_id: int, stream_id: str) -> StreamLog:
        if (user_id, stream_id) != self.key:
            raise NotFound
        return self.log

    async def stop(self, user_id: int, stream_id: str) -> None:
        await self.find(user_id, stream_id)
        self.stopped = True

    def end_reading(self) -> None:
        self.has_ended = True


@pytest.fixture
def streams(edge: Edge) -> FakeStreams:
    fake = FakeStreams(edge.user.id)
    edge.set(STREAMS, cast("Streams", fake))
    return fake


async def read(edge: Edge, headers: dict[str, str]) -> tuple[int, str]:
    everything = edge.bearer(edge.user) | headers
    async with edge.client.get(PATH, headers=everything) as answer:
        return answer.status, await answer.text()


@pytest.mark.parametrize("headers", [{}, {"Last-Event-ID": "0"}])
async def test_without_a_number_all_of_it_comes(
    edge: Edge, streams: FakeStreams, headers: dict[str, str]
) -> None:
    whole = b"".join(streams.log.since(0)).decode()
    assert await read(edge, headers) == (200, whole)


async def test_with_one_comes_what_follows_it(edge: Edge, streams: FakeStreams) -> None:
    assert await read(edge, {"Last-Event-ID": "1"}) == (200, "id: 2\ndata: 2\n\n")
    assert await read(edge, {"Last-Event-ID": "2"}) == (204, "")


@pytest.mark.parametrize("number", ["one", "-1", "1.0", "٣", "", "9" * 19])
async def test_what_is_no_number_is_refused(edge: Edge, streams: FakeStreams, number: str) -> None:
    status, text = await read(edge, {"Last-Event-ID": number})
    assert status == 400
    assert "Last-Event-ID" in text


async def test_another_users_stream_is_not_there(edge: Edge, streams: FakeStreams) -> None:
    for path in (PATH, PATH.replace("0", "f")):
        assert (await edge.as_admin("GET", path))[0] == 404
        assert (await edge.as_admin("POST", f"{path}/stop", {}))[0] == 404
    assert not streams.stopped


async def test_its_user_stops_it(edge: Edge, streams: FakeStreams) -> None:
    assert await edge.as_plain_user("POST", f"{PATH}/stop", {}) == (204, None)
    assert streams.stopped


@pytest.mark.parametrize("path", [PATH[:-1], f"{PATH}0", PATH.upper()])
async def test_what_is_no_id_is_no_address(edge: Edge, path: str) -> None:
    assert (await edge.as_plain_user("GET", path))[0] == 404


async def test_where_nothing_is_resumable_nothing_is_there(edge: Edge) -> None:
    answer: Any = await edge.as_plain_user("GET", PATH)
    assert answer[0] == 404
    assert (await edge.as_plain_user("POST", f"{PATH}/stop", {}))[0] == 404


async def test_the_end_of_the_service_lets_readers_go(edge: Edge, streams: FakeStreams) -> None:
    assert edge.client.app is not None
    await end_reading(edge.client.app)
    assert streams.has_ended
    edge.set(STREAMS, None)
    await end_reading(edge.client.app)

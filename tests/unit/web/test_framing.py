"""What aiohttp's parser lets through, and every other server reads in its own way."""

from collections.abc import Mapping

import pytest
from aiohttp import HttpVersion, HttpVersion10, HttpVersion11, web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request
from multidict import CIMultiDict

from mlx_relay.errors import BadRequest, HeadTooLarge, NotSupported, VersionNotSupported
from mlx_relay.web.errors import setup_errors
from mlx_relay.web.framing import MAX_HEAD_BYTES, check_framing, setup_framing


def request(
    target: str = "/",
    headers: Mapping[str, str] | None = None,
    *,
    method: str = "POST",
    version: HttpVersion = HttpVersion11,
) -> web.Request:
    return make_mocked_request(method, target, headers, version=version)


@pytest.mark.parametrize("target", ["/", "//a/b", "/?a=b", "http://a/b", "https://a"])
@pytest.mark.parametrize("version", [HttpVersion10, HttpVersion11])
def test_a_path_and_a_whole_url_are_fine(target: str, version: HttpVersion) -> None:
    check_framing(request(target, {"Content-Length": "3"}, version=version))


@pytest.mark.parametrize("version", [(0, 9), (1, 2), (2, 0), (3, 0)])
def test_another_version_is_not_spoken(version: tuple[int, int]) -> None:
    with pytest.raises(VersionNotSupported):
        check_framing(request(version=HttpVersion(*version)))


@pytest.mark.parametrize(("method", "target"), [("OPTIONS", "*"), ("CONNECT", "evil:443")])
def test_a_target_that_is_no_resource_is_not_supported(method: str, target: str) -> None:
    with pytest.raises(NotSupported):
        check_framing(request(target, method=method))


@pytest.mark.parametrize("coding", ["chunked", "Chunked", " chunked "])
def test_chunked_is_the_one_transfer_encoding(coding: str) -> None:
    check_framing(request(headers={"Transfer-Encoding": coding}))


@pytest.mark.parametrize("coding", ["gzip, chunked", "gzip", "identity", "", "chunked, chunked"])
def test_any_other_transfer_encoding_is_not_supported(coding: str) -> None:
    with pytest.raises(NotSupported):
        check_framing(request(headers={"Transfer-Encoding": coding}))


def test_two_transfer_encodings_are_not_supported() -> None:
    headers = CIMultiDict([("Transfer-Encoding", "gzip"), ("Transfer-Encoding", "chunked")])
    with pytest.raises(NotSupported):
        check_framing(request(headers=headers))


def test_http_1_0_has_no_transfer_encoding() -> None:
    with pytest.raises(BadRequest):
        check_framing(request(headers={"Transfer-Encoding": "chunked"}, version=HttpVersion10))


def test_many_headers_may_not_be_large_together() -> None:
    few = {f"X-{number}": "x" * 8000 for number in range(3)}
    check_framing(request(headers=few))
    with pytest.raises(HeadTooLarge):
        check_framing(request(headers=few | {"X-More": "x" * (MAX_HEAD_BYTES - 24_000)}))


async def test_what_is_refused_reaches_no_handler() -> None:
    async def fail(request: web.Request) -> web.Response:
        raise AssertionError(request.path)

    app = web.Application()
    setup_errors(app)
    setup_framing(app)
    app.router.add_get("/", fail)
    async with TestClient(TestServer(app)) as client:
        headers = {f"X-{number}": "x" * 8000 for number in range(5)}
        async with client.get("/", headers=headers) as answer:
            assert (answer.status, answer.headers["Connection"]) == (431, "close")

"""A request that began is finished; only a stream ends with its client."""

import asyncio

from aiohttp import web
from aiohttp.test_utils import TestServer

from mlx_relay.web.finishing import finishing, setup_finishing


class Work:
    """A handler that waits until it is let go, and says how far it came."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.go_on = asyncio.Event()
        self.finished = asyncio.Event()

    async def handle(self, _request: web.Request) -> web.Response:
        self.began.set()
        await self.go_on.wait()
        self.finished.set()
        return web.Response(text="done")


async def fail(_request: web.Request) -> web.Response:
    raise web.HTTPConflict


async def serve(*routes: web.RouteDef) -> TestServer:
    app = web.Application()
    setup_finishing(app)
    app.add_routes(routes)
    server = TestServer(app)
    await server.start_server()
    return server


async def leave_early(server: TestServer, work: Work) -> None:
    """Send a request and go as soon as its handler runs."""
    _, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
    await work.began.wait()
    writer.transport.abort()


async def test_a_handler_goes_on_when_its_client_has_left() -> None:
    work = Work()
    server = await serve(web.get("/", finishing(work.handle)))
    await leave_early(server, work)
    work.go_on.set()
    await work.finished.wait()
    await server.close()


async def test_the_end_of_the_application_waits_for_it() -> None:
    work = Work()
    server = await serve(web.get("/", finishing(work.handle)))
    await leave_early(server, work)
    async with asyncio.TaskGroup() as group:
        group.create_task(server.close())
        await asyncio.sleep(0)
        work.go_on.set()
    assert work.finished.is_set()


async def test_what_it_answers_and_what_it_raises_reach_the_client() -> None:
    work = Work()
    work.go_on.set()
    server = await serve(web.get("/", finishing(work.handle)), web.get("/x", finishing(fail)))
    try:
        for path, status in (("/", b"200"), ("/x", b"409"), ("/", b"200")):
            reader, writer = await asyncio.open_connection(server.host, server.port)
            writer.write(b"GET %b HTTP/1.1\r\nHost: here\r\n\r\n" % path.encode())
            assert (await reader.readline()).split()[1] == status
            writer.close()
    finally:
        await server.close()

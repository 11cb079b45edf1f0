"""The naive design as a yardstick: FastAPI and httpx, one SSE event per character.

It reads lines, decodes JSON with the standard library, and feeds a tag parser character by
character, as a first version of such a relay would.
"""

import argparse
import json
from collections.abc import AsyncIterator, Iterator

import httpx
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

app = FastAPI()
upstream = ""


class TagParser:
    """Splits text into thinking and response at ``<think>`` tags, one character at a time."""

    def __init__(self) -> None:
        self.buffer = ""
        self.is_thinking = False

    def feed(self, character: str) -> Iterator[dict[str, str]]:
        self.buffer += character
        tag = "</think>" if self.is_thinking else "<think>"
        if self.buffer == tag:
            self.is_thinking = not self.is_thinking
            self.buffer = ""
        elif not tag.startswith(self.buffer):
            kind = "thinking" if self.is_thinking else "response"
            yield {"type": kind, "content": self.buffer}
            self.buffer = ""


@app.post("/api/chat/completions")
async def complete(request: Request) -> StreamingResponse:
    body = await request.json()
    return StreamingResponse(events(body), media_type="text/event-stream")


async def events(body: dict[str, object]) -> AsyncIterator[str]:
    parser = TagParser()
    client = httpx.AsyncClient(timeout=600)
    async with client, client.stream("POST", upstream, json=body) as response:
        async for line in response.aiter_lines():
            if not line.startswith("data: ") or line == "data: [DONE]":
                continue
            content = json.loads(line[6:])["choices"][0]["delta"].get("content") or ""
            for character in content:
                for event in parser.feed(character):
                    yield f"data: {json.dumps(event)}\n\n"
    yield f"data: {json.dumps({'type': 'done'})}\n\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    upstream = f"{arguments.upstream}/v1/chat/completions"
    uvicorn.run(app, port=arguments.port, log_level="warning", access_log=False)

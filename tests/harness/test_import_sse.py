from fake_mlx.import_sse import import_sse


def test_the_bytes_are_kept() -> None:
    data = b"data: 1\n\ndata: [DONE]\n\n"
    [cassette] = import_sse(data, "raw", "raw.sse")
    assert (cassette.header.name, cassette.body) == ("raw", data)
    assert len(cassette.chunks) == 2

import json
from pathlib import Path

import pytest

from fake_mlx.client_record import ClientRecorder
from fake_process import FakeProcess, one_line, run
from handmade import chat


@pytest.fixture
def record(fake: FakeProcess, tmp_path: Path) -> Path:
    """What a client got that asked the fake once."""
    recorder = ClientRecorder()
    recorder.post(f"{fake.url}/v1/chat/completions", chat("kept"))
    recorder.save(tmp_path / "client.jsonl")
    return tmp_path / "client.jsonl"


def test_a_line_per_rule_and_no_failure_when_all_are_kept(fake: FakeProcess, record: Path) -> None:
    done = run("verdict", "--journal", fake.url, "--client", record)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 6
    assert "kept    every byte in order: 6 bytes" in done.stdout


def test_a_broken_rule_exits_with_1_and_both_sides_may_be_files(
    fake: FakeProcess, record: Path, tmp_path: Path
) -> None:
    journal = tmp_path / "journal.json"
    journal.write_text(json.dumps(fake.journal(stamps=True)))
    record.write_bytes(record.read_bytes().replace(b"two", b"tow"))
    done = run("verdict", "--journal", journal, "--client", record, "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert not found["kept"]
    assert [ruling["kept"] for ruling in found["rulings"]] == [True, True, False, None, None, None]


def test_a_proxy_that_writes_chunks_anew_is_judged_by_text_on_request(
    fake: FakeProcess, record: Path
) -> None:
    done = run("verdict", "--journal", fake.url, "--client", record, "--speaks", "events")
    assert done.returncode == 1
    assert "BROKEN  exactly one terminal event: request 1: 0 terminal events" in done.stdout
    assert run("verdict", "--speaks", "tongues").returncode == 2


@pytest.mark.parametrize("journal", ["{}", "[1]", "no", '[{"id":1}]'])
def test_what_is_no_journal_is_one_clear_line(tmp_path: Path, record: Path, journal: str) -> None:
    (tmp_path / "journal.json").write_text(journal)
    done = run("verdict", "--journal", tmp_path / "journal.json", "--client", record)
    assert done.returncode == 1
    assert one_line(done.stderr)


def test_what_is_missing_or_no_record_is_one_clear_line(fake: FakeProcess, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text("{}\n")
    for file in ("bad.jsonl", "missing.jsonl"):
        done = run("verdict", "--journal", fake.url, "--client", tmp_path / file)
        assert done.returncode == 1
        assert file in done.stderr
        assert one_line(done.stderr)

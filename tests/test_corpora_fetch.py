"""Fetching, from a server of our own: what arrives whole is kept, all else leaves nothing behind."""

import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from embviz.corpora import fetch, open_corpus, registry
from embviz.corpora.fetching import record_of
from embviz.corpora.registry import Entry
from embviz.errors import EmbvizError


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("text", "anarchism originated as a term of abuse " * 3000)
    return out.getvalue()


DATA = archive()
SHA256 = hashlib.sha256(DATA).hexdigest()


class Server(BaseHTTPRequestHandler):
    """Whole at /whole.zip, half at /half.zip, nothing anywhere else."""

    asked = 0

    def do_GET(self) -> None:
        Server.asked += 1
        if self.path not in ("/whole.zip", "/half.zip"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(DATA)))
        self.end_headers()
        self.wfile.write(DATA if "whole" in self.path else DATA[: len(DATA) // 2])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EMBVIZ_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def known(monkeypatch: pytest.MonkeyPatch, url: str, **facts: object) -> Entry:
    entry = Entry("mine", "en", "free", "our server", "a test", url=url, segmented=True, **facts)  # type: ignore[arg-type]
    monkeypatch.setattr(registry, "_registry", lambda: {"mine": entry})
    return entry


def left(cache: Path) -> list[str]:
    return [path.name for path in cache.rglob("*") if path.is_file()]


def test_a_text_is_fetched_once_and_read(address: str, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = known(monkeypatch, f"{address}/whole.zip", bytes=len(DATA), sha256=SHA256)
    assert not entry.here
    shares: list[float] = []
    before = Server.asked
    corpus = open_corpus("mine", report=lambda stage, done, note: shares.append(done) if stage == "fetch" else None)
    assert entry.here
    assert Server.asked == before + 1
    assert shares[-1] == 1.0
    assert sum(map(len, corpus)) == 7 * 3000
    open_corpus("mine")
    assert Server.asked == before + 1
    assert sorted(left(cache)) == ["whole.zip", "whole.zip.sha256"]


def test_the_hash_of_the_first_download_is_kept_and_checked(
    address: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(monkeypatch, f"{address}/whole.zip")
    path = fetch("mine")
    assert record_of(path).read_text() == f"{SHA256}  whole.zip\n"
    path.write_bytes(DATA[:-1])
    with pytest.raises(EmbvizError, match=r"is not the file that was fetched from http.*Remove it"):
        fetch("mine")


def test_a_file_can_be_given(address: str, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, f"{address}/no-such.zip", sha256=SHA256)
    (tmp_path / "mine.zip").write_bytes(DATA)
    assert fetch("mine", file=tmp_path / "mine.zip").read_bytes() == DATA
    (tmp_path / "other.zip").write_bytes(b"other")
    with pytest.raises(EmbvizError, match=r"other\.zip has the sha256 .* It was not kept"):
        fetch("mine", file=tmp_path / "other.zip")
    assert fetch("mine").read_bytes() == DATA, "the good one is still there"
    with pytest.raises(EmbvizError, match="cannot be read"):
        fetch("mine", file=tmp_path / "none.zip")


@pytest.mark.parametrize(
    ("path", "facts", "said"),
    [
        ("/none.zip", {}, "answered 404 Not Found"),
        ("/half.zip", {}, "could not be fetched whole"),
        ("/whole.zip", {"sha256": "0" * 64}, "should have 0000"),
        ("/whole.zip", {"bytes": 7}, "should have 7"),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_leaves_nothing(
    address: str, cache: Path, monkeypatch: pytest.MonkeyPatch, path: str, facts: dict[str, object], said: str
) -> None:
    entry = known(monkeypatch, address + path, **facts)
    with pytest.raises(EmbvizError, match=said) as caught:
        fetch("mine")
    assert address + path in str(caught.value)
    assert "\n" not in str(caught.value)
    assert left(cache) == []
    assert not entry.here


def test_no_server_at_all(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, "http://127.0.0.1:9/text.zip")
    with pytest.raises(EmbvizError, match=r"http://127\.0\.0\.1:9/text\.zip could not be fetched"):
        fetch("mine")
    assert left(cache) == []


def test_an_interruption_leaves_nothing(address: str, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, f"{address}/whole.zip")

    def interrupt(stage: str, done: float, note: str = "") -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch("mine", interrupt)
    assert left(cache) == []


def test_a_cache_that_cannot_be_written(tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, f"{address}/whole.zip")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("EMBVIZ_CACHE", str(tmp_path / "file"))
    with pytest.raises(EmbvizError, match="EMBVIZ_CACHE"):
        fetch("mine")

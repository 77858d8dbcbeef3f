"""The registry, the texts that come with packages, and a user's own from standard input."""

import bz2
import hashlib
import io
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from embviz.corpora import entries, fetch, open_corpus, registry
from embviz.corpora.cleaning import untagged, unwikitext
from embviz.corpora.markup import plain
from embviz.errors import EmbvizError

Pack = Callable[[bytes], bytes]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EMBVIZ_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_every_entry_says_what_it_is() -> None:
    names = [entry.name for entry in entries()]
    assert names[0] == "wikipedia"
    assert {"peoples-daily", "text8", "wikitext-2", "wikitext-103", "wikipedia-zh", "wikipedia-simple"} <= set(names)
    for entry in entries():
        assert entry.language and entry.licence and entry.source and entry.description
        assert bool(entry.url) != bool(entry.package)
        assert entry.read in ("text", "mediawiki", "tagged", "wikitext")


def test_what_is_here_and_what_is_not() -> None:
    here = {entry.name: entry.here for entry in entries()}
    assert here["wikipedia"] and here["lee"]
    assert not here["text8"] and not here["wikipedia-zh"]


@pytest.mark.parametrize("entry", [entry for entry in entries() if entry.package], ids=lambda entry: entry.name)
def test_packaged_texts_are_the_ones_that_are_known(entry: registry.Entry) -> None:
    data = b"".join(path.read_bytes() for path in entry.paths)
    assert (len(data), hashlib.sha256(data).hexdigest()) == (entry.bytes, entry.sha256)


@pytest.mark.parametrize("name", ["lee", "peoples-daily", "book-reviews-zh"])
def test_packaged_texts_are_read(name: str) -> None:
    corpus = open_corpus(name)
    (entry,) = [entry for entry in entries() if entry.name == name]
    assert (corpus.language, corpus.licence, corpus.source) == (entry.language, entry.licence, entry.source)
    assert corpus.sha256() == entry.sha256
    assert next(iter(corpus))
    assert next(corpus.sentences())


def test_peoples_daily_keeps_the_cuts_and_loses_the_tags() -> None:
    corpus = open_corpus("peoples-daily")
    assert next(iter(corpus))[:6] == ["迈向", "充满", "希望", "的", "新", "世纪"]
    assert next(corpus.sentences()) == "迈向充满希望的新世纪——一九九八年新年讲话（附图片１张）"


@pytest.mark.slow
def test_the_default_corpus_has_about_as_many_words_as_gensim_finds(cache: Path) -> None:
    corpus = open_corpus("wikipedia")
    first = list(corpus)
    assert 400_000 < sum(map(len, first)) < 550_000
    assert first == list(corpus), "the second pass reads what the first one kept"
    assert len(list(cache.glob("text/*.txt"))) == 1
    text = "\n".join(corpus.sentences())
    assert not any(mark in text for mark in ("'''", "==", "[[", "{{", "<ref", "Category:", ".jpg", "http"))


def test_unknown_names_get_advice() -> None:
    with pytest.raises(EmbvizError, match="Did you mean: wikipedia"):
        open_corpus("wikipeda")
    with pytest.raises(EmbvizError, match=r"no corpus and no file 'xyzzy'\. Corpora: wikipedia, "):
        open_corpus("xyzzy")
    with pytest.raises(EmbvizError, match=r"no corpus and no file 'xxx.*…'"):
        open_corpus("x" * 5000)
    with pytest.raises(EmbvizError, match="no corpus and no file ''"):
        open_corpus("")
    with pytest.raises(EmbvizError, match="no columns"):
        open_corpus("lee", column="text")


def test_a_package_that_is_missing_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "find_spec", lambda _: None)
    with pytest.raises(EmbvizError, match=r"pip install 'embviz\[chinese\]'"):
        open_corpus("peoples-daily")
    assert not any(entry.here for entry in entries())
    with pytest.raises(EmbvizError, match="is not needed"):
        fetch("lee", file=Path("x"))


def test_own_texts_are_named_after_their_file(tmp_path: Path) -> None:
    for name, expected in [("my.novel.txt", "my.novel"), ("text8", "text8"), ("b.jsonl.gz", "b"), ("c.zip", "c")]:
        (tmp_path / name).write_bytes(b"x")
        assert open_corpus(str(tmp_path / name), column="t" if "json" in name else None).name == expected
    assert open_corpus(str(tmp_path)).name == tmp_path.name


def give(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_standard_input_can_be_read_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, "One two.\n三")
    corpus = open_corpus("-")
    assert list(corpus) == list(corpus) == [["one", "two"], ["三"]]
    give(monkeypatch, "")
    with pytest.raises(EmbvizError, match="Standard input is empty"):
        open_corpus("-")


@pytest.mark.parametrize("table", ['{"t": "yes"}\n', "n,t\n1,yes\n", "n\tt\n1\tyes\n"])
def test_standard_input_can_be_a_table(monkeypatch: pytest.MonkeyPatch, table: str) -> None:
    give(monkeypatch, table)
    assert list(open_corpus("-", column="t")) == [["yes"]]


def test_the_copy_of_standard_input_is_removed(tmp_path: Path) -> None:
    code = "from embviz.corpora import open_corpus; assert list(open_corpus('-')) == [['word']]"
    subprocess.run([sys.executable, "-c", code], input=b"word", env={**os.environ, "TMPDIR": str(tmp_path)}, check=True)
    assert [path.name for path in tmp_path.iterdir()] == []


def test_opening_and_listing_import_nothing_heavy() -> None:
    code = (
        "import sys; from embviz.corpora import open_corpus, entries; entries(); next(iter(open_corpus('lee')));"
        "print([m for m in ('gensim', 'torch', 'numpy', 'pooch', 'rjieba', 'snownlp') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_untagged() -> None:
    assert untagged("１９９８年/t  的/u  和/或/c\n。/w").split() == ["１９９８年", "的", "和/或", "。"]


def test_unwikitext() -> None:
    assert unwikitext(" = Title = \n a well @-@ known 1 @,@ 000 = x \n = = Part = = \n").strip() == (
        "a well-known 1,000 = x"
    )


PAGE = """{{Infobox|a=b|c={{d}}}}
[[File:A.jpg|thumb|A caption with [[link|a link]] inside.]]
'''Albedo''' ({{lang|la|x}}; , ''albedo'') is the [[reflectivity|reflecting power]] of a surface.<ref>Book</ref>
<!-- no -->
== History ==
{| class="wikitable"
| cell [[one]]
{| nested
| deep
|}
|}
* An ''item'' of a list, see {{cite}} .
<gallery>
File:B.jpg|Gone too
</gallery>
中文-{zh-hans:计算机;zh-hant:電腦}-很好。[[檔案:丙.png|縮圖|圖說]]
[[Category:Physics]]
[[分类:物理]] [[fr:Albédo]]
"""


def test_markup_goes_and_prose_stays() -> None:
    assert plain(PAGE).splitlines() == [
        "Albedo (albedo) is the reflecting power of a surface.",
        "An item of a list, see.",
        "中文计算机很好。",
    ]


def dump(*pages: str) -> bytes:
    head = '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/"><siteinfo/>'
    return (head + "".join(pages) + "</mediawiki>").encode()


def page(text: str, ns: int = 0, more: str = "") -> str:
    return f"<page><title>T</title><ns>{ns}</ns>{more}<revision><text>{text}</text></revision></page>"


@pytest.mark.parametrize(("name", "pack"), [("a.xml", bytes), ("zh.xml.bz2", bz2.compress)])
def test_a_dump_gives_its_articles_only(tmp_path: Path, cache: Path, name: str, pack: Pack) -> None:
    data = dump(
        page("'''第一'''条。"),
        page("talk", ns=1),
        page("#REDIRECT [[X]]"),
        page("#重定向 [[X]]"),
        page("x", more='<redirect title="X"/>'),
        page("Second [[one]]."),
        page(""),
    )
    (tmp_path / name).write_bytes(pack(data))
    corpus = open_corpus(str(tmp_path / name))
    shares: list[float] = []
    assert list(corpus.sentences(shares.append)) == ["第一条。", "Second one."]
    assert shares[-1] == 1.0
    assert corpus.sha256() == hashlib.sha256(pack(data)).hexdigest()
    (kept,) = cache.glob("text/*")
    assert list(corpus.sentences()) == ["第一条。", "Second one."]
    kept.write_text("Kept text.")
    assert list(corpus.sentences()) == ["Kept text."]


def test_a_dump_that_is_cut_short_is_told_and_not_kept(tmp_path: Path, cache: Path) -> None:
    for name, data in [("a.xml", dump(page("text"))[:-20]), ("b.xml.bz2", bz2.compress(dump(page("text")) * 3)[:-9])]:
        (tmp_path / name).write_bytes(data)
        with pytest.raises(EmbvizError, match=r"damaged|no text"):
            list(open_corpus(str(tmp_path / name)))
    assert [path for path in cache.rglob("*") if path.is_file()] == []


def test_a_first_pass_that_is_left_early_keeps_nothing(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "a.xml").write_bytes(dump(page("one"), page("two")))
    reader = iter(open_corpus(str(tmp_path / "a.xml")))
    assert next(reader) == ["one"]
    reader.close()
    assert list(cache.glob("text/*")) == []
    assert list(cache.glob("text/.*")) == []


def test_where_there_can_be_no_cache_a_dump_is_read_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("EMBVIZ_CACHE", str(tmp_path / "file" / "no"))
    (tmp_path / "a.xml").write_bytes(dump(page("one")))
    assert list(open_corpus(str(tmp_path / "a.xml"))) == [["one"]]


def test_the_registry_is_what_its_file_says() -> None:
    assert registry.__file__ is not None
    facts = tomllib.loads(Path(registry.__file__).with_name("registry.toml").read_text(encoding="utf-8"))
    assert list(facts) == [entry.name for entry in entries()]

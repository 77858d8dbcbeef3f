"""The wheel: what is in it, what it asks for, and that it works away from the checkout.

Installing every dependency anew took 121 s and 1.8 GB here, so the new environment sees those of this one, through a
.pth file; `make` installs them all, and what the wheel declares is compared with what the code imports.
"""

import ast
import json
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = {"embviz": "embviz", "apps": "embviz/apps", "corpora": "embviz/corpora"}
"""Folders of the checkout, and where each is once installed."""


def tracked() -> list[str]:
    """The files of the checkout that git knows."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is no git checkout")
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that the checkout gets no build/ and no egg-info."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in tracked():
        (folder / "copy" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / "copy" / name)
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(folder),
        str(folder / "copy"),
    ]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel in a new environment; gives its folder of commands."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    (packages,) = home.glob("lib/python*/site-packages")
    before = {path.name for path in packages.iterdir()}
    install = ["install", "--quiet", "--no-deps", "--no-index", "--no-compile", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", "--python", str(python), *install], check=True)
    added = {path.name for path in packages.iterdir()} - before
    assert added == {"embviz", f"{'-'.join(wheel.name.split('-')[:2])}.dist-info"}
    # a .pth of that folder, such as an editable install of embviz has, is not followed from here
    (packages / "outer.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home / "bin"


@pytest.mark.slow
def test_the_wheel_holds_embviz_whole_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    tops = {PurePosixPath(name).parts[0] for name in inside}
    assert tops == {"embviz", f"{'-'.join(wheel.name.split('-')[:2])}.dist-info"}
    expected = {
        f"{ROOMS[room]}/{rest}"
        for room, _, rest in (name.partition("/") for name in tracked())
        if room in ROOMS and rest
    }
    assert {"embviz/apps/explorer/assets/style.css", "embviz/corpora/registry.toml"} <= expected
    assert {name for name in inside if name.startswith("embviz/")} == expected


def imported() -> Iterator[tuple[str, str]]:
    """The top-level name of every import in the three rooms, and the file it is in."""
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    yield from ((alias.name.partition(".")[0], str(path)) for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    yield str(node.module).partition(".")[0], str(path)


def test_what_is_imported_is_declared_and_nothing_else() -> None:
    """An import that works here only because another library brings it may be gone tomorrow."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    lines = project["dependencies"] + extras["pretrained"] + extras["ray"]
    declared = {plain(re.split(r"[^\w.-]", line)[0]) for line in lines}
    brought_by = packages_distributions()
    own = {"embviz", *sys.stdlib_module_names}
    used = set()
    for name, where in imported():
        if name not in own:
            distributions = {plain(one) for one in brought_by[name]}
            assert distributions & declared, f"{where} imports {name}, which comes with {distributions}"
            used |= distributions
    assert not declared - used


def plain(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


@pytest.mark.slow
def test_an_installed_embviz_trains_and_serves(installed: Path, tmp_path: Path) -> None:
    def run(*command: str) -> str:
        return subprocess.run([str(installed / command[0]), *command[1:]], cwd=tmp_path, stdout=-1, text=True).stdout

    where = run("python", "-c", "import embviz, embviz.apps, embviz.corpora as c; print(embviz.__file__, c.__file__)")
    assert all(Path(path).is_relative_to(installed.parent) for path in where.split())
    assert run("python", "-c", "import importlib.util as u; print(u.find_spec('apps'), u.find_spec('corpora'))") == (
        "None None\n"
    )
    (tmp_path / "text.txt").write_text("the king rules the castle\nthe queen rules the castle\n" * 200)
    told = run("embviz", "train", "word2vec", "text.txt", "--out", "runs/words", "--epochs", "1", "--dims", "8")
    assert "runs/words: 5 words, 8 dimensions" in told
    assert len(json.loads(run("embviz", "near", "runs/words", "king", "--json"))["neighbors"]) == 4
    command = [str(installed / "embviz"), "serve", "runs", "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().split()[2]
            for path, kind in (
                ("", "text/html"),
                ("assets/style.css", "text/css"),
                ("assets/explorer.js", "text/javascript"),
            ):
                with urllib.request.urlopen(url + path, timeout=30) as answer:
                    assert answer.status == 200 and answer.headers.get_content_type() == kind
        finally:
            server.terminate()
    assert server.returncode == 0

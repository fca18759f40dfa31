"""--fetch from an origin on the loopback: told, brought, verified, and what is left to the user."""

import hashlib
import io
import os
import re
from dataclasses import replace

import pytest
from archives import tarred, zipped
from in_process import call
from loopback import Loopback, status
from PIL import Image

from benchmarks.cli import fetch as verb
from benchmarks.cli.request import Request
from benchmarks.cli.session import Session
from benchmarks.engine.weights import WeightFiles
from benchmarks.fetch import transfer
from benchmarks.fetch.needed import asked
from benchmarks.papers.registry import FIGURES, TABLES
from datasets.cityscapes import Cityscapes
from datasets.images import DataPaths
from datasets.sources import Archive, Folder

EXHIBITS = {**TABLES, **FIGURES}
FEW = 2  # files of each member of an archive
SIZES = {"cbsd68": (481, 321), "kodak24": (500, 500)}
KINDS = {"png": "PNG", "jpg": "JPEG", "bmp": "BMP", "tif": "TIFF"}


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """No proxy, no wait before another attempt, no weights of this machine."""
    for name in os.environ:
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(transfer, "PAUSE", 0.001)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


@pytest.fixture
def origin(tmp_path, monkeypatch):
    """Serves small files in the layouts of the declared ones, whose digests are then declared."""
    with Loopback({}) as server:
        monkeypatch.setattr(
            verb,
            "asked",
            lambda *given: [
                replace(need, source=served(need.source, server, tmp_path))
                for need in asked(*given)
            ],
        )
        yield server


def served(source, server, folder):
    return replace(source, files=tuple(small(file, server, folder) for file in source.files))


def small(file, server, folder):
    """The declaration of a small file of the same kind, which the server has."""
    if isinstance(file, Folder):
        return replace(file, count=None)
    changes = {}
    if isinstance(file, Archive):
        members = tuple(replace(m, count=min(FEW, m.count or FEW)) for m in file.members)
        content = packed(replace(file, members=members), folder)
        changes["members"] = members
    else:
        content = shown(file.path)
    path = f"/{file.path}"
    server.files[path] = content
    sums = {
        name: hashlib.new(name, content).hexdigest()
        for name in ("sha256", "md5", "sha1")
        if getattr(file, name)
    }
    size = None if file.size is None else len(content)
    urls = tuple(server.url(path) for _ in file.urls)
    return replace(file, urls=urls, size=size, **sums, **changes)


def shown(path):
    """A photograph of the size that its set has, or bytes that begin as the file's name says."""
    place, kind = path.split("/")[0], path.rpartition(".")[2]
    if kind not in KINDS:
        return (b"PK\x03\x04" if kind == "npz" else b"") + path.encode()
    out = io.BytesIO()
    Image.new("RGB", SIZES.get(place, (512, 512))).save(out, KINDS[kind])
    return out.getvalue()


def packed(archive, folder):
    """An archive with so many members of each kind as are declared."""
    members = {
        name: shown(name)
        for member in archive.members
        for name in names(member.pattern, member.count)
    }
    write = tarred if archive.path.endswith(".tar") else zipped
    path = write(folder / "packed", members)
    content = path.read_bytes()
    path.unlink()
    return content


def names(pattern, count):
    """Names that the declared patterns take; their groups are numbers, cities and frames."""
    plain = pattern.replace(r"(?i:jpg)", "jpg").replace("\\", "")
    digits = {"(d{4})": "{:04}", "(d{6})": "{:06}", "(dd)": "{:02}"}
    for group, number in digits.items():
        plain = plain.replace(group, number)
    plain = plain.replace("([a-z]+)", "aachen").replace("([^/]+)", "aachen_000000_{:06}")
    first = 801 if "valid" in plain else 1
    return [plain.format(number) for number in range(first, first + count)]


def paper():
    """The paper profile on no data."""
    return Session(Request("fetch", profile="paper", device="cpu")).engine.status


def plan(capsys, root, out, *tables):
    code, text, _ = call(
        capsys,
        "--table",
        *tables,
        "--plan",
        "--profile",
        "paper",
        "--data-root",
        root,
        "--out",
        out,
    )
    assert code == 0
    return text


def brought(capsys, root, *words):
    """Status, output and error of a fetch."""
    return call(capsys, "--fetch", *words, "--data-root", root, "--out", root.parent / "out")


@pytest.mark.parametrize("table", ["stft_table1c", "stft_table2", "pdl_table2", "pdl_demosaicing"])
def test_plan_of_a_table_misses_nothing_after_a_fetch_into_an_empty_root(
    capsys, tmp_path, origin, monkeypatch, table
):
    # Features and metrics ask for the digests of the real files.
    monkeypatch.setattr(WeightFiles, "_check", lambda self, path, sha256: None)
    root, out = tmp_path / "new" / "data", tmp_path / "new" / "out"
    assert "  missing  " in plan(capsys, tmp_path, out, table)
    code, text, err = brought(capsys, root, table)
    assert (code, err) == (0, "")
    said = re.search(r"^(\d+) of \1 sources are there$", text, re.MULTILINE)
    assert said, text
    assert "  missing  " not in plan(capsys, root, out, table)
    asked_for = len(origin.log)
    assert brought(capsys, root, table)[0] == 0
    assert len(origin.log) == asked_for


def test_all_that_can_be_had_by_machine_is_there_after_one_command(capsys, tmp_path, origin):
    """And what is not is told with every step, and stands in the summary."""
    root = tmp_path / "data"
    code, text, _ = brought(capsys, root, "all")
    assert code == 1
    left = set(re.findall(r"([\w.-]+) is not", text.splitlines()[-1]))
    by_hand = {
        need.source.name for need in verb.asked(("all",), EXHIBITS, paper(), "")
        if not all(file.urls for file in need.source.files)
    }  # fmt: skip
    assert left == by_hand
    assert {"Cityscapes", "CelebA", "Helen", "RESIDE_OTS", "HG_68_CelebA.pth"} <= left
    for name in left:
        assert f"{name} needs you (" in text
    assert f"csDownload -r -d {root}/cityscapes gtFine_trainvaltest.zip" in text
    assert "DIR" not in text
    assert text.count("--folder https://drive.google.com/") == 1  # five sources are of one folder


def test_plan_of_a_fetch_lists_everything_and_makes_nothing(capsys, tmp_path, origin):
    root = tmp_path / "data"
    code, text, err = call(capsys, "--fetch", "all", "--plan", "--data-root", root)
    assert (code, err) == (0, "")
    flat = " ".join(text.split())
    for need in asked(("all",), EXHIBITS, paper()):
        source = need.source
        assert f"{source.name}: " in flat
        assert f"terms: {source.terms}" in flat
        assert all(name in flat for name in need.wanted_by)
    assert flat.count("digest: ") == flat.count("terms: ")
    assert flat.count("recorded at first fetch") > 1
    assert "manifest of 68 files, sha256 each" in flat
    assert "Cityscapes needs you (" in text
    assert not origin.log
    assert not root.exists()


@pytest.mark.parametrize("fault", ["digest", "404"])
def test_one_source_that_fails_stops_no_other(capsys, tmp_path, origin, fault):
    root = tmp_path / "data"
    assert brought(capsys, tmp_path / "first", "FFDNet_color.mat", "Set5")[0] == 0
    path = "/weights/FFDNet_color.mat"
    if fault == "404":
        origin.fail(path, status(404), always=True)
    else:
        origin.fail(path, typed_as_other, always=True)
    code, text, err = brought(capsys, root, "FFDNet_color.mat", "Set5")
    assert code == 1
    assert origin.url(path) in err
    assert text.endswith("1 of 2 sources are there: FFDNet_color.mat is not\n")
    assert len(list((root / "set5").iterdir())) == 5
    assert not (root / "weights" / "FFDNet_color.mat").exists()


def typed_as_other(exchange, content):
    """A file of the same length."""
    exchange.head(200, len(content))
    exchange.wfile.write(bytes(len(content)))


def test_archives_that_the_user_brings_are_verified_and_unpacked(capsys, tmp_path, origin):
    root = tmp_path / "data"
    code, text, _ = brought(capsys, root, "Cityscapes")
    assert code == 1
    assert "Cityscapes needs you (for non-commercial purposes alone" in text
    places = {f"{kind}_trainvaltest.zip": root / "cityscapes" for kind in ("gtFine", "leftImg8bit")}
    for name, folder in places.items():
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(origin.files[f"/cityscapes/{name}"] + b"longer")
    code, _, err = brought(capsys, root, "Cityscapes")
    assert code == 1
    assert err.count("is not the file that its source has: its md5 is") == 2
    for name, folder in places.items():
        (folder / name).write_bytes(origin.files[f"/cityscapes/{name}"])
    code, text, _ = brought(capsys, root, "Cityscapes")
    assert code == 0
    assert text.endswith("Cityscapes: fetched and verified\n1 of 1 sources are there\n")
    for split in ("train", "val"):
        assert len(Cityscapes(split).open(DataPaths(root, tmp_path / "cache"))) == FEW
    assert all((folder / name).is_file() for name, folder in places.items())


def test_size_and_room_are_told_before_anything_is_fetched(capsys, tmp_path, origin):
    text = call(capsys, "--fetch", "set5", "DIV2K", "--data-root", tmp_path, "--plan")[1]
    sizes = [len(content) for content in origin.files.values()]
    assert f"to download: {len(sizes)} files, {verb.gigabytes(sum(sizes))}; " in text
    assert f"free in {tmp_path}" in text


@pytest.mark.parametrize(
    ("size", "words"),
    [(3_530_603_713, "3.53 GB"), (574_673_361, "575 MB"), (8_613, "8.61 kB"), (12, "12 bytes")],
)
def test_sizes_in_words(size, words):
    assert verb.gigabytes(size) == words


def test_smoke_needs_nothing(capsys):
    code, text, _ = call(capsys, "--fetch", "d2sm_table1", "--profile", "smoke", "--plan")
    assert code == 0
    assert text == "the profile smoke needs no file that has to be fetched\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["d2sm_table1"], "--fetch goes with --data-root DIR, or with --plan"),
        (["d2sm_tabel1", "--plan"], "did you mean 'd2sm_table1'?"),
        (["d2sm_table1", "--plan", "--only", "L_7"], "no row like 'L_7'"),
        (["d2sm_table1", "--data-root", __file__], "is a file; name a folder"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(capsys, arguments, told):
    code, out, err = call(capsys, "--fetch", *arguments)
    assert (code, out) == (2, "")
    assert told in err
    assert len(err.splitlines()) == 1

"""The kit: the same every time, silent about methods, and never changed under raters' hands."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from PIL import Image
from tiny_study import METHODS, STUDY, pictures

from benchmarks.study.key import Shown, StudyError, read_key
from benchmarks.study.kit import Study, write_kit


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_equal_arguments_give_equal_files(kit, tmp_path):
    write_kit(tmp_path / "again", STUDY, dict(reversed(pictures().items())))
    assert files(kit) == files(tmp_path / "again")


def test_a_finished_kit_is_confirmed_and_never_changed(kit):
    before = files(kit)
    write_kit(kit, STUDY, pictures())
    with pytest.raises(StudyError, match=r"another kit.*choose another folder"):
        write_kit(kit, STUDY, pictures(seed=1))
    assert files(kit) == before


def test_an_unfinished_kit_is_finished(kit):
    before = files(kit)
    for name in ("raters/index.html", "raters/images/p03.png", "private/key.json"):
        (kit / name).unlink()
    (kit / "raters" / ".index.html.77.part").write_text("torn")
    write_kit(kit, STUDY, pictures())
    (kit / "raters" / ".index.html.77.part").unlink()
    assert files(kit) == before


def test_a_folder_with_something_else_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(StudyError, match=r"already holds thesis\.txt"):
        write_kit(tmp_path, STUDY, pictures())
    assert list(files(tmp_path)) == ["thesis.txt"]


def test_what_raters_get_names_no_method_and_no_image(kit):
    handed_out = files(kit / "raters")
    assert {name for name in handed_out if not re.fullmatch(r"images/p\d\d\.png", name)} == {
        "index.html"
    }
    for name, content in handed_out.items():
        for word in (*METHODS, "scene-", "degraded", "attention"):
            assert word not in name
            assert word.encode() not in content, (name, word)


def test_the_order_of_the_pictures_tells_nothing(key):
    shown = list(key.pictures.values())
    for ordered in (sorted(shown, key=lambda s: s.image), sorted(shown, key=lambda s: s.method)):
        assert [s.image for s in shown] != [s.image for s in ordered]
        assert [s.method for s in shown] != [s.method for s in ordered]


def test_pictures_hold_the_pixels_of_their_crop_and_nothing_else(kit, key):
    source = pictures()
    for name, what in key.pictures.items():
        with Image.open(kit / "raters" / "images" / f"{name}.png") as image:
            found = np.asarray(image)
            assert not image.info
        given = source[what.image]["input" if what.method == "degraded" else what.method]
        np.testing.assert_array_equal(found, given[4:36, 6:38])


def test_png_files_and_arrays_make_the_same_kit(kit, tmp_path):
    as_files = {}
    for image, methods in pictures().items():
        as_files[image] = {}
        for method, pixels in methods.items():
            path = tmp_path / f"{image}-{method}.png"
            Image.fromarray(pixels).save(path)
            as_files[image][method] = path
    write_kit(tmp_path / "from-files", STUDY, as_files)
    assert files(tmp_path / "from-files") == files(kit)


def test_small_images_are_shown_whole(tmp_path, make_study):
    study, images = make_study(crop=800)
    write_kit(tmp_path / "kit", study, images)
    with Image.open(tmp_path / "kit" / "raters" / "images" / "p01.png") as image:
        assert image.size == (44, 40)


@pytest.mark.parametrize("given", ["close", "missing", "smaller"])
def test_a_check_is_obvious_even_where_the_input_is_not(tmp_path, given):
    smooth = np.tile(np.arange(64, dtype=np.uint8)[:, None, None] * 3, (1, 64, 3))
    images = pictures(images=1, side=64)
    image = {m: np.ascontiguousarray(p[:64, :64]) for m, p in images["scene-0"].items()}
    image["clean"] = smooth
    image["input"] = {"close": smooth + 2, "smaller": smooth[::4, ::4], "missing": None}[given]
    if given == "missing":
        del image["input"]
    study = Study("one", METHODS, crop=64, questions=3, repeats=1, checks=1)
    write_kit(tmp_path / "kit", study, {"scene-0": image})
    key = read_key(tmp_path / "kit" / "private" / "key.json")
    name = next(n for n, what in key.pictures.items() if what == Shown("scene-0", "degraded"))
    with Image.open(tmp_path / "kit" / "raters" / "images" / f"{name}.png") as shown:
        rows = np.asarray(shown)[:, 0, 0].tolist()
    assert rows == [(i // 8 * 8 + 4) * 3 for i in range(64)]  # steps of eight pixels


def test_the_digest_is_of_page_and_pictures(kit, key, tmp_path):
    assert re.fullmatch("[0-9a-f]{64}", key.deck.kit)
    page = (kit / "raters" / "index.html").read_text()
    assert json.loads(re.search(r'id="deck">(.*?)</script>', page)[1])["kit"] == key.deck.kit
    changed = pictures()
    changed["scene-0"][METHODS[0]][20, 20, 0] ^= 1
    write_kit(tmp_path / "other", STUDY, changed)
    assert read_key(tmp_path / "other" / "private" / "key.json").deck.kit != key.deck.kit


def test_the_page_loads_nothing_from_elsewhere(kit):
    page = (kit / "raters" / "index.html").read_text()
    assert not re.findall(r"https?:|//[a-z]+\.|@[A-Z]+@", page.replace("// ", ""))
    assert "default-src 'none'" in page


def test_what_raters_read_is_text_and_not_markup(tmp_path, make_study):
    study, images = make_study(question="Is a < b & c? @SCRIPT@ </script>")
    write_kit(tmp_path / "kit", study, images)
    page = (tmp_path / "kit" / "raters" / "index.html").read_text()
    assert page.count("Is a &lt; b &amp; c? @SCRIPT@ &lt;/script&gt;") == 2
    assert page.count("</script>") == 2


def test_the_readme_says_how_many_raters_give_the_papers_answers(kit, tmp_path):
    """Five methods, 20 questions: 500 answers for each of 10 pairs are 5000 questions."""
    methods = tuple("vwxyz")
    study = Study("five", methods, crop=8, checks=0)
    write_kit(tmp_path / "five", study, pictures(images=2, side=8, methods=methods))
    readme = (tmp_path / "five" / "README.txt").read_text()
    assert "10 pairs of methods, 20 questions each: 250 raters give 500 answers" in readme
    assert read_key(tmp_path / "five" / "private" / "key.json").deck.kit in readme


def _without(image, method):
    def change(images):
        del images[image][method]

    return change


def _with(image, method, value):
    def change(images):
        images[image][method] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_without("scene-1", METHODS[2]), "scene-1 by odd-method is missing"),
        (_with("scene-1", METHODS[2], np.zeros((9, 9, 3), np.uint8)), "44x40 by .* 9x9 by odd"),
        (_with("scene-1", METHODS[2], np.zeros((40, 44, 3))), r"must be uint8 .*float64"),
        (_with("scene-1", METHODS[2], np.zeros((40, 44), np.uint8)), r"uint8 \(H, W, 3\), not"),
        (lambda images: images.clear(), "no images"),
        (lambda images: [m.pop("clean") for m in images.values()], "need a clean image"),
        (lambda images: [images.pop(f"scene-{i}") for i in (1, 2, 3)], "3 different questions"),
    ],
)
def test_unfit_pictures_are_refused_by_name(tmp_path, change, message):
    images = pictures()
    change(images)
    with pytest.raises(StudyError, match=message):
        write_kit(tmp_path / "kit", STUDY, images)
    assert not (tmp_path / "kit" / "raters" / "index.html").exists()


def test_unfit_files_are_refused_by_name(tmp_path):
    images = pictures()
    path = tmp_path / "deep.png"
    images["scene-0"][METHODS[0]] = path
    with pytest.raises(StudyError, match=r"scene-0 by smooth-method: cannot read .*deep\.png"):
        write_kit(tmp_path / "a", STUDY, images)
    Image.fromarray(np.zeros((40, 44), np.uint16)).save(path)
    with pytest.raises(StudyError, match=r"deep\.png is of mode I;16"):
        write_kit(tmp_path / "b", STUDY, images)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": "a b"}, "name"),
        ({"methods": ("one",)}, "two or more"),
        ({"methods": ("one", "one")}, "two or more"),
        ({"methods": ("one", "degraded")}, "degraded"),
        ({"pairs": ((METHODS[0], "nobody"),)}, "no pair"),
        ({"pairs": ((METHODS[0], METHODS[0]),)}, "no pair"),
        ({"pairs": (METHODS[:2], METHODS[1::-1])}, "twice"),
        ({"questions": 0}, "at least 1"),
        ({"repeats": 3}, "0 to 2"),
        ({"failures_allowed": 3}, "0 to 2"),
    ],
)
def test_impossible_studies_are_refused(make_study, fields, message):
    with pytest.raises(ValueError, match=message):
        make_study(**fields)


def test_only_chosen_pairs_meet(tmp_path, make_study):
    study, images = make_study(pairs=(METHODS[:2],), questions=4, repeats=1)
    write_kit(tmp_path / "kit", study, images)
    key = read_key(tmp_path / "kit" / "private" / "key.json")
    met = {frozenset(key.pictures[p].method for p in item) for item in key.deck.items}
    assert met == {frozenset(METHODS[:2])}
    assert "odd-method" not in {what.method for what in key.pictures.values()}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"schema": 9}', '{"schema": 1, "deck": {}}', "[" * 100_000, "\x00"],
)
def test_a_key_that_is_none_is_one_line(tmp_path, text):
    path = tmp_path / "key.json"
    path.write_text(text)
    with pytest.raises(StudyError, match=r"key\.json is no key of a study") as caught:
        read_key(path)
    assert "\n" not in str(caught.value)


def test_a_key_round_trips_and_its_gaps_are_found(kit, key, tmp_path):
    path = tmp_path / "key.json"
    path.write_text(key.json())
    assert read_key(path) == key
    found = json.loads(path.read_text())
    del found["pictures"]["p05"]
    path.write_text(json.dumps(found))
    with pytest.raises(StudyError, match="whose the picture p05 is"):
        read_key(path)
    with pytest.raises(StudyError, match="cannot read"):
        read_key(tmp_path / "nowhere.json")

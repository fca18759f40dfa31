"""A study for people to take: a page that shows two methods' images and asks which is better.

The design is that of Delbracio, Talebi, Milanfar: Projected Distribution Loss for Image
Enhancement, "User study": forced choice between side-by-side crops, 20 questions per rater, sides
permuted. Repeated questions, attention checks and the plan of `plan.py` are additions of this
suite. The paper does not say where its crops lie; here they are the centre.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from html import escape
from itertools import combinations, cycle, islice
from pathlib import Path

from benchmarks.engine.store import write_file
from benchmarks.study.key import Key, Shown, StudyError
from benchmarks.study.pictures import Picture, crop, pixels_of, png
from benchmarks.study.plan import RATER, Deck, Mulberry32, fnv1a

RATERS = "raters"  # the folder that is handed out
KEY = "private/key.json"
ANSWERS = 500  # what the paper has for each pair of methods


@dataclass(frozen=True)
class Study:
    """What is asked of whom.

    name: the table's name; letters, digits, `-` and `_`; raters see it in the name of their file.
    methods: as the table's rows are called. pairs: which of them meet; empty for all.
    seed: of everything that is drawn.
    title, question: what raters read; they must not tell what is compared.
    crop: side of the centre crop in pixels; smaller images are shown whole.
    questions, repeats, checks: per rater; repeated questions are asked again with sides swapped.
    failures_allowed: attention checks that a rater may fail and still be counted.

    Raises:
        ValueError: an argument makes no study.
    """

    name: str
    methods: tuple[str, ...]
    seed: int = 0
    title: str = "Comparing images"
    question: str = "Which image has the better quality?"
    crop: int = 800
    questions: int = 20
    repeats: int = 2
    checks: int = 2
    failures_allowed: int = 0
    pairs: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not RATER.fullmatch(self.name):
            raise ValueError(f"a study's name has 1 to 40 of A-Z a-z 0-9 _ -, not {self.name!r}")
        if len(set(self.methods)) != len(self.methods) or len(self.methods) < 2:
            raise ValueError(f"{self.name}: two or more different methods, not {self.methods}")
        if "degraded" in self.methods:
            raise ValueError(f"{self.name}: 'degraded' is what the attention checks show")
        for pair in self.pairs:
            if len({*pair} & {*self.methods}) != 2:
                raise ValueError(f"{self.name}: {pair} is no pair of its methods")
        if len({frozenset(pair) for pair in self.pairs}) != len(self.pairs):
            raise ValueError(f"{self.name}: a pair of methods is there twice")
        if self.crop < 1 or self.questions < 1:
            raise ValueError(f"{self.name}: crop and questions are at least 1")
        if not 0 <= self.repeats <= self.questions // 3:
            raise ValueError(
                f"{self.name}: repeats is 0 to {self.questions // 3}, a third of the questions, so "
                f"that a question and its repeat are well apart; not {self.repeats}"
            )
        if not 0 <= self.failures_allowed <= self.checks:
            raise ValueError(f"{self.name}: failures_allowed is 0 to {self.checks}, the checks")

    @property
    def all_pairs(self) -> tuple[tuple[str, str], ...]:
        """The pairs of methods that meet; each method is the first of about half of its own."""
        if self.pairs:
            return self.pairs
        numbered = combinations(enumerate(self.methods), 2)
        return tuple((a, b) if (i + j) % 2 else (b, a) for (i, a), (j, b) in numbered)


def write_kit(
    folder: Path,
    study: Study,
    pictures: Mapping[str, Mapping[str, Picture]],
    runs: Mapping[str, str] | None = None,
    facts: Sequence[tuple[str, str]] = (),
) -> None:
    """Write the page with its pictures, the key, and a README for the experimenter.

    Equal arguments give equal files. A kit that is there already is never changed, because raters
    may be at it; a kit that was not finished is.

    Args:
        folder: gets raters/ (to be handed out), private/key.json and README.txt.
        pictures: image name -> method -> restored image, uint8 (H, W, 3) or a PNG file. For the
            attention checks "clean" is the undistorted image, of which one image at least is
            needed, and "input" the degraded one. Where the input is missing or not far below the
            clean image (PSNR 20 dB), the clean image with coarse pixels takes its place.
        runs, facts: for the key, see there.

    Raises:
        StudyError: a picture is missing or does not fit, or `folder` has something else in it.
        StoreError: the folder cannot be written.
    """
    deck, shown = _dealt(study, pictures)
    names = [f"{RATERS}/images/{picture}.png" for picture in shown]
    page = f"{RATERS}/index.html"
    _refuse_others(folder, {*names, page, KEY, "README.txt"})
    digest = hashlib.sha256(_page(study, deck).encode())
    width = height = 0
    for name, (picture, what) in zip(names, shown.items(), strict=True):
        pixels = crop(pixels_of(pictures[what.image], what, study.methods[0]), study.crop)
        height, width = max(height, pixels.shape[0]), max(width, pixels.shape[1])
        digest.update(f"{picture} {pixels.shape} ".encode() + pixels.tobytes())
        _write_once(folder / name, png(pixels))
    deck = replace(deck, kit=digest.hexdigest())
    key = Key(study.methods, study.failures_allowed, deck, shown, dict(runs or {}), tuple(facts))
    _write_once(folder / KEY, key.json().encode())
    _write_once(folder / "README.txt", _readme(study, deck, width, height).encode())
    _write_once(folder / page, _page(study, deck).encode())  # last: a page without pictures is none


def _dealt(
    study: Study, pictures: Mapping[str, Mapping[str, Picture]]
) -> tuple[Deck, dict[str, Shown]]:
    """The circular list of questions, and what every picture shows."""
    _refuse_gaps(study, pictures)
    random = Mulberry32(fnv1a(f"{study.name}/{study.seed}/items"))
    images = random.shuffled(sorted(pictures))
    pairs = random.shuffled(study.all_pairs)
    clean = [image for image in images if "clean" in pictures[image]]
    checks = [
        (Shown(image, "clean"), Shown(image, "degraded"))
        for image in islice(cycle(clean), study.checks)
    ]
    every = {Shown(i, m) for i in images for m in {m for pair in pairs for m in pair}}
    every |= {what for check in checks for what in check}
    order = sorted(every, key=lambda what: _drawn(study, what))
    ids = {what: f"p{i:0{len(str(len(order)))}}" for i, what in enumerate(order, 1)}
    items = tuple(
        (ids[Shown(image, a)], ids[Shown(image, b)])
        for block in range(len(images))
        for j, (a, b) in enumerate(pairs)
        for image in [images[(block + j) % len(images)]]
    )
    if study.questions > len(items):
        raise StudyError(
            f"{study.name}: {len(pairs)} pairs of methods and {len(images)} images make "
            f"{len(items)} different questions, fewer than the {study.questions} that a rater is "
            f"to answer: give more images or ask fewer questions"
        )
    deck = Deck(
        study=study.name,
        kit="",
        seed=fnv1a(f"{study.name}/{study.seed}/raters"),
        block=len(pairs),
        questions=study.questions,
        repeats=study.repeats,
        items=items,
        checks=tuple((ids[a], ids[b]) for a, b in checks),
    )
    return deck, {name: what for what, name in ids.items()}


def _refuse_gaps(study: Study, pictures: Mapping[str, Mapping[str, Picture]]) -> None:
    if not pictures:
        raise StudyError(f"{study.name}: there are no images to compare")
    for image, methods in pictures.items():
        for method in study.methods:
            if method not in methods:
                raise StudyError(f"{study.name}: the image {image} by {method} is missing")
    if study.checks and not any("clean" in methods for methods in pictures.values()):
        raise StudyError(
            f"{study.name}: the attention checks need a clean image; give one or ask for none"
        )


def _drawn(study: Study, what: Shown) -> bytes:
    """A random but fixed place in the order of all pictures."""
    named = json.dumps([study.name, study.seed, what.image, what.method])
    return hashlib.sha256(named.encode()).digest()


def _page(study: Study, deck: Deck) -> str:
    """The page with everything inside; it can load the pictures beside it and nothing else."""
    here = Path(__file__).parent
    template, style, script = (
        (here / f"page.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js")
    )
    policy = (
        f"default-src 'none'; img-src 'self' file:; style-src {_source(style)}; "
        f"script-src {_source(script)}; base-uri 'none'; form-action 'none'"
    )
    data = json.dumps(asdict(deck), separators=(",", ":")).replace("<", "\\u003c")
    parts = {
        "POLICY": policy,
        "TITLE": escape(study.title),
        "QUESTION": escape(study.question),
        "STYLE": style,
        "SCRIPT": script,
        "DECK": data,
    }
    return re.sub(r"@([A-Z]+)@", lambda marker: parts[marker[1]], template)


def _source(text: str) -> str:
    """What names an inline script or style in a content security policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _readme(study: Study, deck: Deck, width: int, height: int) -> str:
    template = (Path(__file__).parent / "readme.txt").read_text(encoding="utf-8")
    return template.format(
        name=study.name,
        total=study.questions + study.repeats + study.checks,
        questions=study.questions,
        repeats=study.repeats,
        checks=study.checks,
        picture=f"{width}x{height}",
        width=2 * width + 40,
        height=height + 80,
        failures=study.failures_allowed,
        pairs=deck.block,
        enough=-(-ANSWERS * deck.block // study.questions),
        answers=ANSWERS,
        kit=deck.kit,
    )


def _refuse_others(folder: Path, ours: set[str]) -> None:
    for name in _files(folder):
        if name not in ours:
            raise StudyError(
                f"{folder} already holds {name}, which is no part of this kit: move it "
                f"away, or choose another folder"
            )


def _files(folder: Path) -> Iterator[str]:
    """The files in a folder, without what a killed writer has left."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            yield path.relative_to(folder).as_posix()


def _write_once(path: Path, content: bytes) -> None:
    if not path.exists():
        write_file(path, content)
    elif path.read_bytes() != content:
        raise StudyError(
            f"{path} is of another kit, whose raters' files need it as it is: move that kit "
            f"away, or choose another folder"
        )

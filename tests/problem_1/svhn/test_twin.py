"""The twin: its images, its files, and what remains after a failure."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat

from autograder.problem_1.svhn import DataError, draw, identify, sample, twin
from autograder.problem_1.svhn.glyphs import FACES, glyph_at
from autograder.problem_1.svhn.photo import photograph
from autograder.problem_1.svhn.recipe import RECIPE
from autograder.problem_1.svhn.twin import BALANCE, balanced

TRAIN, TEST = "train_32x32.mat", "test_32x32.mat"


def load(path: Path) -> tuple[np.ndarray, np.ndarray]:
    data = loadmat(path)
    return data["X"], data["y"]


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("twin") / "data"
    draw(directory, seed=4, workers=1, train=1100, test=600)
    return directory


def test_the_files_have_svhn_s_shapes_types_and_labels(small):
    for name, n in ((TRAIN, 1100), (TEST, 600)):
        images, labels = load(small / name)
        assert (images.shape, images.dtype) == ((32, 32, 3, n), np.uint8)
        assert (labels.shape, labels.dtype) == ((n, 1), np.uint8)
        assert set(labels.ravel()) == set(range(1, 11))


def test_the_classes_have_svhn_s_balance(small):
    for name, n in ((TRAIN, 1100), (TEST, 600)):
        _, labels = load(small / name)
        counts = np.bincount(labels.ravel(), minlength=11)[1:]
        assert np.abs(counts - np.array(BALANCE) * n / 73257).max() <= 1


def test_the_full_size_has_exactly_svhn_s_counts():
    classes = balanced(73257, np.random.default_rng(0))
    assert tuple(np.bincount(classes)) == BALANCE


def test_the_same_seed_writes_the_same_bytes_with_any_number_of_workers(small, tmp_path):
    draw(tmp_path, seed=4, workers=2, train=1100, test=600)
    for name in (TRAIN, TEST):
        assert (tmp_path / name).read_bytes() == (small / name).read_bytes()


def test_another_seed_draws_other_images(small, tmp_path):
    draw(tmp_path, seed=5, workers=1, train=1100, test=600)
    for name in (TRAIN, TEST):
        assert (load(tmp_path / name)[0] != load(small / name)[0]).mean() > 0.9


def test_no_image_is_in_both_files(small):
    train, test = (load(small / name)[0].transpose(3, 0, 1, 2) for name in (TRAIN, TEST))
    drawn = {image.tobytes() for image in np.concatenate([train, test])}
    assert len(drawn) == 1700


def test_fresh_images_are_reproducible_and_in_no_file_of_their_seed(small):
    images, classes = sample(700, seed=4, workers=1)
    again, same = sample(700, seed=4, workers=2)
    assert (images.shape, images.dtype) == ((700, 32, 32, 3), np.uint8)
    assert np.array_equal(images, again)
    assert np.array_equal(classes, same)
    assert set(classes) == set(range(10))
    drawn = {i.tobytes() for n in (TRAIN, TEST) for i in load(small / n)[0].transpose(3, 0, 1, 2)}
    assert drawn.isdisjoint(image.tobytes() for image in images)


def test_seeds_of_any_size_can_be_drawn():
    images, _ = sample(3, seed=2**130 + 1, workers=1)
    assert len(images) == 3


def test_class_k_shows_the_digit_after_k(monkeypatch):
    """The digits that are drawn are those of the classes, image by image."""
    shown = []

    def photograph(rng, digits, recipe):
        shown.extend(digits)
        return np.zeros((len(digits), 32, 32, 3), np.uint8)

    monkeypatch.setattr(twin, "photograph", photograph)
    _, classes = sample(400, seed=1, workers=1)
    assert [(k + 1) % 10 for k in classes] == shown


def test_the_digit_of_the_label_stands_in_the_middle():
    """In easy photos, the middle of an image is most similar to the mean ink of its digit."""
    fair = replace(RECIPE, hard=0, plate=0, clutter=0, shadow=0, jitter=0)
    templates = [np.mean([ink_of(face, digit) for face in FACES], axis=0) for digit in range(10)]
    rng = np.random.default_rng(0)
    right = 0
    for _ in range(100):
        first, last = rng.integers(10, size=2)
        image = photograph(rng, np.array([first, last]), fair)[0].mean(axis=2)[5:27, 9:23]
        likeness = [abs(np.corrcoef(image.ravel(), t.ravel())[0, 1]) for t in templates]
        right += int(np.argmax(likeness) == first)
    assert right > 50  # 10 by chance; 72 were seen, and a few images differ between processors


def ink_of(face: str, digit: int) -> np.ndarray:
    """The digit's ink at its size in an image: (22, 14)."""
    return np.asarray(glyph_at(face, digit, 26, bold=0).ink.resize((14, 22)), float)


def test_an_interrupted_drawing_leaves_nothing_and_touches_nothing(small, tmp_path, monkeypatch):
    draw(tmp_path, seed=4, workers=1, train=300, test=200)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    whole = twin.chunk

    def interrupted(classes, seed):
        if len(classes) == 200:  # in the second file, when the first one is already written
            raise KeyboardInterrupt
        return whole(classes, seed)

    monkeypatch.setattr(twin, "chunk", interrupted)
    with pytest.raises(KeyboardInterrupt):
        draw(tmp_path, seed=5, workers=1, train=300, test=200)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path, full_disk):
    full_disk(tmp_path / (TRAIN + ".part"))
    with pytest.raises(DataError, match=r"disk is full.*--dir"):
        draw(tmp_path, workers=1, train=100, test=100)
    assert list(tmp_path.iterdir()) == []


def test_a_twin_may_be_drawn_over_but_other_files_may_not(tmp_path):
    draw(tmp_path, seed=1, workers=1, train=20, test=20)
    draw(tmp_path, seed=2, workers=1, train=20, test=20)
    assert identify(tmp_path).seed == 2
    (tmp_path / TRAIN).write_bytes(b"mine")
    with pytest.raises(DataError, match="neither SVHN's file nor the twin's"):
        draw(tmp_path, workers=1, train=20, test=20)
    assert (tmp_path / TRAIN).read_bytes() == b"mine"


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"train": 0}, {"test": -5}])
def test_sizes_and_seeds_that_make_no_sense_are_refused(tmp_path, wrong):
    with pytest.raises(DataError, match="a seed is 0 or more, sizes 1 or more"):
        draw(tmp_path, workers=1, **{"train": 10, "test": 10} | wrong)
    assert list(tmp_path.iterdir()) == []


def test_the_package_stands_by_itself():
    """Students receive it as a folder: it must not import autograder, and must import quickly."""
    package = Path(twin.__file__).parent
    code = (
        "import json, sys; sys.path.insert(0, sys.argv[1]); import svhn; svhn.draw; svhn.download;"
        "svhn.preview; svhn.identify; svhn.main; print(json.dumps(sorted(sys.modules)))"
    )
    command = [sys.executable, "-I", "-c", code, str(package.parent)]
    loaded = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    assert not [name for name in loaded if name.startswith("autograder.")]
    heavy = {"matplotlib", "scipy.io", "requests"}
    assert heavy.isdisjoint(loaded)

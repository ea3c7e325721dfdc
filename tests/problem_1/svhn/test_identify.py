"""A dataset is identified by the content of its files, never by their names."""

import hashlib
from pathlib import Path

import pytest

from autograder.problem_1.svhn import draw, files, identify

TRAIN, TEST = "train_32x32.mat", "test_32x32.mat"


@pytest.fixture
def twin(tmp_path) -> Path:
    draw(tmp_path, seed=7, workers=1, train=60, test=40)
    return tmp_path


@pytest.fixture
def real(tmp_path, monkeypatch) -> Path:
    """A substitute for SVHN: two files with the expected checksums."""
    stand_ins = []
    for file in files.FILES:
        body = b"pretend this is " + file.name.encode()
        (tmp_path / file.name).write_bytes(body)
        md5 = hashlib.md5(body).hexdigest()
        stand_ins.append(files.File(file.name, md5, len(body), file.images))
    monkeypatch.setattr(files, "FILES", tuple(stand_ins))
    return tmp_path


def test_the_checksums_expected_are_those_of_svhn():
    assert files.TRAIN.md5 == "e26dedcc434d2e4c54c9b2d4a06d8373"
    assert files.TEST.md5 == "eb5a983be6a315427106f1b164d9cef3"
    assert (files.TRAIN.size, files.TRAIN.images) == (182_040_794, 73_257)


def test_the_twin_is_known_by_seed_version_and_size(twin):
    found = identify(twin)
    assert (found.kind, found.seed, found.images) == ("twin", 7, (60, 40))
    assert found.version is not None
    assert found.md5[TRAIN] == hashlib.md5((twin / TRAIN).read_bytes()).hexdigest()


def test_the_real_set_is_known_by_its_checksums(real):
    found = identify(real)
    assert (found.kind, found.images) == ("real", (73_257, 26_032))


def test_an_absent_file_is_named(twin):
    (twin / TEST).unlink()
    found = identify(twin)
    assert found.kind == "missing"
    assert TEST in found.text
    assert TRAIN not in found.text


@pytest.mark.parametrize("kept", [0, 100, 5_000, 0.5, 0.999])
def test_a_file_cut_short_is_wrong(twin, kept):
    body = (twin / TEST).read_bytes()
    (twin / TEST).write_bytes(body[: int(kept * len(body)) if kept < 1 else kept])
    found = identify(twin)
    assert found.kind == "wrong"
    assert f"{twin / TEST} is neither" in found.text


def test_a_real_file_beside_one_of_the_twin_is_wrong(twin, monkeypatch):
    body = (twin / TRAIN).read_bytes()
    as_if_real = files.File(TRAIN, hashlib.md5(body).hexdigest(), len(body), 60)
    monkeypatch.setattr(files, "FILES", (as_if_real, files.TEST))
    assert identify(twin).kind == "twin"  # two marks that agree
    (twin / TRAIN).write_bytes(b"real")
    as_if_real = files.File(TRAIN, hashlib.md5(b"real").hexdigest(), 4, 60)
    monkeypatch.setattr(files, "FILES", (as_if_real, files.TEST))
    found = identify(twin)
    assert found.kind == "wrong"
    assert "are from different datasets" in found.text


def test_files_of_two_seeds_do_not_go_together(twin, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    draw(other, seed=8, workers=1, train=60, test=40)
    (twin / TEST).write_bytes((other / TEST).read_bytes())
    found = identify(twin)
    assert found.kind == "wrong"
    assert "are from different datasets" in found.text


@pytest.mark.parametrize(
    ("images", "enough"),
    [((73_257, 26_032), True), ((73_257, 300), True), ((1_000, 26_032), False), (None, False)],
)
def test_a_training_needs_all_training_images_and_no_others(images, enough):
    assert files.Identity("twin", "", images=images).trainable == enough

"""Observations on disk: the evidence for a grade, which can be read without running anything."""

from __future__ import annotations

import json
import pickle
import zipfile

import numpy as np
import pytest

from autograder.observation.observe import MANIFEST, Observation, Observations
from autograder.sandbox.protocol import Raised, TraceLine
from autograder.sandbox.session import Ending


@pytest.fixture
def observations() -> Observations:
    raised = Raised("ValueError", "bad \N{SNOWMAN}", None, (TraceLine("lib/a.py", 3, "f", "x"),))
    some = {
        "x": np.arange(6, dtype=np.float32).reshape(2, 3),
        "flag": np.array(True),
        "none": np.zeros((0, 3)),
        "nan": np.array([np.nan, np.inf]),
        "kind": "fc",
    }
    return Observations(
        seed=2**70,
        sandbox="bubblewrap",
        by_probe={
            "fc_forward": Observation("fc_forward", some, {"y": "is None"}, Ending("finished")),
            "adam": Observation("adam", {}, {}, Ending("raised", "", raised, "printed")),
            "rmsprop": Observation("rmsprop", {}, {}, Ending("timed out", "within 5 s")),
        },
    )


def test_saved_observations_are_loaded_unchanged(observations, tmp_path):
    path = tmp_path / "some" / "observations.npz"
    observations.save(path)
    again = Observations.load(path)
    assert (again.seed, again.sandbox, list(again)) == (2**70, "bubblewrap", list(observations))
    for name in observations:
        before, after = observations[name], again[name]
        assert (after.refused, after.ending) == (before.refused, before.ending)
        assert list(after.values) == list(before.values)
        for key, value in before.values.items():
            if isinstance(value, str):
                assert after[key] == value
                continue
            assert after[key].dtype == value.dtype
            np.testing.assert_array_equal(after[key], value)
            assert not after[key].flags.writeable


def test_saving_twice_writes_the_same_bytes(observations, tmp_path):
    for name in "ab":
        observations.save(tmp_path / f"{name}.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_a_failed_save_leaves_the_earlier_file_and_nothing_else(
    observations, tmp_path, monkeypatch
):
    path = tmp_path / "o.npz"
    observations.save(path)
    before = path.read_bytes()

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space"):
        observations.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def _rewritten(path, change) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_a_file_without_observations_is_refused_with_a_message(observations, tmp_path):
    path = tmp_path / "o.npz"
    path.write_bytes(b"not an archive")
    with pytest.raises(ValueError, match="contains no observations"):
        Observations.load(path)
    path.write_bytes(pickle.dumps({"x": 1}))
    with pytest.raises(ValueError, match="contains no observations"):
        Observations.load(path)
    observations.save(path)
    _rewritten(path, lambda members: members.pop("fc_forward/x.npy"))
    with pytest.raises(ValueError, match="contains no observations"):
        Observations.load(path)


def test_an_array_of_objects_is_not_unpickled(observations, tmp_path):
    path, touched = tmp_path / "o.npz", tmp_path / "touched"

    class Evil:
        def __reduce__(self):
            return open, (str(touched), "w")

    observations.save(path)
    np.save(tmp_path / "evil.npy", np.array([Evil()], dtype=object), allow_pickle=True)
    evil = (tmp_path / "evil.npy").read_bytes()
    _rewritten(path, lambda members: members.update({"fc_forward/x.npy": evil}))
    with pytest.raises(ValueError, match="contains no observations"):
        Observations.load(path)
    assert not touched.exists()


def test_another_format_is_refused_with_its_number(observations, tmp_path):
    path = tmp_path / "o.npz"
    observations.save(path)

    def newer(members):
        with np.load(path) as archive:
            manifest = json.loads(archive[MANIFEST].tobytes())
        np.save(
            tmp_path / "s.npy",
            np.frombuffer(json.dumps({**manifest, "format": 99}).encode(), np.uint8),
        )
        members[f"{MANIFEST}.npy"] = (tmp_path / "s.npy").read_bytes()

    _rewritten(path, newer)
    with pytest.raises(ValueError, match="format 99"):
        Observations.load(path)

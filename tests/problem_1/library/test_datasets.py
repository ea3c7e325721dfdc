import os

import numpy as np
import pytest
from lib.mlp.datasets import SVHN_data
from scipy.io import savemat


@pytest.fixture
def svhn(tmp_path, monkeypatch):
    """A folder with 30 training and 10 test images, and its content as arrays."""
    monkeypatch.delenv("SVHN_MAX_TRAINING", raising=False)
    rng = np.random.default_rng(0)
    content = {}
    for split, n in [("train", 30), ("test", 10)]:
        images = rng.integers(256, size=(n, 32, 32, 3), dtype=np.uint8)
        digits = rng.integers(1, 11, size=n)
        write(tmp_path / f"{split}_32x32.mat", images, digits)
        content[split] = images, digits
    return tmp_path, content


def write(path, images, digits):
    savemat(path, {"X": images.transpose(1, 2, 3, 0), "y": digits[:, None].astype(np.uint8)})


def read(folder, num_training=20, num_validation=5):
    return SVHN_data(num_training, num_validation, data_dir=folder)


@pytest.mark.parametrize("again", [False, True])
def test_pixels_are_scaled_and_the_mean_training_image_is_taken_off(svhn, again):
    folder, content = svhn
    if again:
        read(folder)
    data = read(folder)
    train, test = content["train"][0] / 255, content["test"][0] / 255
    mean = train[:20].mean(axis=0)
    assert np.abs(data["data_train"] - (train[:20] - mean)).max() < 1e-6
    assert np.abs(data["data_val"] - (train[20:25] - mean)).max() < 1e-6
    assert np.abs(data["data_test"] - (test - mean)).max() < 1e-6
    assert {data[f"data_{part}"].dtype for part in ("train", "val", "test")} == {
        np.dtype(np.float32)
    }


def test_class_k_is_the_digit_k_plus_1_and_class_9_the_digit_0(svhn):
    folder, content = svhn
    data = read(folder)
    assert np.array_equal((data["labels_test"] + 1) % 10, content["test"][1] % 10)
    assert np.array_equal(data["labels_train"], content["train"][1][:20] - 1)
    assert np.array_equal(data["labels_val"], content["train"][1][20:25] - 1)


def test_a_replaced_file_is_read_again_even_when_it_is_older(svhn):
    folder, _content = svhn
    read(folder)
    images = np.zeros((12, 32, 32, 3), np.uint8)
    write(folder / "test_32x32.mat", images, np.ones(12))
    os.utime(folder / "test_32x32.mat", (1e9, 1e9))
    assert len(read(folder)["labels_test"]) == 12


def test_a_folder_that_cannot_be_written_is_read_all_the_same(svhn, monkeypatch):
    folder, _ = svhn

    def refuse(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", refuse)
    assert len(read(folder)["labels_test"]) == 10
    assert sorted(path.name for path in folder.iterdir()) == ["test_32x32.mat", "train_32x32.mat"]


def test_the_environment_names_the_folder_and_limits_the_training_images(svhn, monkeypatch):
    folder, _ = svhn
    monkeypatch.setenv("SVHN_DIR", str(folder))
    monkeypatch.setenv("SVHN_MAX_TRAINING", "7")
    assert len(SVHN_data(20, 5)["data_train"]) == 7


def test_missing_files_say_how_to_get_them(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"get_datasets\.py --synthetic"):
        read(tmp_path)


@pytest.mark.parametrize("damage", ["truncated", "not a mat file", "other content"])
def test_a_broken_file_says_to_get_it_again(svhn, damage):
    folder, _ = svhn
    path = folder / "train_32x32.mat"
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:5000])
    elif damage == "not a mat file":
        path.write_text("<html>404 Not Found</html>")
    else:
        savemat(path, {"X": np.zeros((3, 3)), "y": np.zeros((3, 1))})
    with pytest.raises(ValueError, match=r"train_32x32\.mat is not a complete SVHN file"):
        read(folder)


def test_asking_for_more_images_than_there_are_says_how_many_there_are(svhn):
    with pytest.raises(ValueError, match="holds 30"):
        read(svhn[0], num_training=28)

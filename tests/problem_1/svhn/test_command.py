"""The command behind the students' get_datasets.py, and its preview."""

import numpy as np
import pytest
from PIL import Image
from scipy.io import loadmat

from autograder.problem_1.svhn import DataError, draw, fetch, identify, main, preview

SMALL = ["--synthetic", "--train", "300", "--test", "200", "--workers", "1"]


def test_the_twin_is_drawn_identified_and_shown(tmp_path, capsys):
    sheet = tmp_path / "sheet.png"
    status = main([*SMALL, "--dir", str(tmp_path / "data"), "--seed", "3", "--preview", str(sheet)])
    shown = capsys.readouterr()
    assert status == 0
    assert "seed 3, 300 + 200 images" in shown.out
    assert shown.err == ""
    assert identify(tmp_path / "data").seed == 3
    assert sheet.exists()


def test_the_real_set_is_fetched_without_options(tmp_path, monkeypatch, capsys):
    def offline(url, part):
        raise DataError("no network here")

    monkeypatch.setattr(fetch, "_receive", offline)
    assert main(["--dir", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "error: no network here\n"


def test_a_twin_that_was_drawn_stays_where_the_real_set_is_asked_for(tmp_path, capsys):
    """The notebook's second code cell downloads SVHN, even if a student drew the twin before."""
    main(["--synthetic", "--dir", str(tmp_path), "--train", "40", "--test", "20"])
    drawn = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert main(["--dir", str(tmp_path)]) == 0
    assert "delete the twin's files" in capsys.readouterr().out
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == drawn


def test_the_environment_names_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SVHN_DIR", str(tmp_path / "elsewhere"))
    assert main(["--synthetic", "--train", "40", "--test", "20"]) == 0
    assert (tmp_path / "elsewhere" / "train_32x32.mat").exists()


def test_an_interruption_is_no_traceback(tmp_path, monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("autograder.problem_1.svhn.twin.draw", interrupted)
    assert main([*SMALL, "--dir", str(tmp_path)]) == 130
    assert "untouched" in capsys.readouterr().err


def test_help_says_what_the_twin_is(capsys):
    with pytest.raises(SystemExit) as done:
        main(["--help"])
    assert done.value.code == 0
    text = capsys.readouterr().out
    for word in ("--synthetic", "--preview", "--dir", "SVHN", "non-commercial"):
        assert word in text


def test_the_sheet_has_a_row_of_each_digit(tmp_path):
    draw(tmp_path, seed=1, workers=1, train=10, test=400)
    preview(tmp_path, tmp_path / "sheet.png", each=5)
    picture = np.asarray(Image.open(tmp_path / "sheet.png"))
    data = loadmat(tmp_path / "test_32x32.mat")
    digits = data["y"].ravel() % 10
    for digit in range(10):
        for column, k in enumerate(np.flatnonzero(digits == digit)[:5]):
            top, left = 2 * (2 + 34 * digit), 2 * (2 + 34 * column)
            shown = picture[top : top + 64 : 2, left : left + 64 : 2]
            assert np.array_equal(shown, data["X"][..., k])


def test_a_sheet_of_no_data_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(DataError, match="get the data first"):
        preview(tmp_path, tmp_path / "sheet.png")
    assert list(tmp_path.iterdir()) == []


def test_a_sheet_that_cannot_be_written_leaves_nothing(tmp_path, full_disk):
    draw(tmp_path, seed=1, workers=1, train=10, test=20)
    full_disk(tmp_path / "sheet.png.part")
    with pytest.raises(DataError, match="disk is full"):
        preview(tmp_path, tmp_path / "sheet.png")
    assert {path.suffix for path in tmp_path.iterdir()} == {".mat"}

"""Untrusted files in a folder or zip: links, malicious names, bombs, damage, files that change
while they are read, and unreadable files."""

import contextlib
import errno
import io
import json
import os
import random
import stat
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from handing_in import COURSE, GOOD, LIBRARY, about, folder, zipped

from autograder.hand_in import entries, submission
from autograder.hand_in import files as opening
from autograder.hand_in.files import Inaccessible, Unreadable
from autograder.hand_in.submission import read


def test_backslashes_in_windows_zips_separate_folders(tmp_path):
    members = {path.replace("/", "\\"): content for path, content in LIBRARY.items()}
    assert dict(read(COURSE, zipped(tmp_path / "w.zip", members)).files) == LIBRARY


def test_links_are_not_followed(tmp_path):
    secret = tmp_path / "secret.py"
    secret.write_text("answers = 42")
    root = folder(tmp_path / "ada", LIBRARY)
    (root / "lib" / "soft.py").symlink_to(secret)
    os.link(secret, root / "lib" / "hard.py")
    (root / "lib" / "folder").symlink_to(tmp_path)
    os.mkfifo(root / "lib" / "pipe.py")
    found = read(COURSE, root)
    assert dict(found.files) == LIBRARY
    assert "lib/soft.py was not read: it is a link" in found.errors
    assert "lib/hard.py was not read: it is a hard link" in about(found)
    assert "lib/folder was not read: it is a link" in found.errors
    assert "lib/pipe.py was not read: it is not a regular file" in found.errors


def test_a_zip_cannot_hold_links_or_devices(tmp_path):
    for kind in (stat.S_IFLNK, stat.S_IFIFO, stat.S_IFBLK):
        found = read(
            COURSE, zipped(tmp_path / "l.zip", LIBRARY, external_attr=(kind | 0o777) << 16)
        )
        assert dict(found.files) == {}
        assert "was not read" in about(found)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../lib/optim.py", "leads out"),
        ("lib/../../optim.py", "leads out"),
        ("/lib/optim.py", "absolute"),
        ("C:/lib/optim.py", "absolute"),
        ("lib/op\ntim.py", "control characters"),
        ("lib/op\x1b[2Jtim.py", "control characters"),
        ("lib/op\u202etim.py", "control characters"),
        ("lib/" + "a" * 300 + ".py", "too long"),
        ("lib/" + "a/" * 20 + "b.py", "too long"),
    ],
)
def test_files_with_malicious_names_are_left_out(tmp_path, name, why):
    found = read(COURSE, zipped(tmp_path / "n.zip", {**LIBRARY, name: b"evil"}))
    assert dict(found.files) == LIBRARY
    assert why in about(found)
    assert all(error.isprintable() for error in found.errors)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "names",
    [
        ("lib/a.py", "lib/a.py"),
        ("lib/a.py", "lib/A.py"),
        ("lib/\u00e9.py", "lib/e\u0301.py"),
        ("lib/\ufb01.py", "lib/fi.py"),
    ],
)
def test_names_that_collide_on_some_file_system_are_all_left_out(tmp_path, names):
    path = zipped(tmp_path / "d.zip", LIBRARY)
    with zipfile.ZipFile(path, "a") as archive:
        for name in names:
            archive.writestr(name, "evil")
    found = read(COURSE, path)
    assert dict(found.files) == LIBRARY
    assert "several files have that name" in about(found)


def test_a_name_that_is_both_file_and_folder_is_left_out(tmp_path):
    found = read(COURSE, zipped(tmp_path / "f.zip", {**LIBRARY, "lib/a": b"", "lib/a/b.py": b"b"}))
    assert set(found.files) == {*LIBRARY, "lib/a/b.py"}
    assert "both a file and a folder" in about(found)


def test_a_bomb_is_not_unpacked(tmp_path):
    path = zipped(tmp_path / "b.zip", {**LIBRARY, "lib/zeros.py": bytes(100 * 2**20)})
    assert path.stat().st_size < 2**20
    tracemalloc.start()
    found = read(COURSE, path)
    assert dict(found.files) == LIBRARY
    assert "lib/zeros.py was not read: it is larger than 4 MiB" in found.errors
    assert tracemalloc.get_traced_memory()[1] < 32 * 2**20
    tracemalloc.stop()


def test_a_false_size_is_detected(tmp_path):
    path = zipped(tmp_path / "s.zip", {**LIBRARY, "lib/zeros.py": bytes(8 * 2**20)})
    lie = path.read_bytes().replace((8 * 2**20).to_bytes(4, "little"), (90).to_bytes(4, "little"))
    path.write_bytes(lie)
    found = read(COURSE, path)
    assert dict(found.files) == LIBRARY
    assert "lib/zeros.py was not read: it is damaged in the zip file" in found.errors


def test_no_memory_is_taken_for_a_false_compressed_size(tmp_path):
    path = zipped(tmp_path / "work.zip", {"inner.zip": b"x"})
    content = path.read_bytes()
    at = content.rfind(b"PK\x01\x02") + 20
    path.write_bytes(content[:at] + (2**31).to_bytes(4, "little") + content[at + 4 :])
    tracemalloc.start()
    with contextlib.suppress(Unreadable), entries.listed(path, print) as [inner]:
        inner.read(entries.LARGEST_INNER_ZIP)
    assert tracemalloc.get_traced_memory()[1] < 2 * 2**20
    tracemalloc.stop()


def test_an_endless_folder_is_read_in_part(tmp_path, monkeypatch):
    monkeypatch.setattr(entries, "MOST_IN_A_FOLDER", 20)
    many = LIBRARY | {f"data/{i}.png": b"" for i in range(50)}
    found = read(COURSE, folder(tmp_path, many))
    assert dict(found.files) == LIBRARY
    assert "data holds more than 20 files" in about(found)
    monkeypatch.setattr(entries, "MOST_ENTRIES", 10)
    assert "it holds more than 10 files" in about(read(COURSE, tmp_path))


def test_an_encrypted_zip_is_reported(tmp_path):
    path = zipped(tmp_path / "e.zip", LIBRARY)
    content = bytearray(path.read_bytes())
    at = content.find(b"PK\x01\x02")
    while at >= 0:
        content[at + 8] |= 1
        at = content.find(b"PK\x01\x02", at + 1)
    path.write_bytes(bytes(content))
    assert "it is encrypted" in about(read(COURSE, path))


def test_a_missing_path_is_not_a_submission(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for name, why in (("nowhere", "there is no"), ("pipe", "is neither"), ("loop", "is a link")):
        with pytest.raises(Inaccessible, match=why):
            read(COURSE, tmp_path / name)


def swapped(monkeypatch, swap):
    """Calls `swap` between the listing and the reading of files."""
    listed = submission.listed

    @contextlib.contextmanager
    def listing(path, say, within=None):
        with listed(path, say, within) as found:
            swap()
            yield found

    monkeypatch.setattr(submission, "listed", listing)


def by_a_link(path, secret):
    path.rename(path.with_name("was"))
    path.symlink_to(secret)


def by_a_hard_link(path, secret):
    path.unlink()
    os.link(secret / "scale.py" if secret.is_dir() else secret, path)


def by_a_pipe(path, secret):
    path.unlink()
    os.mkfifo(path)


@pytest.fixture
def secret(tmp_path):
    """A library outside the submission, which the student may not read."""
    place = tmp_path / "secret"
    folder(place, {path.removeprefix("lib/"): b"answers = 42\n" for path in LIBRARY})
    return place


@pytest.mark.parametrize(
    ("what", "by", "secretly", "left"),
    [
        ("lib/optim.py", by_a_link, "optim.py", "lib/optim.py was not read: it is a link"),
        ("lib/layers", by_a_link, "layers", "it cannot be opened: layers is not a folder"),
        ("lib", by_a_link, "", "optim.py was not read: it cannot be opened: lib is not a folder"),
        ("lib/optim.py", by_a_hard_link, "optim.py", "it is a hard link"),
        ("lib/optim.py", by_a_pipe, "", "lib/optim.py was not read: it is not a regular file"),
        ("Tiny.ipynb", by_a_link, "optim.py", "Tiny.ipynb was not read: it is a link"),
    ],
)
def test_a_file_that_becomes_a_link_while_being_read_is_not_followed(
    tmp_path, secret, monkeypatch, what, by, secretly, left
):
    root = folder(tmp_path / "ada", LIBRARY, ("Tiny.ipynb", GOOD))
    swapped(monkeypatch, lambda: by(root / what, secret / secretly))
    found = read(COURSE, root)
    assert left in about(found)
    assert b"answers" not in b"".join([*found.files.values(), found.notebook])


def test_a_folder_that_is_replaced_is_read_as_it_was_opened(tmp_path, secret, monkeypatch):
    root = folder(tmp_path / "class" / "ada", LIBRARY, ("n.ipynb", GOOD))
    swapped(monkeypatch, lambda: by_a_link(root, secret))
    assert dict(read(COURSE, root, "ada", tmp_path / "class").files) == LIBRARY


def test_a_zip_that_becomes_a_link_is_read_as_it_was_opened(tmp_path, monkeypatch):
    path = zipped(tmp_path / "ada.zip", LIBRARY)
    other = zipped(tmp_path / "other.zip", {"lib/optim.py": b"answers = 42\n"})
    swapped(monkeypatch, lambda: by_a_link(path, other))
    assert dict(read(COURSE, path).files) == LIBRARY


def test_a_zip_in_a_folder_that_becomes_a_link_is_not_followed(tmp_path, monkeypatch):
    other = zipped(tmp_path / "other.zip", {"lib/optim.py": b"answers = 42\n"})
    (tmp_path / "ada").mkdir()
    path = zipped(tmp_path / "ada" / "mine.zip", LIBRARY)
    swapped(monkeypatch, lambda: by_a_link(path, other))
    found = read(COURSE, tmp_path / "ada")
    assert (dict(found.files), found.errors[0]) == ({}, "mine.zip was not read: it is a link")


@pytest.mark.parametrize("linked", ["ada", "ada/tiny"])
def test_links_below_a_class_are_not_followed_and_links_above_it_are(tmp_path, linked):
    folder(tmp_path / "real" / "ada" / "tiny", LIBRARY)
    (tmp_path / "class").symlink_to("real")
    work = tmp_path / "class" / "ada" / "tiny"
    assert dict(read(COURSE, work, "ada", tmp_path / "class").files) == LIBRARY
    by_a_link(tmp_path / "real" / linked, (tmp_path / "real" / linked).with_name("was"))
    assert dict(read(COURSE, work).files) == LIBRARY
    with pytest.raises(Inaccessible):
        read(COURSE, work, "ada", tmp_path / "class")


def test_a_file_that_vanishes_is_left_out(tmp_path, monkeypatch):
    root = folder(tmp_path, LIBRARY)
    swapped(monkeypatch, (root / "lib" / "optim.py").unlink)
    found = read(COURSE, root)
    assert set(found.files) == {"lib/layers/scale.py"}
    assert "lib/optim.py was not read: it cannot be opened: No such file" in about(found)


@pytest.mark.parametrize("failing", ["open", "stat"])
@pytest.mark.parametrize("what", ["optim.py", "layers", "n.ipynb"])
def test_a_machine_error_is_not_blamed_on_the_student(tmp_path, monkeypatch, failing, what):
    """If a disk fails or too many files are open, the submission is unknown, not faulty."""
    root = folder(tmp_path, LIBRARY, ("n.ipynb", GOOD))
    real = getattr(os, failing)

    def fails(path, *words, **options):
        if path == what:
            raise OSError(errno.EIO, "Input/output error")
        return real(path, *words, **options)

    monkeypatch.setattr(os, failing, fails)
    with pytest.raises(Inaccessible, match="Input/output error"):
        read(COURSE, root)


@pytest.mark.parametrize("packed", [False, True])
def test_a_machine_error_during_reading_is_not_blamed_on_the_student(tmp_path, monkeypatch, packed):
    files = LIBRARY | {"n.ipynb": json.dumps(GOOD).encode()}
    root = zipped(tmp_path / "a.zip", files) if packed else folder(tmp_path / "a", files)
    with monkeypatch.context() as patch:
        if packed:
            patch.setattr(zipfile.ZipExtFile, "read", _fails)
        else:
            patch.setattr(opening, "open", lambda *_, **__: Failing(), raising=False)
        with pytest.raises(Inaccessible, match="Input/output error"):
            read(COURSE, root)


class Failing(io.BytesIO):
    def read(self, *_):
        _fails()


def _fails(*_):
    raise OSError(errno.EIO, "Input/output error")


def test_only_unreadable_files_are_left_out(public_path, as_ordinary_user):
    root = folder(public_path / "ada", LIBRARY, ("n.ipynb", GOOD))
    (root / "lib" / "optim.py").chmod(0)
    (root / "private").mkdir(mode=0)
    (root / "listed").mkdir()
    (root / "listed" / "a.py").write_text("")
    (root / "listed").chmod(0o444)
    *errors, found = as_ordinary_user(SHOW, root).splitlines()
    assert errors[:3] == [
        "listed/a.py was not read: Permission denied",
        "private was not read: it cannot be listed: Permission denied",
        "lib/optim.py was not read: it cannot be opened: Permission denied",
    ]
    assert found == "['lib/layers/scale.py'] ['step_rate']"


@pytest.mark.parametrize("mode", [0o000, 0o111, 0o444])
def test_an_unreadable_folder_or_zip_is_not_a_submission(public_path, as_ordinary_user, mode):
    for path in (folder(public_path / "ada", LIBRARY), zipped(public_path / "ada.zip", LIBRARY)):
        if path.is_file() and mode & 0o444:
            continue
        path.chmod(mode)
        assert as_ordinary_user(SHOW, path) == f"{path.name} cannot be read: Permission denied\n"
        path.chmod(0o755)


SHOW = f"import sys; sys.path.append({str(Path(__file__).parents[1])!r})\n"
SHOW += """
from pathlib import Path
from autograder.hand_in.files import Inaccessible
from autograder.hand_in.submission import read
from tiny_assignment import ASSIGNMENT

try:
    found = read(ASSIGNMENT, Path(sys.argv[1]))
    print(*found.errors, f"{sorted(found.files)} {sorted(found.cells)}", sep="\\n")
except Inaccessible as reason:
    print(reason)
"""


@pytest.mark.parametrize("seed", range(30))
def test_damaged_zips_never_break_the_reader(tmp_path, seed):
    rng = random.Random(seed)
    path = zipped(tmp_path / "ada.zip", {"n.ipynb": json.dumps(GOOD).encode(), **LIBRARY})
    right = path.read_bytes()
    for _ in range(40):
        content = bytearray(right)
        for _ in range(rng.randint(1, 8)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        if rng.random() < 0.3:
            del content[rng.randrange(len(content)) :]
        path.write_bytes(bytes(content))
        found = read(COURSE, path)
        assert all(isinstance(content, bytes) for content in found.files.values())
        assert all(error.isprintable() and len(error) < 1000 for error in found.errors)

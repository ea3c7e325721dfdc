"""The download, from a local server."""

import socket
from pathlib import Path

import pytest

from autograder.problem_1.svhn import DataError, download

TRAIN, TEST = "train_32x32.mat", "test_32x32.mat"


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def test_both_files_arrive_whole_and_nothing_else_is_left(server, tmp_path):
    download(tmp_path / "data", server.url)
    assert names(tmp_path / "data") == {TRAIN, TEST}
    for name, body in server.content.items():
        assert (tmp_path / "data" / name).read_bytes() == body


def test_progress_is_shown_on_stdout_and_nothing_on_stderr(server, tmp_path, capsys):
    download(tmp_path, server.url)
    shown = capsys.readouterr()
    assert TRAIN in shown.out
    assert "100%" in shown.out
    assert shown.err == ""


def test_files_that_are_right_are_not_fetched_again(server, tmp_path):
    download(tmp_path, server.url)
    server.asked.clear()
    download(tmp_path, server.url)
    assert server.asked == []


def test_a_missing_one_of_two_is_fetched_alone(server, tmp_path):
    download(tmp_path, server.url)
    (tmp_path / TEST).unlink()
    server.asked.clear()
    download(tmp_path, server.url)
    assert server.asked == [(TEST, None)]


def test_a_broken_connection_goes_on_where_it_stopped(server, tmp_path):
    server.breaks_after = [400_000, 300_000]
    download(tmp_path, server.url)
    ranges = [wanted for name, wanted in server.asked if name == TRAIN]
    assert ranges[0] is None
    starts = [int(wanted.removeprefix("bytes=").rstrip("-")) for wanted in ranges[1:]]
    assert len(starts) == 2
    assert 0 < starts[0] < starts[1] <= 700_000
    assert (tmp_path / TRAIN).read_bytes() == server.content[TRAIN]


def test_a_later_run_goes_on_where_an_earlier_one_stopped(server, tmp_path):
    (tmp_path / (TRAIN + ".part")).write_bytes(server.content[TRAIN][:123_456])
    download(tmp_path, server.url)
    assert server.asked[0] == (TRAIN, "bytes=123456-")
    assert (tmp_path / TRAIN).read_bytes() == server.content[TRAIN]


def test_a_part_that_was_whole_already_is_put_in_place(server, tmp_path):
    (tmp_path / (TRAIN + ".part")).write_bytes(server.content[TRAIN])
    download(tmp_path, server.url)
    assert names(tmp_path) == {TRAIN, TEST}


def test_a_part_longer_than_the_file_is_thrown_away(server, tmp_path):
    (tmp_path / (TRAIN + ".part")).write_bytes(server.content[TRAIN] + b"more")
    download(tmp_path, server.url)
    assert (tmp_path / TRAIN).read_bytes() == server.content[TRAIN]


def test_a_server_that_ignores_range_sends_it_all_again(server, tmp_path):
    server.knows_range = False
    server.breaks_after = [400_000]
    download(tmp_path, server.url)
    assert len(server.asked) == 3
    assert (tmp_path / TRAIN).read_bytes() == server.content[TRAIN]


def test_a_connection_that_always_breaks_ends_and_keeps_what_came(server, tmp_path):
    server.breaks_after = [400_000] + [0] * 20
    with pytest.raises(DataError, match=r"could not be downloaded.*bytes received are kept"):
        download(tmp_path, server.url)
    kept = (tmp_path / (TRAIN + ".part")).read_bytes()
    assert names(tmp_path) == {TRAIN + ".part"}
    assert 0 < len(kept) <= 400_000
    assert server.content[TRAIN].startswith(kept)


def test_a_wrong_file_is_refused_and_removed(server, tmp_path):
    server.content[TRAIN] = b"<html>please log in</html>"
    with pytest.raises(DataError, match="is not SVHN's file: 26 bytes"):
        download(tmp_path, server.url)
    assert names(tmp_path) == set()


def test_a_file_cut_short_on_the_server_is_refused_and_removed(server, tmp_path):
    server.content[TRAIN] = server.content[TRAIN][:-1]
    with pytest.raises(DataError, match="999,999 bytes"):
        download(tmp_path, server.url)
    assert names(tmp_path) == set()


def test_no_server_is_said_at_once_with_a_way_out(tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{unused.getsockname()[1]}/"
    with pytest.raises(DataError, match=r"connection was refused.*--synthetic") as caught:
        download(tmp_path, nobody)
    assert "\n" not in str(caught.value)
    assert names(tmp_path) == set()


def test_no_name_service_is_said_with_a_way_out(tmp_path):
    with pytest.raises(DataError, match=r"name is unknown.*--synthetic"):
        download(tmp_path, "http://no-such-host.invalid/")


def test_redirects_without_end_are_said(server, tmp_path):
    server.location = "/again"
    with pytest.raises(DataError, match=r"redirects without end.*login page.*--synthetic"):
        download(tmp_path, server.url)
    assert names(tmp_path) == set()


def test_a_redirect_to_a_page_that_is_missing_names_it(server, tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        server.location = f"http://127.0.0.1:{unused.getsockname()[1]}/elsewhere"
    with pytest.raises(DataError, match=r"refused.*--synthetic"):
        download(tmp_path, server.url)


def test_a_proxy_that_is_not_there_is_said(server, tmp_path, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{unused.getsockname()[1]}")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(DataError, match=r"proxy did not answer.*HTTP_PROXY.*--synthetic"):
        download(tmp_path, "http://data.example/")


def test_a_proxy_that_wants_a_password_is_said(server, tmp_path, monkeypatch):
    server.status = 407
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(DataError, match=r"proxy wants a name and a password.*--synthetic"):
        download(tmp_path, "http://data.example/")


def test_a_certificate_that_nobody_vouches_for_is_said(secure_server, tmp_path):
    with pytest.raises(DataError, match=r"certificate was not accepted.*--synthetic"):
        download(tmp_path, secure_server)
    assert names(tmp_path) == set()


@pytest.mark.parametrize("status", [404, 416, 503])
def test_an_error_of_the_server_is_passed_on(server, tmp_path, status):
    server.status = status
    (tmp_path / (TRAIN + ".part")).write_bytes(b"the beginning")
    with pytest.raises(DataError, match=rf"answered {status} .*Try again later"):
        download(tmp_path, server.url)
    assert names(tmp_path) <= {TRAIN + ".part"}


def test_a_full_disk_is_said_and_nothing_is_left(server, tmp_path, full_disk):
    full_disk(tmp_path / (TRAIN + ".part"))
    with pytest.raises(DataError, match=r"disk is full.*needs 1 MB"):
        download(tmp_path, server.url)
    assert names(tmp_path) == set()


def test_a_directory_that_cannot_be_made_is_said(server, tmp_path):
    (tmp_path / "data").write_text("a file, not a directory")
    with pytest.raises(DataError, match="cannot be written"):
        download(tmp_path / "data", server.url)


def test_what_lies_there_and_is_not_svhn_is_left_alone(server, tmp_path):
    (tmp_path / TRAIN).write_bytes(b"mine")
    with pytest.raises(DataError, match="exists already and is not SVHN's"):
        download(tmp_path, server.url)
    assert (tmp_path / TRAIN).read_bytes() == b"mine"
    assert server.asked == []

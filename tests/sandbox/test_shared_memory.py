"""The folder of limited size, for children in a container, in which nothing can be mounted."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import os, sys
from autograder.sandbox import sandlock
from autograder.sandbox.limits import MIB
sandlock.SHARED_MEMORY = sys.argv[1]
def left():
    room = os.statvfs(sys.argv[1])
    print(round(room.f_bavail * room.f_frsize / MIB))
one, other = (sandlock.folder_of_size(8 * MIB, 0) for _ in range(2))
left()
one.__enter__(); left()
other.__enter__(); left()
one.__exit__(None, None, None); left()
other.__exit__(None, None, None); left()
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_graders_at_the_same_time_share_one_limit(tmp_path):
    mount = f'mount -t tmpfs -o size=64m none {tmp_path} && exec "$@"'
    ran = subprocess.run(
        ["unshare", "-m", "sh", "-c", mount, "sh", sys.executable, "-c", SCRIPT, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == ["64", "8", "8", "8", "64"]

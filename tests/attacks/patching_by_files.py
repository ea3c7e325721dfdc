"""Patching the judge with extra files: configurations, tests, modules, bytecode.

Submitted files are read by name, and none is on the import path of anything that judges.
"""

import marshal
import struct
import sys
from importlib.util import MAGIC_NUMBER

from attack import (
    ALL_ROADS,
    NBGRADER,
    SOLUTION,
    STUB,
    ZIP,
    Attack,
    Changes,
)
from patching_python import ONE_BLOCK_MISSING

BYTECODE = f"lib/mlp/__pycache__/layer_utils.{sys.implementation.cache_tag}.pyc"


def stale_bytecode() -> bytes:
    """A .pyc of `layer_utils` with other code, which Python would not compare with the source."""
    code = compile("fc = flatten = leaky_relu = dropout = object", "layer_utils.py", "exec")
    unchecked_hash = struct.pack("<I8s", 0b01, bytes(8))
    return MAGIC_NUMBER + unchecked_hash + marshal.dumps(code)


ATTACKS = (
    Attack(
        "brings its own conftest",
        tries="Hands in conftest.py, pytest.ini, pyproject.toml and tox.ini that skip every test.",
        must="No points: the suites run with their own ini file, away from the submission.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            files={
                f"{folder}{name}": content
                for folder in ("", "lib/", "lib/mlp/", "tests/")
                for name, content in {
                    "conftest.py": """
                        import pytest

                        def pytest_collection_modifyitems(items):
                            items.clear()

                        @pytest.hookimpl(hookwrapper=True)
                        def pytest_runtest_makereport(item, call):
                            result = yield
                            result.get_result().outcome = "passed"

                        def pytest_sessionfinish(session):
                            session.exitstatus = 0
                    """,
                    "pytest.ini": "[pytest]\naddopts = --collect-only -p conftest\n",
                    "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '--co'\n",
                    "tox.ini": "[pytest]\naddopts = --co\n",
                }.items()
            }
        ),
        twin=SOLUTION.plus(files={"conftest.py": "import pytest", "pytest.ini": "[pytest]"}),
        roads=ALL_ROADS,
    ),
    Attack(
        "brings its own tests",
        tries="Hands in tests that are named like the hidden suites and always pass.",
        must="No points: the tests that ran must be those of the grader's own suites.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            files={
                f"{folder}{name}": "def test_fc_backward_values(): pass\n"
                for folder in ("", "lib/", "tests/", "tests/hidden/")
                for name in ("test_fc.py", "test_hidden.py")
            }
        ),
        twin=SOLUTION.plus(files={"tests/test_mine.py": "def test_nothing():\n    assert True"}),
        roads=(ZIP, NBGRADER),
    ),
    Attack(
        "brings site customizations",
        tries="Hands in sitecustomize.py, usercustomize.py and .pth files.",
        must="No points: Python starts without them, and the submission comes last on the path.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            files={
                f"{folder}{name}": "import os\nos._exit(0)\n"
                for folder in ("", "lib/")
                for name in ("sitecustomize.py", "usercustomize.py", "distutils-precedence.pth")
            }
        ),
        twin=SOLUTION.plus(files={"setup.cfg": "[metadata]\nname = homework"}),
        roads=(ZIP,),
    ),
    Attack(
        "shadows modules",
        tries="Hands in numpy.py, json.py, struct.py, probes.py, writer.py and autograder/.",
        must="No points: the grader's modules are found before the student's.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            files={
                f"{folder}{name}.py": "raise SystemExit(0)\n"
                for folder in ("", "lib/", "lib/mlp/")
                for name in ("numpy", "json", "struct", "probes", "writer", "confine", "random")
            }
            | {
                "autograder/__init__.py": "",
                "autograder/judgement/checks.py": "close = unchanged = lambda *a, **k: None",
                "lib/autograder/rubric.py": "SECTIONS = ()",
            }
        ),
        twin=SOLUTION.plus(files={"lib/plots.py": "def curve(values):\n    return list(values)"}),
        roads=ALL_ROADS,
    ),
    Attack(
        "brings stale bytecode",
        tries="Hands in .pyc files beside the sources, which Python would prefer.",
        must="No points: submitted bytecode is ignored, and the sources run.",
        baseline=STUB,
        changes=Changes(
            files={
                BYTECODE: stale_bytecode(),
                "lib/mlp/layer_utils.pyc": stale_bytecode(),
                "lib/numpy.pyc": stale_bytecode(),
            }
        ),
        twin=SOLUTION.plus(files={BYTECODE: stale_bytecode()}),
        roads=(ZIP,),
    ),
    Attack(
        "brings configurations",
        tries="Hands in nbgrader_config.py, Jupyter configuration and a .env file.",
        must="No points: only the library and the notebook's cells are read.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            files={
                "nbgrader_config.py": "get_config().Autograde.autograde_preprocessors = []\n",
                "jupyter_config.py": "import os\nos._exit(0)\n",
                ".ipython/profile_default/startup/00.py": "import os\nos._exit(0)\n",
                ".env": "PYTEST_ADDOPTS=--co\nPYTHONSTARTUP=lib/evil.py\n",
                "Makefile": "all:\n\ttouch owned\n",
                "grades.csv": "student,score\nme,29\n",
            }
        ),
        roads=(NBGRADER,),
    ),
)

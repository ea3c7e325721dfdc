"""What is patched in nbgrader is still there, under the names that the patches use."""

from __future__ import annotations

import inspect
import subprocess
import sys

import nbgrader.api
import pytest
from nbgrader.converters.base import BaseConverter
from nbgrader.coursedir import CourseDirectory

from autograder.nbgrader_plugins import gradebook


def test_nbgrader_has_the_methods_that_are_replaced_with_the_parameters_that_are_given():
    expected = {
        (BaseConverter, "init_assignment"): ["self", "assignment_id", "student_id"],
        (BaseConverter, "_format_source"): ["self", "assignment_id", "student_id", "escape"],
        (CourseDirectory, "get_existing_timestamp"): ["self", "dest_path"],
    }
    for (owner, name), parameters in expected.items():
        assert list(inspect.signature(getattr(owner, name)).parameters) == parameters, name
    assert "get_alembic_version" in inspect.getsource(nbgrader.api.Gradebook.__init__)


@pytest.mark.proof
def test_a_gradebook_has_the_schema_that_nbgrader_itself_would_give_it(tiny, tmp_path):
    with gradebook.opened(tiny, gradebook.url(tmp_path / "book.db")) as book:
        ((found,),) = book.db.connection().exec_driver_sql("select * from alembic_version")
    code = "from nbgrader.dbutil import _temp_alembic_ini as ini; import subprocess, sys\n"
    code += f"with ini({gradebook.url(tmp_path / 'book.db')!r}) as path:\n"
    code += "    subprocess.run([sys.executable, '-m', 'alembic', '-c', path, 'heads'])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split()[0] == found


def test_importing_nbgrader_compiles_no_grammar_of_addresses():
    code = "from autograder.nbgrader_plugins import gradebook; import sys\n"
    code += "print(sys.modules['rfc3987_syntax'])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "None\n"


def test_the_patches_do_not_import_nbgrader_themselves():
    code = "import autograder.nbgrader_plugins.patches, sys; print('nbgrader' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"

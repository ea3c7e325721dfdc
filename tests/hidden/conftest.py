"""A fixture for every probe, from the evidence that `autograder.mark` hands to pytest."""

import pytest

from autograder.mark import EVIDENCE
from autograder.probes import probes


def _fixture(name):
    @pytest.fixture(name=name)
    def evidence(request):
        return request.config.stash[EVIDENCE][name]

    return evidence


for _name in probes():
    globals()[f"{_name}_evidence"] = _fixture(_name)

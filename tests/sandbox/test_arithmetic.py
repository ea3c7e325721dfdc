"""Settings of the grader's process for numpy's arithmetic also apply to the child."""

PROBE = """
@given()
def computes(lib):
    yield {f"n{number}": values for number, values in enumerate(fingerprint())}
"""


def test_the_child_computes_as_the_environment_says_to_the_bit(run, other_processor, monkeypatch):
    def computed():
        seen = run(other_processor.source + PROBE, ["computes"])["computes"]
        return b"".join(seen[name].tobytes() for name in sorted(seen.values)).hex()

    here, there = other_processor.numbers
    assert computed() == here
    for name, value in other_processor.variables.items():
        monkeypatch.setenv(name, value)
    assert computed() == there

"""The student whose run the assignment was published with.

The notebook printed scores that were right where they are negative and a hundred times too large
where they are positive: the small network had a further layer at its end. Everything else passed.
"""

import numpy as np

EXPECTED = np.array(
    [
        [-2.33876804, -1.92168925, -1.50461046, -1.08753166, -0.67045287, -0.25337408, 0.16370472],
        [-1.57216705, -1.18571026, -0.79925348, -0.4127967, -0.02633991, 0.36011687, 0.74657365],
        [-0.80556605, -0.44973128, -0.09389651, 0.26193827, 0.61777304, 0.97360782, 1.32944259],
        [-0.03896506, 0.2862477, 0.61146047, 0.93667323, 1.261886, 1.58709876, 1.91231153],
    ]
)
PRINTED_LAST_ROW = [
    -3.89650597e-02,
    2.86247705e01,
    6.11460469e01,
    9.36673234e01,
    1.26188600e02,
    1.58709876e02,
    1.91231153e02,
]
LAST_LAYER = """
class hundredfold(leaky_relu):
    def forward(self, feat):
        return 100 * super().forward(feat)

    def backward(self, dprev):
        return 100 * super().backward(dprev)


class TestFCReLU(Module):"""


def test_the_printed_scores_are_those_of_a_hundredfold_leaky_relu():
    scores = 100 * np.where(EXPECTED > 0, EXPECTED, 0.01 * EXPECTED)
    assert np.allclose(scores[-1], PRINTED_LAST_ROW, rtol=1e-6)


def test_the_printed_student_loses_only_the_small_network(change, graded, lost):
    path = "lib/mlp/fully_conn.py"
    with_layer = change(path, "class TestFCReLU(Module):", LAST_LAYER.lstrip())
    submission = change(
        path,
        'fc(30, 7, name="fullo_2"),',
        'fc(30, 7, name="fullo_2"), hundredfold(name="last"),',
        base=with_layer,
    )
    found = graded(submission)
    assert lost(found) == {"small_network": 2}
    assert found.score == 27

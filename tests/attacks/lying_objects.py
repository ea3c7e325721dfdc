"""Lying return values: objects that deceive a comparison.

One block is left unwritten and returns the lie instead. A check that believes the lie would give
points that the baseline does not have.
"""

from attack import ALL_ROADS, LAYERS, NBGRADER, OPTIMIZERS, SOLUTION, Attack, Changes

ONE_BLOCK_MISSING = SOLUTION.without("fc.backward")
NO_LOSS = SOLUTION.plus(blocks={"cross_entropy.forward": "scores = softmax(feat)\nloss = 0.0"})
"""The softmax and the gradient are right, the loss is wrong."""


def lies(value: str, code: str = "") -> Changes:
    """fc.backward returns the value of an expression for all three of its gradients."""
    block = f"""
        lie = {value}
        self.grads[self.w_name] = self.grads[self.b_name] = dfeat = lie
    """
    return Changes(blocks={"fc.backward": block}, appended={LAYERS: code} if code else {})


ATTACKS = (
    Attack(
        "is equal to everything",
        tries="Returns an object whose ==, <, - and truth value suit any check.",
        must="No points: anything but numbers is refused where it leaves the sandbox.",
        baseline=ONE_BLOCK_MISSING,
        changes=lies(
            "Agreeable()",
            """
            class Agreeable:
                shape, dtype, ndim, size = (8, 11), np.dtype(float), 2, 88

                def agree(self, *args, **kwargs):
                    return True

                def itself(self, *args, **kwargs):
                    return self

                __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = agree
                __sub__ = __rsub__ = __abs__ = __truediv__ = __getitem__ = __getattr__ = itself
                __hash__ = None

                def __float__(self):
                    return 0.0
            """,
        ),
        twin=SOLUTION.plus(
            appended={
                LAYERS: """
                    from dataclasses import dataclass

                    @dataclass(order=True, frozen=True)
                    class Shape:
                        rows: int
                        columns: int

                    assert Shape(1, 2) == Shape(1, 2) < Shape(1, 3)
                """
            }
        ),
        roads=ALL_ROADS,
    ),
    Attack(
        "is an array that always agrees",
        tries="Returns an ndarray subclass whose comparisons and reductions all return True.",
        must="No points: only the numbers in the buffer are copied out, without the class.",
        baseline=ONE_BLOCK_MISSING,
        changes=lies(
            "np.zeros(feat.shape).view(Agreeable)",
            """
            class Agreeable(np.ndarray):
                def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
                    return np.ones((), bool)

                def __array_function__(self, function, types, args, kwargs):
                    return True

                def __array_finalize__(self, source):
                    pass

                def __eq__(self, other):
                    return True

                __lt__ = __le__ = __gt__ = __ge__ = __bool__ = all = any = __eq__
            """,
        ),
        twin=SOLUTION.plus(
            blocks={
                "fc.forward": """
                    w, b = self.params[self.w_name], self.params[self.b_name]
                    output = (np.asmatrix(feat) @ np.asmatrix(w) + b).view(np.matrix)
                    output = np.asarray(output)
                """
            }
        ),
        roads=(NBGRADER,),
    ),
    Attack(
        "converts differently at every call",
        tries="Returns an object whose __array__ gives another answer at every call.",
        must="No points: anything but numbers, lists and arrays is refused without calling it.",
        baseline=ONE_BLOCK_MISSING,
        changes=lies(
            "Chameleon(feat.shape)",
            """
            class Chameleon:
                def __init__(self, shape):
                    self.shape, self.count = shape, 0

                def __array__(self, dtype=None, copy=None):
                    self.count += 1
                    return np.full(self.shape, 1 / self.count)

                def __array_interface__(self):
                    return self.__array__().__array_interface__

                def __len__(self):
                    return self.shape[0]

                def __getitem__(self, index):
                    return self.__array__()[index]
            """,
        ),
    ),
    Attack(
        "overrides array functions",
        tries="Has an __array_function__ that makes allclose and array_equal succeed.",
        must="No points: its class does not leave the sandbox, and comparisons happen outside.",
        baseline=ONE_BLOCK_MISSING,
        changes=lies(
            "Fine(np.zeros(feat.shape))",
            """
            class Fine(np.lib.mixins.NDArrayOperatorsMixin):
                def __init__(self, held):
                    self.held = held

                def __array_function__(self, function, types, args, kwargs):
                    fine = {"allclose": True, "array_equal": True, "max": 0.0, "abs": 0.0}
                    return fine.get(function.__name__, self)

                def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
                    return self.held * 0
            """,
        ),
    ),
    Attack(
        "lies about its shape",
        tries="Returns an ndarray subclass with a false shape, size and dtype.",
        must="No points: shape, size and bytes are read together, and must be consistent.",
        baseline=ONE_BLOCK_MISSING,
        changes=lies(
            "np.zeros(1).view(Boaster)",
            """
            class Boaster(np.ndarray):
                @property
                def shape(self):
                    return (8, 11)

                @property
                def size(self):
                    return 88

                @property
                def nbytes(self):
                    return 704

                @property
                def dtype(self):
                    return np.dtype("f8")
            """,
        ),
    ),
    Attack(
        "is a float with its own arithmetic",
        tries="Returns a float subclass whose differences are 0 and that equals everything.",
        must="No points: only the eight bytes of a float are sent.",
        baseline=NO_LOSS,
        changes=Changes(
            blocks={"cross_entropy.forward": "scores = softmax(feat)\nloss = Close(0.0)"},
            appended={
                LAYERS: """
                    class Close(float):
                        def nothing(self, *others):
                            return Close(0.0)

                        def __eq__(self, other):
                            return True

                        __sub__ = __rsub__ = __abs__ = __truediv__ = __mul__ = nothing
                        __le__ = __lt__ = __ge__ = __gt__ = __eq__
                        __hash__ = float.__hash__
                """
            },
        ),
        twin=SOLUTION.plus(
            blocks={
                "cross_entropy.forward": """
                    scores = softmax(feat)
                    picked = np.logaddexp.reduce(feat, axis=1) - feat[np.arange(len(label)), label]
                    loss = np.float64(np.mean(picked) if self.size_average else np.sum(picked))
                """
            }
        ),
    ),
    Attack(
        "is a string that equals any number",
        tries="Returns a str subclass that is equal to any number.",
        must="No points: strings are refused.",
        baseline=NO_LOSS,
        changes=Changes(
            blocks={"cross_entropy.forward": "scores = softmax(feat)\nloss = Yes('0')"},
            appended={
                LAYERS: """
                    class Yes(str):
                        def __eq__(self, other):
                            return True

                        __lt__ = __le__ = __gt__ = __ge__ = __eq__
                        __hash__ = str.__hash__

                        def __sub__(self, other):
                            return 0.0

                        __rsub__ = __sub__
                """
            },
        ),
    ),
    Attack(
        "imitates the probes' Text class",
        tries="Returns an object of a class called Text, which probes use for their own strings.",
        must="No points: no check accepts a text as an array of numbers.",
        baseline=ONE_BLOCK_MISSING,
        changes=lies(
            "Text('passed')",
            """
            class Text:
                def __init__(self, value):
                    self.value = value
            """,
        ),
    ),
    Attack(
        "returns arrays of objects",
        tries="Returns arrays of dtype object, in the right shape, whose elements always agree.",
        must="No points: object arrays are refused before any element is used.",
        baseline=ONE_BLOCK_MISSING,
        changes=lies(
            "np.array([[Yes() for _ in row] for row in feat], dtype=object)",
            """
            class Yes:
                def __eq__(self, other):
                    return True

                def __float__(self):
                    return 0.0

                def __sub__(self, other):
                    return 0.0
            """,
        ),
    ),
    Attack(
        "hides code in a pickle",
        tries="Returns objects whose __reduce__ runs a command when they are unpickled.",
        must="No points and nothing runs: nothing from the sandbox is unpickled outside.",
        baseline=ONE_BLOCK_MISSING,
        changes=lies(
            "np.array([Bomb()], dtype=object)",
            """
            import os

            class Bomb:
                def __reduce__(self):
                    return os.system, ('touch $TMPDIR/exploded; kill -9 $PPID',)

                def __reduce_ex__(self, version):
                    return self.__reduce__()

                def __array__(self, *args, **kwargs):
                    raise self
            """,
        ),
        twin=SOLUTION.plus(
            appended={
                LAYERS: "import copy, pickle\n\npickle.loads(pickle.dumps(copy.deepcopy([1, 2])))"
            }
        ),
    ),
    Attack(
        "nests endlessly",
        tries="Returns a list that contains itself, and one that is 100,000 lists deep.",
        must="No points: the report only says that it is not a rectangular array.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            blocks={
                "fc.backward": """
                    dfeat = []
                    dfeat.append(dfeat)
                    deep = 0.0
                    for _ in range(100_000):
                        deep = [deep]
                    self.grads[self.w_name], self.grads[self.b_name] = deep, [dfeat, deep]
                """
            }
        ),
        twin=SOLUTION.plus(
            blocks={
                "leaky_relu.forward": """
                    output = np.array([max(x, self.negative_slope * x) for x in feat.ravel()])
                    output = output.reshape(feat.shape)
                """
            }
        ),
    ),
    Attack(
        "yields endlessly",
        tries="Returns sequences that always have a next element.",
        must="No points: only lists, tuples and arrays count as arrays.",
        baseline=ONE_BLOCK_MISSING,
        changes=lies(
            "Endless()",
            """
            import itertools

            class Endless(list):
                def __iter__(self):
                    return itertools.repeat(0.0)

                def __len__(self):
                    return 2**40

                def __getitem__(self, index):
                    return 0.0
            """,
        ),
    ),
    Attack(
        "keeps gradients in a lying dictionary",
        tries="Makes grads a dictionary that has an array for every name.",
        must="No points: the gradients that come out are compared, however they were stored.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            blocks={"fc.backward": "self.grads = Echo(self.params)\ndfeat = feat"},
            appended={
                LAYERS: """
                    class Echo(dict):
                        def __getitem__(self, name):
                            return dict.get(self, name, np.zeros(1))

                        def __contains__(self, name):
                            return True

                        def get(self, name, default=None):
                            return default if default is not None else self[name]

                        def __len__(self):
                            return 2
                """
            },
        ),
    ),
    Attack(
        "fakes optimizer states",
        tries="Gives optimizers a velocity, a cache and moments that agree with everything.",
        must="No points: states must be arrays, and parameters are compared as well.",
        baseline=SOLUTION.without("SGDM.update", "RMSProp.update", "Adam.update"),
        changes=Changes(
            blocks=dict.fromkeys(
                ("SGDM.update", "RMSProp.update", "Adam.update"),
                "self.velocity = self.cache = self.mt = self.vt = Agreeable()",
            ),
            appended={
                OPTIMIZERS: """
                    class Agreeable(dict):
                        def get(self, name, default=None):
                            return self

                        def __eq__(self, other):
                            return True

                        def __array__(self, dtype=None, copy=None):
                            return np.zeros((4, 5))

                        __hash__ = None
                """
            },
        ),
    ),
)

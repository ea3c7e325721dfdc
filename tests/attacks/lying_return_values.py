"""Lying return values: objects, numbers and arrays that are not what they seem to a comparison.

One block is left unwritten and returns the lie instead, so that a check which believes it would
give points that the same work does not have.
"""

from attack import ALL_ROADS, LAYERS, NBGRADER, OPTIMIZERS, SOLUTION, ZIP, Attack, Changes

LEFT = SOLUTION.left("fc.backward")
NO_LOSS = SOLUTION.but(blocks={"cross_entropy.forward": "scores = softmax(feat)\nloss = 0.0"})
"""The softmax and the gradient right, and the loss any number."""


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
        tries="Returns an object whose ==, <, - and truth value say what a check hopes for.",
        must="No point: what is no array of numbers is refused where it leaves the sandbox.",
        over=LEFT,
        does=lies(
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
        twin=SOLUTION.but(
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
        "agrees as an array",
        tries="Returns an ndarray subclass whose comparisons and reductions all say True.",
        must="No point: the buffer's own numbers are copied out, without the class.",
        over=LEFT,
        does=lies(
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
        twin=SOLUTION.but(
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
        "converts itself as it is asked",
        tries="Returns an object whose __array__ gives another answer at every call.",
        must="No point: what is neither number, list nor array is refused unasked.",
        over=LEFT,
        does=lies(
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
        tries="Has an __array_function__ by which allclose, isclose and max are fine.",
        must="No point: nothing of its class crosses the border, where such functions are called.",
        over=LEFT,
        does=lies(
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
        tries="Returns an ndarray subclass that claims another shape, size and dtype than it has.",
        must="No point: shape, size and bytes are read together, and their sum must agree.",
        over=LEFT,
        does=lies(
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
        tries="Returns a loss that is a float subclass: its differences are 0 and it equals all.",
        must="No point: of a float the eight bytes are sent.",
        over=NO_LOSS,
        does=Changes(
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
        twin=SOLUTION.but(
            blocks={
                "cross_entropy.forward": """
                    scores = softmax(feat)
                    picked = -np.log(scores[np.arange(len(label)), label])
                    loss = np.float64(np.mean(picked) if self.size_average else np.sum(picked))
                """
            }
        ),
    ),
    Attack(
        "is a string that agrees",
        tries="Returns str subclasses, 'nan' and '0' among them, that are equal to any number.",
        must="No point: strings are refused.",
        over=NO_LOSS,
        does=Changes(
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
        "takes the name of the probe's own text",
        tries="Returns an object of a class called Text, as probes mark strings of their own.",
        must="No point: a text is no array of numbers to any check.",
        over=LEFT,
        does=lies(
            "Text('passed')",
            """
            class Text:
                def __init__(self, value):
                    self.value = value
            """,
        ),
    ),
    Attack(
        "answers NaN",
        tries="Returns NaN, since no comparison with NaN says that it is too far off.",
        must="No point: what cannot be compared is off.",
        over=LEFT,
        does=lies("np.full(feat.shape, np.nan)"),
        roads=(ZIP,),
    ),
    Attack(
        "answers NaN in the right shapes",
        tries="Returns gradients of the right shapes, every element NaN or infinite.",
        must="No point: NaN and infinities are named and fail.",
        over=LEFT,
        does=Changes(
            blocks={
                "fc.backward": """
                    self.grads[self.w_name] = np.full_like(self.params[self.w_name], np.nan)
                    self.grads[self.b_name] = np.full_like(self.params[self.b_name], np.inf)
                    dfeat = np.where(feat > 0, np.nan, -np.inf)
                """
            }
        ),
    ),
    Attack(
        "overflows the tolerance",
        tries="Returns the largest floats, so that error over size becomes infinity over infinity.",
        must="No point: the size is that of the expected values, and NaN is off.",
        over=LEFT,
        does=Changes(
            blocks={
                "fc.backward": """
                    huge = np.finfo(float).max
                    self.grads[self.w_name] = np.full_like(self.params[self.w_name], huge)
                    self.grads[self.b_name] = np.full_like(self.params[self.b_name], -huge)
                    dfeat = np.where(feat > 0, huge, -0.0)
                """
            }
        ),
    ),
    Attack(
        "returns objects",
        tries="Returns arrays of dtype object that hold agreeable objects, right shape and all.",
        must="No point: object arrays are refused before anything in them is asked.",
        over=LEFT,
        does=lies(
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
        tries="Returns objects whose __reduce__ runs a command where they are unpickled.",
        must="No point and nothing runs: what was written inside is not unpickled outside.",
        over=LEFT,
        does=lies(
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
        twin=SOLUTION.but(
            appended={
                LAYERS: "import copy, pickle\n\npickle.loads(pickle.dumps(copy.deepcopy([1, 2])))"
            }
        ),
    ),
    Attack(
        "returns ten gigabytes",
        tries="Returns a view of one number that is 10 GB when it is written out.",
        must="No point, at no cost: sizes are looked at before anything is copied.",
        over=LEFT,
        does=lies("np.broadcast_to(np.float64(0), (10**5, 12500))"),
        roads=(ZIP, NBGRADER),
    ),
    Attack(
        "nests without end",
        tries="Returns a list that contains itself, and one that is 100,000 lists deep.",
        must="No point: it is no rectangular array, and that is all that is said.",
        over=LEFT,
        does=Changes(
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
        twin=SOLUTION.but(
            blocks={
                "leaky_relu.forward": """
                    output = np.array([max(x, self.negative_slope * x) for x in feat.ravel()])
                    output = output.reshape(feat.shape)
                """
            }
        ),
    ),
    Attack(
        "yields without end",
        tries="Returns sequences that have a next element whenever one is asked for.",
        must="No point: only lists, tuples and arrays count as arrays.",
        over=LEFT,
        does=lies(
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
        "empties the inputs",
        tries="Sets input, weights and gradient to 0 in place, so that the answer expected is 0.",
        must="No point: inputs are drawn again where the answer is judged.",
        over=LEFT,
        does=Changes(
            blocks={
                "fc.backward": """
                    feat[...] = 0.0
                    dprev[...] = 0.0
                    for name in self.params:
                        self.params[name][...] = 0.0
                    self.grads[self.w_name] = np.zeros_like(self.params[self.w_name])
                    self.grads[self.b_name] = np.zeros_like(self.params[self.b_name])
                    dfeat = np.zeros_like(feat)
                """
            }
        ),
        roads=(ZIP,),
    ),
    Attack(
        "shrinks the inputs",
        tries="Resizes and reshapes the caller's arrays to nothing, so that nothing is compared.",
        must="No point: the shape of the answer is that of the reference's.",
        over=LEFT,
        does=Changes(
            blocks={
                "fc.backward": """
                    for array in (feat, dprev, *self.params.values()):
                        array.setflags(write=True)
                        array.resize(0, refcheck=False)
                    self.grads[self.w_name] = self.grads[self.b_name] = np.zeros((0, 0))
                    dfeat = np.zeros((0,))
                """
            }
        ),
    ),
    Attack(
        "returns a view that changes",
        tries="Returns a window on memory that a thread writes to.",
        must="No point: an array is copied once, and then judged.",
        over=LEFT,
        does=Changes(
            blocks={
                "fc.backward": """
                    window = np.zeros((64, 64))
                    threading.Thread(target=shift, args=(window,), daemon=True).start()
                    self.grads[self.w_name] = window[:11, :6]
                    self.grads[self.b_name] = window[0, :6]
                    dfeat = window[: len(feat), : feat.shape[1]]
                """
            },
            appended={
                LAYERS: """
                    import threading

                    def shift(window):
                        rng = np.random.default_rng()
                        while True:
                            window[...] = rng.normal(size=window.shape)
                """
            },
        ),
        twin=SOLUTION.but(
            blocks={
                "fc.backward": """
                    both = np.empty((len(feat) + 1, feat.shape[1]))
                    both[1:] = dprev @ self.params[self.w_name].T
                    dfeat = both[1:]
                    self.grads[self.w_name] = (dprev.T @ feat).T
                    self.grads[self.b_name] = np.lib.stride_tricks.as_strided(dprev.sum(0))
                """
            }
        ),
    ),
    Attack(
        "masks what is wrong",
        tries="Returns masked arrays whose every element is masked, and so never compared.",
        must="No point: a masked array is refused.",
        over=LEFT,
        does=lies("np.ma.masked_all(feat.shape)"),
    ),
    Attack(
        "returns other kinds of numbers",
        tries="Returns complex numbers, dates, records, 16-byte floats and booleans.",
        must="No point: other kinds are refused, and true is 1.",
        over=LEFT,
        does=Changes(
            blocks={
                "fc.backward": """
                    w, b = self.params[self.w_name], self.params[self.b_name]
                    kinds = ("c16", "M8[s]", "m8[s]", "g", "?", "V8", "S8", "U2", [("a", "f8")])
                    fc.calls = getattr(fc, "calls", -1) + 1
                    kind = kinds[fc.calls % len(kinds)]
                    self.grads[self.w_name] = np.zeros(w.shape, dtype=kind)
                    self.grads[self.b_name] = np.zeros(b.shape, dtype=kind)
                    dfeat = np.zeros(feat.shape, dtype=kind)
                """
            }
        ),
        twin=SOLUTION.but(
            blocks={
                "fc.forward": """
                    output = feat @ self.params[self.w_name] + self.params[self.b_name]
                    output = np.asfortranarray(output).astype(">f8")
                """
            }
        ),
    ),
    Attack(
        "returns one number for all",
        tries="Returns scalars and arrays of length 1 that would fit any shape by broadcasting.",
        must="No point: shapes must be the same.",
        over=LEFT,
        does=Changes(
            blocks={
                "fc.backward": """
                    self.grads[self.w_name] = np.zeros((1, 1))
                    self.grads[self.b_name] = np.float64(0.0)
                    dfeat = np.zeros((1,) * 32)
                """
            }
        ),
    ),
    Attack(
        "keeps gradients in a lying dictionary",
        tries="Makes grads and params dictionaries that give whoever asks what he gave before.",
        must="No point: the gradients that come out are compared, however they were kept.",
        over=LEFT,
        does=Changes(
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
        "counts on state dictionaries",
        tries="Gives optimizers whose velocity, cache and moments agree with everything.",
        must="No point: states are arrays, and parameters are compared beside them.",
        over=SOLUTION.left("SGDM.update", "RMSProp.update", "Adam.update"),
        does=Changes(
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
    Attack(
        "speaks in control characters",
        tries="Names layers and exceptions with escape codes, markup and other directions of text.",
        must="No point, and pages and terminal show plain characters.",
        over=LEFT,
        does=Changes(
            blocks={"fc.backward": "raise Shout(HOSTILE * 9)"},
            appended={
                LAYERS: r"""
                    HOSTILE = "\x1b[2J\x1b]0;29/29\x07\r\n\x00\u202e\x9b31m</td><script>alert(1)"

                    Shout = type("Pass\x1b[2K<b onclick=alert(1)>", (Exception,), {})
                """
            },
        ),
        twin=SOLUTION.but(
            appended={LAYERS: 'print("<b>Größe</b> \\x1b[32mfertig\\x1b[0m \\u2713")'}
        ),
        roads=ALL_ROADS,
    ),
    Attack(
        "claims that its inputs are intact",
        tries="Returns wrong answers and hopes for the points of what is left unchanged.",
        must="No point: a property counts only once the answer itself is right.",
        over=SOLUTION.left("leaky_relu.backward", "SGDM.update", "dropout.backward"),
        does=Changes(
            blocks={
                "leaky_relu.backward": "dfeat = 0.5 * dprev.copy()",
                "dropout.backward": "dfeat = 0.5 * dprev.copy()",
                "SGDM.update": "return None",
            }
        ),
    ),
    Attack(
        "claims one mask under one seed",
        tries="Returns noise from a seeded generator, which repeats itself as a dropout would.",
        must="No point: it must be the input, scaled, before it is asked whether it repeats.",
        over=SOLUTION.left("dropout.forward", "dropout.backward"),
        does=Changes(
            blocks={
                "dropout.forward": """
                    rng = np.random.RandomState(seed or 0)
                    kept, output = None, rng.standard_normal(feat.shape).clip(0)
                """,
                "dropout.backward": "dfeat = dprev",
            }
        ),
    ),
)

"""A child cannot find out the grader's path, neither in its memory nor in mounted files."""

from __future__ import annotations

import numpy as np
import pytest

from autograder import checkout
from autograder.sandbox import zygotes
from autograder.sandbox.selftest import BACKENDS

LOOKS = """
    import ctypes, gc, os, sys

    def arguments():
        count, words = ctypes.c_int(), ctypes.POINTER(ctypes.c_wchar_p)()
        ctypes.pythonapi.Py_GetArgcArgv(ctypes.byref(count), ctypes.byref(words))
        return [words[n] for n in range(count.value)] + sys.argv + sys.orig_argv

    class Loaded(ctypes.Structure):
        _fields_ = [("address", ctypes.c_void_p), ("name", ctypes.c_char_p)]

    def shared_libraries():
        found = []
        kinds = ctypes.c_int, ctypes.POINTER(Loaded), ctypes.c_size_t, ctypes.c_void_p
        add = lambda info, size, data: found.append(info.contents.name.decode()) or 0
        ctypes.CDLL(None).dl_iterate_phdr(ctypes.CFUNCTYPE(*kinds)(add), None)
        return found

    def modules():
        for module in list(sys.modules.values()):
            spec = getattr(module, "__spec__", None)
            loader = getattr(module, "__loader__", None)
            yield from (repr(vars(thing)) for thing in (spec, loader) if hasattr(thing, "__dict__"))
            yield repr(getattr(module, "__file__", None))
            yield repr(getattr(loader, "box", None) and vars(loader.box))

    def objects():
        for thing in gc.get_objects():
            things = thing.values() if type(thing) is dict else thing
            if type(thing) in (dict, list, tuple, set):
                yield from (text for text in list(things) if type(text) is str)
            yield from (f.co_filename for f in [getattr(thing, "__code__", None)] if f)

    def frames():
        frame = sys._getframe()
        while frame is not None:
            yield f"{frame.f_code.co_filename} {frame.f_globals!r} {frame.f_locals!r}"
            frame = frame.f_back

    def files_of_the_graders():
        for folder, _, names in os.walk("/box/trusted"):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    yield file.read().decode("latin-1")

    def environment():
        return [f"{name}={value}" for name, value in os.environ.items()]

    LOOKS = (arguments, environment, shared_libraries, modules, objects, frames)

    def lines_with(backwards):
        lines = []
        for look in (*LOOKS, files_of_the_graders):
            lines += [f"{look.__name__}: {text}" for text in look() if backwards in text[::-1]]
        return lines
"""
PROBE = """
    @given()
    def looks(lib):
        lines = lib.layer_utils.lines_with({!r})
        first = lines[0][:1000] if lines else "-"
        yield dict(count=len(lines), lines=np.frombuffer(first.encode(), np.uint8))
"""


def test_no_child_finds_the_graders_path(run):
    backwards = str(checkout.ROOT / "autograder")[::-1]  # the probe must not contain it
    seen = run(PROBE.format(backwards), ["looks"], layer_utils=LOOKS)["looks"]
    assert seen.ending.how == "finished", seen.ending
    lines = bytes(np.asarray(seen["lines"])).decode()
    assert seen["count"] == 0, lines


def test_the_memory_that_a_child_inherits_contains_no_path_of_the_grader(run_probes, library, tiny):
    """Searches all readable memory of every zygote, from which bubblewrap's children are forked."""
    backend = BACKENDS[0]
    if backend.unavailable() is not None:
        pytest.skip(backend.unavailable())
    source = "@given()\ndef nothing(lib):\n    yield dict(a=1.0)\n"
    seen = run_probes(backend, source, ["nothing"], library())
    assert seen["nothing"].ending.how == "finished"
    paths = [str(checkout.ROOT / "autograder"), str(tiny.library), str(tiny.suites)]
    codings = ("utf-8", "utf-16-le", "utf-32-le")
    wanted = [path.encode(coding) for path in paths for coding in codings]
    assert zygotes._kept
    for one in zygotes._kept.values():
        read = 0
        for memory in _memory(one.process.pid):
            read += len(memory)
            assert not [path for path in wanted if path in memory]
        assert read > 2**24


def _memory(process):
    """The contents of every mapping of a process."""
    with open(f"/proc/{process}/maps") as maps, open(f"/proc/{process}/mem", "rb", 0) as memory:
        for line in maps:
            first, last = (int(end, 16) for end in line.split()[0].split("-"))
            if "r" in line.split()[1] and not line.rstrip().endswith(("[vvar]", "[vsyscall]")):
                memory.seek(first)
                try:
                    yield memory.read(last - first)
                except OSError:  # the kernel's own
                    continue

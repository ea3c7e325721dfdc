"""Files and notebooks, the zip: every trick of the format, and every odd zip that is honest."""

from __future__ import annotations

import io
import os
import stat
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from attack import OPTIMIZERS, SOLUTION, STUB, Attack, Changes, Work

from autograder.problem_1 import ASSIGNMENT as P1

LEFT = SOLUTION.left("RMSProp.update")
"""A zip is read, or it is not: what could be gained shows best where little is missing."""
ANSWER = (P1.library / OPTIMIZERS).read_bytes()
"""What the student would like to have handed in."""


def members(folder: Path) -> dict[str, bytes]:
    """The files of a hand-in by path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def entry(name: str, kind: int = stat.S_IFREG, compression: int = zipfile.ZIP_DEFLATED):
    info = zipfile.ZipInfo(name, (2026, 11, 20, 12, 0, 0))
    info.external_attr = (kind | 0o644) << 16
    info.create_system = 3
    info.compress_type = compression
    return info


def zipped(
    path: Path,
    files: Mapping[str, bytes],
    more: Iterator | list | tuple = (),
    compression: int = zipfile.ZIP_DEFLATED,
) -> None:
    """Writes a zip with these files, and then with further pairs of a ZipInfo and a content."""
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as archive:
        warnings.simplefilter("ignore")  # that a name comes twice
        for name, content in files.items():
            archive.writestr(entry(name, compression=compression), content)
        for info, content in more:
            archive.writestr(info, content)


def also(*pairs: tuple[zipfile.ZipInfo, bytes]) -> Changes:
    """The hand-in's own files, and more."""
    return Changes(archive=lambda folder, path: zipped(path, members(folder), pairs))


def instead(*pairs: tuple[zipfile.ZipInfo, bytes]) -> Changes:
    """The hand-in's own files but for the optimizers, and more."""

    def make(folder: Path, path: Path) -> None:
        files = {name: text for name, text in members(folder).items() if name != OPTIMIZERS}
        zipped(path, files, pairs)

    return Changes(archive=make)


def renamed(name: Callable[[str], str]) -> Work:
    """The solution in a zip whose names are made from the files' own."""

    def make(folder: Path, path: Path) -> None:
        zipped(path, {name(old): content for old, content in members(folder).items()})

    return SOLUTION.but(archive=make)


def rewritten(change: Callable[[bytes], bytes]) -> Changes:
    """The bytes of an ordinary zip, changed."""

    def make(folder: Path, path: Path) -> None:
        zipped(path, members(folder))
        path.write_bytes(change(path.read_bytes()))

    return Changes(archive=make)


def central(content: bytes) -> Iterator[int]:
    """Where the entries of the table of contents begin."""
    at = content.find(b"PK\x01\x02")
    while at >= 0:
        yield at
        at = content.find(b"PK\x01\x02", at + 4)


def with_flag(content: bytes, flag: int) -> bytes:
    changed = bytearray(content)
    for at in central(content):
        changed[at + 8] |= flag
    return bytes(changed)


def lying_about_sizes(folder: Path, path: Path) -> None:
    """lib/mlp/zeros.py is 64 MiB long and says in every header that it is ninety bytes long."""
    zipped(path, members(folder), [(entry("lib/mlp/zeros.py"), bytes(2**26))])
    content = path.read_bytes()
    path.write_bytes(content.replace(struct.pack("<I", 2**26), struct.pack("<I", 90)))


def overlapping(folder: Path, path: Path) -> None:
    """Twenty thousand entries in the table of contents, all of one packed file of 3 MiB."""
    zipped(path, members(folder), [(entry("lib/mlp/a00000.py"), os.urandom(2**14) * 192)])
    content = path.read_bytes()
    *_, last = central(content)
    end = content.rindex(b"PK\x05\x06")
    before, table, tail = content[:last], content[last:end], bytearray(content[end:])
    copies = b"".join(table.replace(b"a00000", b"a%05d" % n) for n in range(20_000))
    start = struct.unpack_from("<I", tail, 16)[0]
    count = 20_000 + struct.unpack_from("<H", tail, 10)[0] - 1
    struct.pack_into("<HHII", tail, 8, count, count, len(before) + len(copies) - start, start)
    path.write_bytes(before + copies + tail)


def damaged_by_thousands(folder: Path, path: Path) -> None:
    """Three thousand files that unpack to 3.9 MiB each, to fail at their last byte."""
    zeros = bytes(39 * 10**5)
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    packed = packer.compress(os.urandom(2**15) + zeros[2**15 :]) + packer.flush()
    zipped(path, members(folder))
    content = path.read_bytes()
    end = content.rindex(b"PK\x05\x06")
    count, _, start = struct.unpack_from("<HII", content, end + 10)
    local, table = bytearray(content[:start]), bytearray(content[start:end])
    for number in range(3000):
        name = b"lib/a%04d.py" % number
        told = (8, 0, 0x5C21, 0xBAD, len(packed), len(zeros), len(name), 0)
        table += struct.pack("<4sHHHHHHIIIHH", b"PK\x01\x02", 788, 20, 0, *told)
        table += struct.pack("<HHHII", 0, 0, 0, 0o100644 << 16, len(local)) + name
        local += struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 20, 0, *told) + name + packed
    tail = bytearray(content[end:])
    count += 3000
    struct.pack_into("<HHII", tail, 8, count, count, len(table), len(local))
    path.write_bytes(bytes(local + table + tail))


def nested(folder: Path, path: Path) -> None:
    """Zips in zips, eight deep and four wide, with a hundred megabytes of zeros in each."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.py", bytes(10**8))
    for _ in range(8):
        inner, held = held.getvalue(), io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as archive:
            for number in range(4 if len(inner) < 2**20 else 1):
                archive.writestr(f"{number}.zip", inner)
    zipped(path, members(folder), [(entry("lib/inner.zip"), held.getvalue())])


def hidden_in_a_comment(content: bytes) -> bytes:
    """A second zip, with the answer, in the comment of the first: which of them is the hand-in?"""
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr(OPTIMIZERS, ANSWER)
    comment = other.getvalue()
    return content[:-2] + struct.pack("<H", len(comment)) + comment


def with_zip64(content: bytes) -> bytes:
    """Says that there are 2^40 files, in the record that large zips have."""
    at = content.rindex(b"PK\x05\x06")
    large = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, *[2**40] * 3, 0)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, at, 1)
    return content[:at] + large + locator + content[at:]


ATTACKS = (
    Attack(
        "zip: climbs out of its folder",
        tries="Names with .., absolute ones and those of Windows, over the grader's own files.",
        must="Nothing is written: a zip is read into memory, and such names are left out.",
        over=LEFT,
        does=also(
            *(
                (entry(name), ANSWER)
                for name in (
                    "../escaped.py",
                    "../../../../../../../../tmp/escaped.py",
                    "lib/../../../lib_solution/lib/optim.py",
                    f"{P1.library}/{OPTIMIZERS}",
                    "/tmp/escaped.py",
                    "C:/escaped.py",
                    "..\\..\\escaped.py",
                    "\\\\server\\share\\escaped.py",
                    "//escaped.py",
                )
            )
        ),
        twin=renamed(lambda name: ".\\" + name.replace("/", "\\")),
    ),
    Attack(
        "zip: links to the solution and the gradebook",
        tries="Symbolic links, so that unpacking puts the solution in the place of the student's.",
        must="No point: a link in a zip is left out, whatever it leads to.",
        over=LEFT,
        does=instead(
            (entry(OPTIMIZERS, stat.S_IFLNK), str(P1.library / OPTIMIZERS).encode()),
            (entry("lib/book.py", stat.S_IFLNK), b"../../gradebook.db"),
            (entry("lib/all", stat.S_IFLNK), str(P1.library / "lib").encode()),
        ),
        twin=SOLUTION.but(
            also((entry("problem_1/", stat.S_IFDIR), b""), (entry("docs/", stat.S_IFDIR), b""))
        ),
    ),
    Attack(
        "zip: devices, FIFOs and sockets",
        tries="Entries that say they are /dev/zero, a pipe and a socket, for a reader that waits.",
        must="No point: only what is an ordinary file is read.",
        over=LEFT,
        does=instead(
            (entry(OPTIMIZERS, stat.S_IFIFO), b""),
            (entry("lib/zero.py", stat.S_IFCHR), b""),
            (entry("lib/disk.py", stat.S_IFBLK), b""),
            (entry("lib/socket.py", stat.S_IFSOCK), b""),
        ),
        twin=SOLUTION.but(
            archive=lambda folder, path: zipped(
                path, {}, [(zipfile.ZipInfo(name), text) for name, text in members(folder).items()]
            )
        ),
    ),
    Attack(
        "zip: a bomb",
        tries="Two hundred kilobytes that unpack to two hundred megabytes, in the library.",
        must="No point, no memory: what shrinks two hundredfold is no code.",
        over=LEFT,
        does=also((entry("lib/mlp/zeros.py"), bytes(2 * 10**8)), (entry("b.ipynb"), bytes(10**8))),
        twin=SOLUTION.but(also((entry("plots/loss.csv"), b"0.125,0.875\n" * 80_000))),
    ),
    Attack(
        "zip: a bomb in a zip in a zip",
        tries="Zips in zips, for a reader that unpacks whatever it finds.",
        must="No point: a zip inside is a file like any other.",
        over=LEFT,
        does=Changes(archive=nested),
        twin=SOLUTION.but(
            archive=lambda folder, path: zipped(
                path,
                {f"hand-in/{name}": text for name, text in members(folder).items()},
                [(entry("hand-in/old_version.zip"), b"PK\x05\x06" + bytes(18))],
            )
        ),
    ),
    Attack(
        "zip: sizes that lie",
        tries="Sixty-four megabytes that claim to be ninety bytes.",
        must="No point: no more is unpacked than was claimed, and then the checksum is wrong.",
        over=LEFT,
        does=Changes(archive=lying_about_sizes),
    ),
    Attack(
        "zip: entries over one another",
        tries="One packed file that the table of contents names twenty thousand times.",
        must="No point, bounded time: files are counted before they are unpacked.",
        over=LEFT,
        does=Changes(archive=overlapping),
        twin=SOLUTION.but(
            also(*((entry(f"data/{number}.txt"), b"same\n") for number in range(3000)))
        ),
    ),
    Attack(
        "zip: thousands of files that are damaged at the end",
        tries="Each is unpacked to be refused: twelve gigabytes of work for a few hundred KB.",
        must="No point, bounded time: files count before they are read, right or not.",
        over=LEFT,
        does=Changes(archive=damaged_by_thousands),
    ),
    Attack(
        "zip: one name, several files",
        tries="The released file for the reader of the first, another for the reader of the last.",
        must="No point: which one was meant nobody can say, so neither is read.",
        over=LEFT,
        does=also((entry(OPTIMIZERS), ANSWER), (entry("lib/optim.py/../optim.py"), ANSWER)),
        twin=SOLUTION.but(
            also((entry("lib/.DS_Store"), b"\x00"), (entry("lib/.DS_Store"), b"\x01"))
        ),
    ),
    Attack(
        "zip: names that are one on some system",
        tries="Other case, other Unicode forms, blanks and dots at the end: one file for Windows.",
        must="No point: what would be one file somewhere is left out.",
        over=LEFT,
        does=also(
            (entry("lib/Optim.py"), ANSWER),
            (entry("LIB/optim.py"), ANSWER),
            (entry("lib/o\uff50tim.py"), ANSWER),
            (entry("lib/optim.py."), ANSWER),
            (entry("lib/optim.py "), ANSWER),
        ),
        twin=SOLUTION.but(
            archive=lambda folder, path: zipped(
                path,
                {f"Ade\u0301lai\u0308de/{name}": t for name, t in members(folder).items()},
                [(entry("__MACOSX/Ade\u0301lai\u0308de/._Problem_1.ipynb"), b"\x00\x05\x16\x07")],
            )
        ),
    ),
    Attack(
        "zip: devices of Windows and forbidden names",
        tries="con.py, nul, aux.ipynb, a stream of lib/optim.py, and a thousand dots.",
        must="No point, no fault: they are names like others, or no names.",
        over=LEFT,
        does=also(
            *(
                (entry(name), ANSWER)
                for name in ("lib/con.py", "lib/nul", "aux.ipynb", "lib/optim.py::$DATA", "lpt1:x")
            ),
            (entry("lib/" + "." * 1000), ANSWER),
            (entry("lib/...../optim.py"), ANSWER),
        ),
        twin=SOLUTION.but(also((entry("notes (2) - Kopie von Käthe's.txt"), b"notes"))),
    ),
    Attack(
        "zip: control characters, terminals and HTML in names",
        tries="Clears the grader's terminal, runs in the grader's browser, ends a C string.",
        must="Nothing of it is shown as it is: names are told in plain characters.",
        over=LEFT,
        does=also(
            *(
                (entry(name), ANSWER)
                for name in (
                    "lib/\x1b[2J\x1b]0;graded\x07.py",
                    "lib/optim\n.py",
                    "lib/\u202eyp.mitpo",
                    "lib/<script>alert(1)</script>.py",
                    "=cmd|' /c calc'!A0.ipynb",
                    "lib/[bold red]full marks[/].py",
                )
            ),
        ),
        twin=SOLUTION.but(also((entry("Übung 1 & 2 <final>.txt"), b"x"))),
    ),
    Attack(
        "zip: a name that goes on after its end",
        tries="lib/optim.py, a NUL and .txt: another name for the reader that stops at the NUL.",
        must="No point: the whole name counts, and is none.",
        over=LEFT,
        does=Changes(
            archive=lambda folder, path: (
                zipped(path, members(folder), [(entry("lib/optim.pyX.txt"), ANSWER)]),
                path.write_bytes(path.read_bytes().replace(b"pyX.txt", b"py\0.txt")),
            )
        ),
    ),
    Attack(
        "zip: encrypted",
        tries="Says of every file that it is encrypted, for a reader that asks for a password.",
        must="Nobody is asked: it is said that it cannot be read.",
        over=LEFT,
        does=rewritten(lambda content: with_flag(content, 1)),
        twin=SOLUTION.but(rewritten(lambda content: with_flag(content, 4))),  # a speed of packing
    ),
    Attack(
        "zip: unusual compression",
        tries="lzma and bzip2, whose unpackers are older and take more memory.",
        must="No point: it is said how to make the zip again.",
        over=LEFT,
        does=Changes(
            archive=lambda folder, path: zipped(
                path,
                members(folder),
                [
                    (entry("lib/mlp/more.py", compression=zipfile.ZIP_LZMA), b"x = 1\n" * 9),
                    (entry("lib/mlp/less.py", compression=zipfile.ZIP_BZIP2), bytes(10**7)),
                ],
            )
        ),
        twin=SOLUTION.but(
            archive=lambda folder, path: zipped(
                path, members(folder), compression=zipfile.ZIP_STORED
            )
        ),
    ),
    Attack(
        "zip: two in one",
        tries="A second zip, with the answer, in the comment: one is checked, the other graded.",
        must="No point: there is one hand-in, which everybody reads alike, or none.",
        over=LEFT,
        does=rewritten(hidden_in_a_comment),
        twin=SOLUTION.but(rewritten(lambda content: content[:-2] + b"\x12\x00made by an archiver")),
    ),
    Attack(
        "zip: a table of contents without an end",
        tries="Says in the record of large zips that it has a million million files.",
        must="No point: it is refused before the table is read.",
        over=STUB,
        does=rewritten(with_zip64),
        twin=SOLUTION.but(rewritten(lambda content: b"#!/bin/sh\nexec unzip $0\n" + content)),
    ),
    Attack(
        "zip: ten thousand files and a path of a thousand folders",
        tries="Uses up what a reader may look at, and the length of a path.",
        must="No point: code is looked at first, the rest as far as the limits go.",
        over=LEFT,
        does=also(
            *((entry(f"lib/mlp/a/{number}.py"), b"") for number in range(10_000)),
            (entry("d/" * 1000 + "optim.py"), ANSWER),
            (entry("lib/" + "n" * 60_000 + ".py"), ANSWER),
        ),
        twin=SOLUTION.but(
            also(*((entry(f"data/digits/{number:04}.png"), b"\x89PNG") for number in range(2000)))
        ),
    ),
    Attack(
        "zip: none at all",
        tries="Hands in the first half of a zip, an empty one, and hopes for the benefit of doubt.",
        must="No point: it is said what it is instead.",
        over=STUB,
        does=rewritten(lambda content: content[: len(content) // 2]),
    ),
)

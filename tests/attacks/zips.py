"""Files and notebooks, the zip: tricks of the format, and unusual zips that are honest."""

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

ONE_BLOCK_MISSING = SOLUTION.without("RMSProp.update")
"""A zip is either read or not, so a gain is most visible where little is missing."""
ANSWER = (P1.library / OPTIMIZERS).read_bytes()
"""The right file, which the attack tries to have graded."""


def members(folder: Path) -> dict[str, bytes]:
    """Contents of a submission's files by path."""
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
    """Writes a zip with these files, followed by pairs of a ZipInfo and a content."""
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as archive:
        warnings.simplefilter("ignore")  # about duplicate names
        for name, content in files.items():
            archive.writestr(entry(name, compression=compression), content)
        for info, content in more:
            archive.writestr(info, content)


def also(*pairs: tuple[zipfile.ZipInfo, bytes]) -> Changes:
    """The submission's own files and these entries."""
    return Changes(archive=lambda folder, path: zipped(path, members(folder), pairs))


def instead(*pairs: tuple[zipfile.ZipInfo, bytes]) -> Changes:
    """The submission's own files without the optimizers, and these entries."""

    def make(folder: Path, path: Path) -> None:
        files = {name: text for name, text in members(folder).items() if name != OPTIMIZERS}
        zipped(path, files, pairs)

    return Changes(archive=make)


def renamed(name: Callable[[str], str]) -> Work:
    """The solution in a zip, with `name` applied to each file's name."""

    def make(folder: Path, path: Path) -> None:
        zipped(path, {name(old): content for old, content in members(folder).items()})

    return SOLUTION.plus(archive=make)


def rewritten(change: Callable[[bytes], bytes]) -> Changes:
    """An ordinary zip, with `change` applied to its bytes."""

    def make(folder: Path, path: Path) -> None:
        zipped(path, members(folder))
        path.write_bytes(change(path.read_bytes()))

    return Changes(archive=make)


def central(content: bytes) -> Iterator[int]:
    """Offsets of the entries in the central directory."""
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
    """lib/mlp/zeros.py has 64 MiB, and every header declares ninety bytes."""
    zipped(path, members(folder), [(entry("lib/mlp/zeros.py"), bytes(2**26))])
    content = path.read_bytes()
    path.write_bytes(content.replace(struct.pack("<I", 2**26), struct.pack("<I", 90)))


def overlapping(folder: Path, path: Path) -> None:
    """Twenty thousand entries in the central directory for one compressed file of 3 MiB."""
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
    """Three thousand files that unpack to 3.9 MB each, with a wrong checksum."""
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
        header = (8, 0, 0x5C21, 0xBAD, len(packed), len(zeros), len(name), 0)
        table += struct.pack("<4sHHHHHHIIIHH", b"PK\x01\x02", 788, 20, 0, *header)
        table += struct.pack("<HHHII", 0, 0, 0, 0o100644 << 16, len(local)) + name
        local += struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 20, 0, *header) + name + packed
    tail = bytearray(content[end:])
    count += 3000
    struct.pack_into("<HHII", tail, 8, count, count, len(table), len(local))
    path.write_bytes(bytes(local + table + tail))


def nested(folder: Path, path: Path) -> None:
    """Zips in zips, eight levels deep and up to four wide, with 100 MB of zeros in each."""
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
    """A second zip, with the answer, in the comment of the first."""
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr(OPTIMIZERS, ANSWER)
    comment = other.getvalue()
    return content[:-2] + struct.pack("<H", len(comment)) + comment


def with_zip64(content: bytes) -> bytes:
    """Declares 2^40 files in a zip64 record."""
    at = content.rindex(b"PK\x05\x06")
    large = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, *[2**40] * 3, 0)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, at, 1)
    return content[:at] + large + locator + content[at:]


ATTACKS = (
    Attack(
        "zip: climbs out of its folder",
        tries="Uses relative, absolute and Windows names that lead to the grader's own files.",
        must="Nothing is written: a zip is read into memory, and such names are left out.",
        baseline=ONE_BLOCK_MISSING,
        changes=also(
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
        tries=(
            "Uses symbolic links, so that unpacking puts the solution in place of the student's "
            "work."
        ),
        must="No points: links in a zip are left out, whatever they point to.",
        baseline=ONE_BLOCK_MISSING,
        changes=instead(
            (entry(OPTIMIZERS, stat.S_IFLNK), str(P1.library / OPTIMIZERS).encode()),
            (entry("lib/book.py", stat.S_IFLNK), b"../../gradebook.db"),
            (entry("lib/all", stat.S_IFLNK), str(P1.library / "lib").encode()),
        ),
        twin=SOLUTION.plus(
            also((entry("problem_1/", stat.S_IFDIR), b""), (entry("docs/", stat.S_IFDIR), b""))
        ),
    ),
    Attack(
        "zip: devices, FIFOs and sockets",
        tries="Declares entries as devices, a FIFO and a socket, so that a reader blocks.",
        must="No points: only regular files are read.",
        baseline=ONE_BLOCK_MISSING,
        changes=instead(
            (entry(OPTIMIZERS, stat.S_IFIFO), b""),
            (entry("lib/zero.py", stat.S_IFCHR), b""),
            (entry("lib/disk.py", stat.S_IFBLK), b""),
            (entry("lib/socket.py", stat.S_IFSOCK), b""),
        ),
        twin=SOLUTION.plus(
            archive=lambda folder, path: zipped(
                path, {}, [(zipfile.ZipInfo(name), text) for name, text in members(folder).items()]
            )
        ),
    ),
    Attack(
        "zip: a bomb",
        tries=(
            "Hands in two hundred kilobytes that unpack to two hundred megabytes, in the library."
        ),
        must="No points, no memory: what is larger than a file may be is not unpacked.",
        baseline=ONE_BLOCK_MISSING,
        changes=also(
            (entry("lib/mlp/zeros.py"), bytes(2 * 10**8)), (entry("b.ipynb"), bytes(10**8))
        ),
        twin=SOLUTION.plus(also((entry("plots/loss.csv"), b"0.125,0.875\n" * 80_000))),
    ),
    Attack(
        "zip: a bomb in a zip in a zip",
        tries="Nests zips, for a reader that unpacks whatever it finds.",
        must="No points: only two zips in each other are opened, each up to a limit.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(archive=nested),
        twin=SOLUTION.plus(
            archive=lambda folder, path: zipped(
                path,
                {f"hand-in/{name}": text for name, text in members(folder).items()},
                [(entry("hand-in/old_version.zip"), b"PK\x05\x06" + bytes(18))],
            )
        ),
    ),
    Attack(
        "zip: false sizes",
        tries="Declares a file of sixty-four megabytes as ninety bytes.",
        must="No points: only the declared size is unpacked, and then the checksum is wrong.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(archive=lying_about_sizes),
    ),
    Attack(
        "zip: overlapping entries",
        tries="Lists one compressed file twenty thousand times in the table of contents.",
        must="No points, bounded time: files are counted before they are unpacked.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(archive=overlapping),
        twin=SOLUTION.plus(
            also(*((entry(f"data/{number}.txt"), b"same\n") for number in range(3000)))
        ),
    ),
    Attack(
        "zip: thousands of files that are damaged at the end",
        tries=(
            "Hands in files that fail at the last byte: twelve gigabytes of work for little data."
        ),
        must="No points, bounded time: a file counts before it is read, damaged or not.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(archive=damaged_by_thousands),
    ),
    Attack(
        "zip: one name, several files",
        tries="Uses one name twice: some readers take the first file, others the last.",
        must="No points: nobody can tell which file was meant, so neither is read.",
        baseline=ONE_BLOCK_MISSING,
        changes=also((entry(OPTIMIZERS), ANSWER), (entry("lib/optim.py/../optim.py"), ANSWER)),
        twin=SOLUTION.plus(
            also((entry("lib/.DS_Store"), b"\x00"), (entry("lib/.DS_Store"), b"\x01"))
        ),
    ),
    Attack(
        "zip: names that collide on some system",
        tries="Uses names that differ in case, Unicode form or a final dot: one file on Windows.",
        must="No points: files that would collide on any system are left out.",
        baseline=ONE_BLOCK_MISSING,
        changes=also(
            (entry("lib/Optim.py"), ANSWER),
            (entry("LIB/optim.py"), ANSWER),
            (entry("lib/o\uff50tim.py"), ANSWER),
            (entry("lib/optim.py."), ANSWER),
            (entry("lib/optim.py "), ANSWER),
        ),
        twin=SOLUTION.plus(
            archive=lambda folder, path: zipped(
                path,
                {f"Ade\u0301lai\u0308de/{name}": t for name, t in members(folder).items()},
                [(entry("__MACOSX/Ade\u0301lai\u0308de/._Problem_1.ipynb"), b"\x00\x05\x16\x07")],
            )
        ),
    ),
    Attack(
        "zip: Windows devices and forbidden names",
        tries="Uses con.py, nul, aux.ipynb, a stream of lib/optim.py, and a thousand dots.",
        must="No points, no error: they are treated like other names, or left out.",
        baseline=ONE_BLOCK_MISSING,
        changes=also(
            *(
                (entry(name), ANSWER)
                for name in ("lib/con.py", "lib/nul", "aux.ipynb", "lib/optim.py::$DATA", "lpt1:x")
            ),
            (entry("lib/" + "." * 1000), ANSWER),
            (entry("lib/...../optim.py"), ANSWER),
        ),
        twin=SOLUTION.plus(also((entry("notes (2) - Kopie von Käthe's.txt"), b"notes"))),
    ),
    Attack(
        "zip: control characters, markup and HTML in names",
        tries="Uses names that clear the grader's terminal or run in the grader's browser.",
        must="No name is shown raw: names are reported in plain characters.",
        baseline=ONE_BLOCK_MISSING,
        changes=also(
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
        twin=SOLUTION.plus(also((entry("Übung 1 & 2 <final>.txt"), b"x"))),
    ),
    Attack(
        "zip: a name that contains a NUL",
        tries="Names a file lib/optim.py, NUL, .txt, which some readers cut off at the NUL.",
        must="No points: the whole name counts, and it is invalid.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            archive=lambda folder, path: (
                zipped(path, members(folder), [(entry("lib/optim.pyX.txt"), ANSWER)]),
                path.write_bytes(path.read_bytes().replace(b"pyX.txt", b"py\0.txt")),
            )
        ),
    ),
    Attack(
        "zip: encrypted",
        tries="Marks every file as encrypted, so that a reader asks for a password.",
        must="Nobody is asked: the report says that the zip cannot be read.",
        baseline=ONE_BLOCK_MISSING,
        changes=rewritten(lambda content: with_flag(content, 1)),
        twin=SOLUTION.plus(
            rewritten(lambda content: with_flag(content, 4))
        ),  # bit 2 only tells the compression level
    ),
    Attack(
        "zip: unusual compression",
        tries="Uses lzma and bzip2, whose decompressors are older and take more memory.",
        must="No points: the report says how to make the zip again.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            archive=lambda folder, path: zipped(
                path,
                members(folder),
                [
                    (entry("lib/mlp/more.py", compression=zipfile.ZIP_LZMA), b"x = 1\n" * 9),
                    (entry("lib/mlp/less.py", compression=zipfile.ZIP_BZIP2), bytes(10**7)),
                ],
            )
        ),
        twin=SOLUTION.plus(
            archive=lambda folder, path: zipped(
                path, members(folder), compression=zipfile.ZIP_STORED
            )
        ),
    ),
    Attack(
        "zip: two in one",
        tries=(
            "Puts a second zip, with the answer, in the comment: one is checked, the other graded."
        ),
        must="No points: every reader finds the same single hand-in, or none.",
        baseline=ONE_BLOCK_MISSING,
        changes=rewritten(hidden_in_a_comment),
        twin=SOLUTION.plus(
            rewritten(lambda content: content[:-2] + b"\x12\x00made by an archiver")
        ),
    ),
    Attack(
        "zip: an endless table of contents",
        tries="Declares a million million files in the zip64 record.",
        must="No points: it is rejected before the table is read.",
        baseline=STUB,
        changes=rewritten(with_zip64),
        twin=SOLUTION.plus(rewritten(lambda content: b"#!/bin/sh\nexec unzip $0\n" + content)),
    ),
    Attack(
        "zip: ten thousand files and a path of a thousand folders",
        tries="Uses up a reader's limits on files and on the length of a path.",
        must="No points: code is read first, the rest within limits.",
        baseline=ONE_BLOCK_MISSING,
        changes=also(
            *((entry(f"lib/mlp/a/{number}.py"), b"") for number in range(10_000)),
            (entry("d/" * 1000 + "optim.py"), ANSWER),
            (entry("lib/" + "n" * 60_000 + ".py"), ANSWER),
        ),
        twin=SOLUTION.plus(
            also(*((entry(f"data/digits/{number:04}.png"), b"\x89PNG") for number in range(2000)))
        ),
    ),
    Attack(
        "zip: half a zip",
        tries="Hands in the first half of a zip.",
        must="No points: the report says what the file is instead.",
        baseline=STUB,
        changes=rewritten(lambda content: content[: len(content) // 2]),
    ),
)

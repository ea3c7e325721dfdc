"""Runs the recipes of docs/clusters.md, and grades the demo's class on the cluster of each.

usage: python tests/install/clusters.py [slurm] [kubernetes]

slurm       On a Slurm of this machine alone, which is started for it, as any user; Debian's
            packages slurm-wlm and munge are needed. A job is cancelled while it grades, as at
            the end of its walltime.
kubernetes  Without Kubernetes. The specification is validated against the schema of the operator's
            resource, the operator's functions make pods of it, and their commands run here, with
            the pods' environment; a name of the cluster's network becomes this machine's address.

The class's results must be equal to those of two processes of this machine. With images in the
data folder, its trainings are replayed, too.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import requests
from distributed import Client

from autograder import checkout
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1 import demo_class

sys.path.append(str(Path(__file__).parents[1]))

from class_runs import SEED, results_of, starting, without_replays

T = TypeVar("T")
CLUSTERS = checkout.ROOT / "docs" / "clusters.md"
START = starting([sys.executable, "-m", "autograder"])
PATIENCE_S = 120
NOT_ENDED = "pending,running,completing"
DAEMONS = ("munged", "slurmctld", "slurmd")
SLURM_CONF = """\
ClusterName=here
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser={user}
SlurmdUser={user}
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=8192
PartitionName=all Nodes=ALL Default=YES
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("recipes", nargs="*", metavar="RECIPE", help="(default: all)")
    asked = parser.parse_args().recipes or list(TRIED)
    if unknown := set(asked) - set(TRIED):
        parser.error(f"there is no recipe for {' or '.join(sorted(unknown))}")
    trained = P1.data_module.identify(P1.data_folder()).trainable
    words = ("--training", "short") if trained else ()
    failed = False
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "class").mkdir()
        size = demo_class.make(root / "class")
        grade_class(root, "here", "--workers", "2", *words)
        for recipe in asked:
            (root / recipe).mkdir()
            out = f"{recipe}-class"
            with TRIED[recipe](root / recipe) as (address, disturb), ThreadPoolExecutor() as pool:
                with Client(address, timeout=PATIENCE_S, set_as_default=False) as client:
                    client.wait_for_workers(2, timeout=PATIENCE_S)
                disturbed = pool.submit(disturb, root / out)
                grade_class(root, out, "--scheduler", address, *words)
                disturbed.result()
            equal = results_of(root / out) == results_of(root / "here")
            failed |= not equal
            how = "with short trainings" if trained else "without trainings"
            verdict = "equal to" if equal else "DIFFERENT from"
            print(f"{recipe}: {size} hand-ins {how}, {verdict} two processes here", flush=True)
    return int(failed)


def grade_class(root: Path, out: str, *words: str) -> None:
    data = without_replays(P1.data_folder(), root / f"data-of-{out}")
    told = "--seed", SEED, "--due", demo_class.DUE, *words
    process = START(root / "class", root / out, *told, SVHN_DIR=data)
    said, _ = process.communicate()
    if process.returncode != 0:
        raise SystemExit(said)


def code_of(title: str, changes: Mapping[str, str]) -> str:
    """The Python code of a section, with what each reader changes changed for this machine."""
    text = CLUSTERS.read_text("utf-8")
    section = re.search(rf"^## {title}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert section, title
    (code,) = re.findall(r"^```python\n(.*?)^```", section[1], re.MULTILINE | re.DOTALL)
    for theirs, ours in changes.items():
        assert code.count(theirs) == 1, theirs
        code = code.replace(theirs, ours)
    return code


Cluster = tuple[str, Callable[[Path], None]]
"""The scheduler's address, and what happens to the cluster while it grades into a folder."""


@contextmanager
def slurm(folder: Path) -> Iterator[Cluster]:
    code = code_of(
        "Slurm",
        {
            "/shared/grader/bin/python": sys.executable,
            "/local/svhn": str(P1.data_folder()),
            "jobs=40": "jobs=2",
        },
    )
    with slurm_of_one(folder) as environment, ExitStack() as stack:
        said = stack.enter_context((folder / "recipe.log").open("wb"))
        recipe = subprocess.Popen(
            [sys.executable, "-u", "-c", code],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        stack.callback(recipe.kill)

        def told_address() -> str:
            assert recipe.poll() is None, (folder / "recipe.log").read_text("utf-8")
            found = re.search(r"^tcp://\S+$", (folder / "recipe.log").read_text("utf-8"), re.M)
            return found[0] if found else ""

        def cancel_one(out: Path) -> None:
            waited_for("the first grade", lambda: list(out.glob("observations/*/grade.json")))
            subprocess.run(
                ["scancel", jobs("running", environment)[0]], env=environment, check=True
            )

        address = waited_for("the scheduler's address", told_address)
        waited_for("two jobs", lambda: len(jobs("running", environment)) == 2)
        yield address, cancel_one
        recipe.communicate(b"\n", timeout=PATIENCE_S)
        waited_for("the end of the jobs", lambda: not jobs(NOT_ENDED, environment))


@contextmanager
def slurm_of_one(folder: Path) -> Iterator[Mapping[str, str]]:
    """A Slurm with this machine as its only node; yields the environment of its commands."""
    places = f"{os.environ['PATH']}:/usr/sbin"  # where an ordinary user does not look
    programs = {name: shutil.which(name, path=places) for name in DAEMONS}
    if missing := [name for name, path in programs.items() if path is None]:
        raise SystemExit(f"no {', '.join(missing)}: apt-get install slurm-wlm munge")
    host, configuration, key = socket.gethostname().split(".")[0], folder / "conf", folder / "key"
    user = subprocess.check_output(["id", "--user", "--name"], text=True).strip()
    configuration.write_text(
        SLURM_CONF.format(host=host, ports=(free_port(), free_port()), user=user, folder=folder)
    )
    for name in ("state", "spool"):
        (folder / name).mkdir()
    key.write_bytes(secrets.token_bytes(1024))
    key.chmod(0o400)
    files = {"socket": "munge.socket", "pid-file": "munge.pid", "seed-file": "munge.seed"}
    munge = [f"--{option}={folder / file}" for option, file in files.items()]
    environment = {
        **os.environ,
        "SLURM_CONF": str(configuration),
        "DASK_CONFIG": str(folder / "dask"),  # where dask-jobqueue writes its defaults
    }
    with ExitStack() as stack:
        for name, words in (
            ("munged", ["--foreground", "--force", f"--key-file={key}", *munge]),
            ("slurmctld", ["-D", "-i"]),
            ("slurmd", ["-D", "-N", host]),
        ):
            run_until_closed(stack, [programs[name], *words], folder / f"{name}.log", environment)
            if name == "munged":
                waited_for("munged", (folder / "munge.socket").exists)
        state = ["sinfo", "--noheader", "--format=%t"]

        def is_idle() -> bool:
            ran = subprocess.run(state, env=environment, capture_output=True, text=True)
            return ran.stdout.strip() == "idle"

        waited_for("the node of Slurm", is_idle)
        # jobs would outlive the daemons
        stack.callback(waited_for, "no jobs", lambda: not jobs(NOT_ENDED, environment))
        stack.callback(subprocess.run, ["scancel", f"--user={user}"], env=environment)
        yield environment


def jobs(states: str, environment: Mapping[str, str]) -> list[str]:
    """The numbers of Slurm's jobs in these states."""
    command = ["squeue", "--noheader", "--format=%i", f"--states={states}"]
    return subprocess.check_output(command, env=environment, text=True).split()


@contextmanager
def kubernetes(folder: Path) -> Iterator[Cluster]:
    import jsonschema
    import yaml
    from dask_kubernetes import operator

    known: dict[str, dict] = {}
    code = code_of("Kubernetes", {"n_workers=8": "n_workers=2"})
    exec(code.split("with KubeCluster")[0], known)
    spec = known["spec"]
    package = Path(operator.__file__).parent / "deployment" / "helm" / "dask-kubernetes-operator"
    # in C, as the schema of a pod is a megabyte
    definition = yaml.load((package / "crds" / "daskcluster.yaml").read_bytes(), yaml.CSafeLoader)
    jsonschema.validate(spec, definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"])
    with ExitStack() as stack:
        for number, pod in enumerate(pods_of(spec)):
            (container,) = pod["spec"]["template"]["spec"]["containers"]
            (folder / str(number)).mkdir()
            run_until_closed(
                stack,
                command_of(container),
                folder / str(number) / "log",
                environment_of(container),
            )
        waited_for("the scheduler's probes", lambda: probed(spec))
        yield "tcp://127.0.0.1:8786", lambda out: None


def pods_of(spec: Mapping) -> list[dict]:
    """What the operator makes of a specification: a scheduler, and the workers."""
    from dask_kubernetes.operator.controller import controller

    name, parts = spec["metadata"]["name"], spec["spec"]
    scheduler = controller.build_scheduler_deployment_spec(name, parts["scheduler"]["spec"], {}, {})
    workers = [
        controller.build_worker_deployment_spec(
            f"{name}-default", "default", name, str(number), parts["worker"]["spec"], {}, {}
        )
        for number in range(parts["worker"]["replicas"])
    ]
    return [scheduler, *workers]


def environment_of(container: Mapping) -> dict[str, str]:
    here = {
        one["name"]: re.sub(r"[\w-]+\.default\.svc\.cluster\.local", "127.0.0.1", one["value"])
        for one in container["env"]
    }
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "SVHN_DIR": str(P1.data_folder()), **here}


def command_of(container: Mapping) -> list[str]:
    """Command and arguments, in which Kubernetes itself puts variables in the place of $(NAME)."""
    known = environment_of(container)
    words = (*container["command"], *container["args"])
    return [re.sub(r"\$\((\w+)\)", lambda name: known[name[1]], word) for word in words]


def probed(spec: Mapping) -> bool:
    """Whether the scheduler answers as the specification's probes expect."""
    (container,) = spec["spec"]["scheduler"]["spec"]["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    for probe in ("readinessProbe", "livenessProbe"):
        get = container[probe]["httpGet"]
        try:
            answer = requests.get(f"http://127.0.0.1:{ports[get['port']]}{get['path']}", timeout=5)
        except requests.ConnectionError:
            return False
        if not answer.ok:
            return False
    return True


TRIED = {"slurm": slurm, "kubernetes": kubernetes}


def run_until_closed(
    stack: ExitStack, command: Sequence[str | Path], log: Path, environment: Mapping[str, str]
) -> None:
    said = stack.enter_context(log.open("wb"))
    process = subprocess.Popen(
        command, cwd=log.parent, env=environment, stdout=said, stderr=subprocess.STDOUT
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)


def waited_for(what: str, happened: Callable[[], T]) -> T:
    deadline = time.monotonic() + PATIENCE_S
    while not (found := happened()):
        if time.monotonic() > deadline:
            raise SystemExit(f"{what} did not come within {PATIENCE_S} s")
        time.sleep(0.2)
    return found


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


if __name__ == "__main__":
    sys.exit(main())

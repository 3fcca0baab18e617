"""A real Slurm cluster of two nodes on this machine, in a folder, up in a tenth of a second.

Needs root and Debian's packages (slurmctld slurmd slurm-client munge; with REST also slurmrestd
slurm-wlm-jwt-plugin). Each cluster has keys and ports of its own, so that several run side by side.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

__all__ = ["SlurmBed", "missing", "slurm_bed"]

_NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "sinfo", "scancel")
_PLACES = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/bin"))
_NOBODY = "65534"
_PATIENCE_S = 20.0
_CONF = """\
ClusterName={name}
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
AuthType=auth/munge
AuthInfo=socket={root}/run/munge.sock
{jwt}SlurmUser=root
SlurmdUser=root
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/spool/%n
SlurmctldPidFile={root}/run/slurmctld.pid
SlurmdPidFile={root}/run/slurmd.%n.pid
SlurmctldLogFile={root}/log/slurmctld.log
SlurmdLogFile={root}/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
SlurmdTimeout={slurmd_timeout_s}
KillWait=5
SlurmdParameters=config_overrides
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,sched_min_interval=0,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
GresTypes=gpu
DefMemPerCPU=64
JobAcctGatherType=jobacct_gather/linux
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc={root}/log/jobcomp.txt
MinJobAge={keeps_jobs_s}
{nodes}
PartitionName=main Nodes={names} Default=YES MaxTime=INFINITE State=UP
"""


def missing(*, rest: bool = False) -> list[str]:
    """What this machine lacks for a cluster: programs, or being root; empty where it can run."""
    needed = (*_NEEDED, "slurmrestd", "setpriv") if rest else _NEEDED
    lacks = [name for name in needed if shutil.which(name, path=_PLACES) is None]
    return lacks if os.geteuid() == 0 else ["root", *lacks]


class SlurmBed:
    """A cluster in `root`; its parts are munged, slurmctld, rest and one for each node.

    chips : each node's gres by type, such as {"ascend910b": 8}; at most 60 in all
    keeps_jobs_s : how long the controller remembers a job that ended
    slurmd_timeout_s : how long a node may be silent before it counts as down
    """

    def __init__(
        self,
        root: Path,
        *,
        name: str = "bed",
        nodes: int = 2,
        chips: Mapping[str, int] | None = None,
        rest: bool = False,
        keeps_jobs_s: int = 600,
        slurmd_timeout_s: int = 10,
    ) -> None:
        self.root, self.rest = root, rest
        self._children: list[subprocess.Popen[bytes]] = []
        self.nodes = [f"{name}-n{n}" for n in range(1, nodes + 1)]
        self.conf = root / "slurm.conf"
        self.token_file = root / "token"
        ports = _free_ports(nodes + 2)
        self.url = f"http://127.0.0.1:{ports[1]}" if rest else ""
        for folder in ("run", "state", "log", "shared", *(f"spool/{n}" for n in self.nodes)):
            (root / folder).mkdir(parents=True, exist_ok=True)
        gres = ",".join(f"gpu:{kind}:{count}" for kind, count in (chips or {}).items())
        texts = [
            f"NodeName={node} NodeHostname={_host()} NodeAddr=127.0.0.1 Port={port} CPUs=8"
            f" RealMemory=16000 State=UNKNOWN{' Gres=' + gres if gres else ''}"
            for node, port in zip(self.nodes, ports[2:], strict=True)
        ]
        jwt = f"AuthAltTypes=auth/jwt\nAuthAltParameters=jwt_key={root}/jwt.key\n" if rest else ""
        self.conf.write_text(
            _CONF.format(
                name=name,
                host=_host(),
                port=ports[0],
                root=root,
                jwt=jwt,
                nodes="\n".join(texts),
                names=",".join(self.nodes),
                keeps_jobs_s=keeps_jobs_s,
                slurmd_timeout_s=slurmd_timeout_s,
            ),
            encoding="utf8",
        )
        (root / "gres.conf").write_text(_gres(self.nodes, chips or {}), encoding="utf8")
        for key in ("munge.key", "jwt.key"):
            _write_secret(root / key, secrets.token_bytes(128))

    @property
    def shared(self) -> Path:
        """A folder that the door and every node see."""
        return self.root / "shared"

    def start(self, *parts: str) -> None:
        """Start every part, or these, and wait until they answer."""
        for part in parts or self.parts():
            self._launch(part)
        if not parts or set(parts) - {"munged", "rest"}:
            _wait(self.answers, "the controller does not answer")
        if not parts:
            _wait(lambda: self.states() == {"idle"}, "the nodes do not come up")
        if self.rest and (not parts or "rest" in parts):
            self.renew_token()
            _wait(self._rest_answers, "slurmrestd does not answer")

    def stop(self) -> None:
        """End every part, jobs too."""
        with contextlib.suppress(subprocess.SubprocessError):
            if self._pid("slurmctld"):
                self.run("scancel", "--user=root", timeout_s=3)
        for part in reversed(self.parts()):
            self.kill(part, signal.SIGTERM if part == "munged" else signal.SIGKILL)
        for pid in _mentioning(str(self.root)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill(self, part: str, how: signal.Signals = signal.SIGKILL) -> None:
        """Send a part the signal; SIGKILL takes the steps of a node's jobs with it."""
        pid = self._pid(part)
        pids = [pid] if pid else []
        if part in self.nodes and how == signal.SIGKILL:
            pids += _steps(self.root, part)
        for one in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, how)
        if pid and how in {signal.SIGKILL, signal.SIGTERM}:
            _wait(lambda: not self._lives(pid), f"{part} does not end")

    def parts(self) -> list[str]:
        """The names of the parts, in the order in which they start."""
        return ["munged", "slurmctld", *self.nodes, *(["rest"] if self.rest else [])]

    def run(self, *command: str, timeout_s: float = 10.0) -> str:
        """What one of Slurm's commands prints, asked of this cluster."""
        return subprocess.run(  # noqa: S603  # the caller's own words
            command,
            env={**self.environ(), "PATH": _PLACES},
            capture_output=True,
            text=True,
            check=True,
            timeout=timeout_s,
        ).stdout

    def environ(self) -> dict[str, str]:
        """The variables by which a program finds this cluster."""
        return {"PATH": _PLACES, "SLURM_CONF": str(self.conf), "HOME": str(self.root), "LANG": "C"}

    def answers(self) -> bool:
        """Whether the controller can be asked."""
        try:
            return "UP" in self.run("scontrol", "ping", timeout_s=2)
        except subprocess.SubprocessError:
            return False

    def states(self) -> set[str]:
        """The nodes' states as `sinfo` names them, all together."""
        try:
            return set(self.run("sinfo", "-h", "-N", "-o", "%T", timeout_s=2).split())
        except subprocess.SubprocessError:
            return set()

    def renew_token(self) -> None:
        """A new token for the REST interface, in `token_file`."""
        said = self.run("scontrol", "token", "lifespan=7200")
        _write_secret(self.token_file, said.partition("=")[2].strip().encode())

    def _launch(self, part: str) -> None:
        run, log = self.root / "run", self.root / "log"
        environ = self.environ()
        if part == "munged":
            _call(environ, "munged", "--force", f"--key-file={self.root}/munge.key",
                  f"--socket={run}/munge.sock", f"--pid-file={run}/munged.pid",
                  f"--log-file={log}/munged.log", f"--seed-file={run}/munged.seed")  # fmt: skip
            _wait((run / "munge.sock").exists, "munged has no socket")
        elif part == "slurmctld":
            _call(environ, "slurmctld", "-f", str(self.conf))
        elif part == "rest":
            self._launch_rest(environ)
        else:
            _call(environ, "slurmd", "-f", str(self.conf), "-N", part)

    def _launch_rest(self, environ: Mapping[str, str]) -> None:
        """Under another user, since it refuses to be root."""
        command = ("setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups",
                   "slurmrestd", "-f", str(self.conf), "-a", "rest_auth/jwt",
                   "-s", "openapi/v0.0.38",
                   self.url.removeprefix("http://"))  # fmt: skip
        with (self.root / "log" / "slurmrestd.log").open("ab") as log:
            child = subprocess.Popen(  # noqa: S603  # fixed words
                [_found(command[0]), *command[1:]],
                env={**environ, "SLURM_JWT": "daemon"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        (self.root / "run" / "rest.pid").write_text(str(child.pid), encoding="ascii")
        self._children.append(child)

    def _rest_answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}/openapi", timeout=2)  # noqa: S310  # our own port
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def _lives(self, pid: int) -> bool:
        for child in self._children:
            child.poll()  # else one of ours that ended would stay as a zombie
        return _alive(pid)

    def _pid(self, part: str) -> int:
        name = f"slurmd.{part}" if part in self.nodes else part
        try:
            pid = int((self.root / "run" / f"{name}.pid").read_text(encoding="ascii").strip())
        except (OSError, ValueError):
            return 0
        return pid if _alive(pid) else 0


@contextlib.contextmanager
def slurm_bed(
    *,
    name: str = "bed",
    chips: Mapping[str, int] | None = None,
    rest: bool = False,
    keeps_jobs_s: int = 600,
    slurmd_timeout_s: int = 10,
) -> Iterator[SlurmBed]:
    """A running cluster in a folder of its own, gone afterwards with all that it started.

    Raises RuntimeError naming what this machine lacks.
    """
    if lacks := missing(rest=rest):
        raise RuntimeError(f"a Slurm cluster needs {', '.join(lacks)}")
    # slurmrestd runs as nobody and reads slurm.conf, so every folder above must let it pass.
    root = Path(tempfile.mkdtemp(prefix="slurm-"))
    root.chmod(0o755)
    bed = SlurmBed(root, name=name, chips=chips, rest=rest, keeps_jobs_s=keeps_jobs_s,
                   slurmd_timeout_s=slurmd_timeout_s)  # fmt: skip
    try:
        bed.start()
        yield bed
    finally:
        bed.stop()
        shutil.rmtree(root, ignore_errors=True)


def _gres(nodes: Sequence[str], chips: Mapping[str, int]) -> str:
    """Devices must exist, one for each chip: consoles do, and no job touches them."""
    lines, first = [], 0
    for kind, count in chips.items():
        devices = f"/dev/tty[{first}-{first + count - 1}]"
        lines += [f"NodeName={node} Name=gpu Type={kind} File={devices}" for node in nodes]
        first += count
    return "\n".join(lines) + "\n"


def _host() -> str:
    return socket.gethostname().partition(".")[0]


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        found = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [int(one.getsockname()[1]) for one in found]


def _write_secret(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(handle, "wb") as out:
        out.write(content)


def _found(program: str) -> str:
    path = shutil.which(program, path=_PLACES)
    if path is None:
        raise RuntimeError(f"{program} is not installed")
    return path


def _call(environ: Mapping[str, str], program: str, *arguments: str) -> None:
    # A daemon keeps what it inherits, so nobody may wait for the end of its output.
    quiet = subprocess.DEVNULL
    subprocess.run([_found(program), *arguments], env=dict(environ), stdin=quiet,  # noqa: S603
                   stdout=quiet, stderr=quiet, check=True, timeout=_PATIENCE_S)  # fmt: skip


def _wait(claim: Callable[[], bool], otherwise: str) -> None:
    until = time.monotonic() + _PATIENCE_S
    while not claim():
        if time.monotonic() > until:
            raise RuntimeError(otherwise)
        time.sleep(0.01)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return state.rpartition(")")[2].split()[0] not in "ZX"


def _words(pid: int, name: str) -> str:
    """A file of /proc about a process, its zeros as spaces; empty once it is gone."""
    try:
        return (
            Path(f"/proc/{pid}/{name}").read_bytes().replace(b"\0", b" ").decode("utf8", "replace")
        )
    except OSError:
        return ""


def _pids() -> list[int]:
    found = (int(place.name) for place in Path("/proc").iterdir() if place.name.isdigit())
    return [pid for pid in found if pid != os.getpid()]


def _mentioning(root: str) -> list[int]:
    """What has the folder among its words or its open files: a step names it nowhere else."""
    return [pid for pid in _pids() if root in _words(pid, "cmdline") or _holds(pid, root)]


def _holds(pid: int, path: str) -> bool:
    try:
        files = [*Path(f"/proc/{pid}/fd").iterdir()]
        return any(path in str(file.readlink()) for file in files)
    except OSError:  # gone meanwhile
        return False


def _steps(root: Path, node: str) -> list[int]:
    """What runs on a node: the jobs' processes by their variables, and what started them."""
    marks = (f"SLURM_CONF={root}/slurm.conf ", f"SLURMD_NODENAME={node} ")
    jobs = [pid for pid in _pids() if all(mark in _words(pid, "environ") for mark in marks)]
    steps = (pid for pid in _pids() if _words(pid, "cmdline").startswith("slurmstepd"))
    return [*(pid for pid in steps if _holds(pid, f"{root}/log/slurmd.{node}.log")), *jobs]

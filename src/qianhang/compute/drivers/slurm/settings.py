"""What a Slurm pool needs to be told: where the cluster answers, as whom, and how patient to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qianhang.core.errors import UsageError

__all__ = ["SlurmSettings"]


@dataclass(frozen=True, slots=True)
class SlurmSettings:
    """One Slurm cluster, asked through its commands, or through slurmrestd where `url` is given.

    name : what the pool is called here
    folder : a folder that this machine and every node see under the same name; each job leaves its
        state there
    conf : its slurm.conf, for the commands; several clusters work side by side by theirs
    programs : the folder of the commands; else they are looked up on PATH
    url, token_file, user, ca : slurmrestd, a file with its JWT (read anew each time, so that it may
        be renewed), whose token that is, and the certificate that its certificate is checked with
    version : the schema of slurmrestd such as v0.0.40; else the newest that both sides know
    partition, account, qos : where jobs go and who is charged; the cluster's own default if empty
    gres : flavour -> the cluster's name for it, such as gpu:ascend910b; also what `probe` counts
    python : Python 3.9 or later on the nodes
    accounting : whether slurmdbd knows jobs that the controller has forgotten
    jobcomp : the file of jobcomp/filetxt where this machine sees it, for the same purpose
    timeout_s : for one question to the cluster
    fresh_s : how old an answer on all jobs may be that is used for another one
    lag_s : how long a job's record may take to appear on the shared disk once the job has ended
    beat_s, silent_s : how often a job tells that it lives; how long one that the cluster does not
        know may be silent before it counts as lost. One that the cluster believes to run is stopped
        after half as long again, where its folder could be written all the time
    """

    folder: Path
    conf: Path | None = None
    programs: Path | None = None
    url: str = ""
    token_file: Path | None = None
    user: str = ""
    ca: Path | None = None
    version: str = ""
    partition: str = ""
    account: str = ""
    qos: str = ""
    gres: Mapping[str, str] = field(default_factory=dict)
    python: str = "python3"
    accounting: bool = False
    jobcomp: Path | None = None
    timeout_s: float = 5.0
    fresh_s: float = 0.5
    lag_s: float = 5.0
    beat_s: float = 5.0
    silent_s: float = 60.0
    name: str = "slurm"

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> SlurmSettings:
        """The settings of a table as it stands in a file: paths as text.

        Raises UsageError for a name that is not one of these.
        """
        if unknown := sorted(set(given) - set(cls.__slots__)):
            _refuse(f"unknown setting {', '.join(unknown)}; there are {', '.join(cls.__slots__)}")
        if "folder" not in given:
            _refuse("folder is missing, the shared folder of door and nodes")
        paths = {"folder", "conf", "programs", "token_file", "ca", "jobcomp"}
        values: dict[str, Any] = {n: Path(v) if n in paths else v for n, v in given.items()}
        return cls(**values)

    def __post_init__(self) -> None:
        if self.url and not self.url.startswith(("http://", "https://")):
            _refuse(f"url {self.url!r} does not start with http:// or https://")
        if self.url and (self.token_file is None or not self.user):
            _refuse("slurmrestd needs token_file and user beside url")
        for name in ("timeout_s", "beat_s", "silent_s"):
            if not getattr(self, name) > 0:
                _refuse(f"{name} is {getattr(self, name)}, must be above zero")
        if self.silent_s < 2 * self.beat_s:
            _refuse(f"silent_s is {self.silent_s}, must be at least twice beat_s ({self.beat_s})")


def _refuse(message: str) -> None:
    raise UsageError("QH543", f"Slurm pool: {message}", hint="see the page of this code")

"""What an operator writes down of a cluster that joins as a pool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from qianhang.core.errors import UsageError

__all__ = ["RESOURCES", "KubernetesSettings"]

# The names that the makers' device plugins register, by a short alias of the make.
RESOURCES: Mapping[str, str] = MappingProxyType(
    {
        "ascend": "huawei.com/Ascend910",
        "ascend310p": "huawei.com/Ascend310P",
        "cambricon": "cambricon.com/mlu",
        "hygon": "hygon.com/dcu",
        "iluvatar": "iluvatar.com/gpu",
        "kunlun": "kunlunxin.com/xpu",
        "metax": "metax-tech.com/gpu",
        "moorethreads": "mthreads.com/gpu",
        "nvidia": "nvidia.com/gpu",
    }
)


@dataclass(frozen=True, slots=True)
class KubernetesSettings:
    """Where the cluster is, what a job's pod looks like, and which chips its nodes have.

    kubeconfig : file with the server and our credentials; context : its entry, else the current one
    image : with Python 3.11 and what the jobs need
    claim : volume claim (ReadWriteMany, with locks) that holds the run folders: with it a task is
        never run twice, even where the cluster starts its pod again
    run_dir : where the claim is mounted
    queue : Kueue's local queue; empty where there is no Kueue
    chips : flavour's id -> resource's name, or an alias of RESOURCES
    chip_labels : flavour's id -> the labels of the nodes that have it; needed where two flavours
        share a resource's name
    start_s : seconds allowed for pulling the image and starting, on top of a task's wall limit
    kept_s : seconds that an ended job stays in the cluster
    shown_mb : MiB of output in the pod's log, below the 10 MiB at which nodes rotate it
    message_path : where the node takes a container's last words from
    """

    name: str
    kubeconfig: str
    image: str
    claim: str
    namespace: str = "default"
    context: str = ""
    run_dir: str = "/qianhang"
    python: str = "python3"
    queue: str = ""
    chips: Mapping[str, str] = field(default_factory=dict)
    chip_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    tolerations: tuple[Mapping[str, str], ...] = ()
    pull_secret: str = ""
    user_id: int = 1000
    start_s: int = 900
    kept_s: int = 86400
    shown_mb: int = 4
    message_path: str = "/dev/termination-log"
    read_s: float = 20.0

    def __post_init__(self) -> None:
        plain = [self.resource(chip) for chip in self.chips if chip not in self.chip_labels]
        labelled = [self.resource(chip) for chip in self.chips if chip in self.chip_labels]
        twice = {r for r in plain if plain.count(r) > 1 or r in labelled}
        if twice:
            message = f"pool {self.name}: several flavours are {', '.join(sorted(twice))}"
            hint = "tell their nodes apart with chip_labels"
            raise UsageError("QH547", message, hint=hint)

    def resource(self, chip: str) -> str:
        """The cluster's name for this flavour; raises KeyError where the pool has none."""
        named = self.chips[chip]
        return RESOURCES.get(named, named)

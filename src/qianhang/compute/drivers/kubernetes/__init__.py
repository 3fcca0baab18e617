"""A Kubernetes cluster as a pool, through its plain REST API, with Kueue where it is there.

Tested against responses written after the published API (batch/v1, core/v1, kueue.x-k8s.io) and an
API server of the tests' own. Not yet proven on a real cluster.
"""

from __future__ import annotations

from qianhang.compute.drivers.kubernetes.driver import KubernetesDriver
from qianhang.compute.drivers.kubernetes.settings import RESOURCES, KubernetesSettings

__all__ = ["RESOURCES", "KubernetesDriver", "KubernetesSettings"]

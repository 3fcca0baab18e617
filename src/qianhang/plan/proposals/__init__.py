"""What a large model proposes beside the rules: asked section by section, checked against the
text, kept as drafts that a person settles one by one."""

from qianhang.plan.proposals.endpoint import Endpoint, Patience
from qianhang.plan.proposals.grounding import Finding, Refusal
from qianhang.plan.proposals.propose import Outcome, propose

__all__ = ["Endpoint", "Finding", "Outcome", "Patience", "Refusal", "propose"]

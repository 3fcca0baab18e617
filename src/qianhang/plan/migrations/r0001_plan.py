"""The tables of the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "plan_0001"
down_revision = None

# A word a column: name:type, with ? where it may be empty, * where it is (part of) the key.
_TABLES = {
    "plan": (
        "id:i* title:t issuer:t doc_no:t date:s10 period:t level:s12 region:t "
        "status:s12 parent:i? version:i state:s12 revision:i by:s80 at:s32"
    ),
    "plan_assessment": ("reading:i* state:s12 attainment:f? expected:f? body:t"),
    "plan_assignment": ("id:i* plan:i version:i item:s16 unit:s160 role:s12 position:i source:s12"),
    "plan_bulletin": (
        "id:i* plan:i period:s40 day:s10 readings:t files:t body:t signature:t by:s80 at:s32"
    ),
    "plan_decision": (
        "id:i* plan:i meeting:i? item:s16 text:t owner:s160 due:s10 state:s12 revision:i "
        "by:s80 at:s32"
    ),
    "plan_indicator": ("id:i* name:t unit:t direction:s8 aggregate:s8 definition:t dedupe:s80"),
    "plan_key": ("name:s80* public:s64 retired:s32 by:s80 at:s32"),
    "plan_link": ("id:i* plan:i system:s16 kind:s12 name:s160 by:s80 at:s32"),
    "plan_measure": (
        "plan:i* version:i* code:s16* section:t span:t start:i end:i state:s12 revision:i "
        "by:s80 at:s32 read:t name:t mission:s16"
    ),
    "plan_meeting": ("id:i* plan:i day:s10 title:t body:t by:s80 at:s32"),
    "plan_milestone": ("id:i* plan:i target:s16 day:s10 value:f source:s40 by:s80 at:s32"),
    "plan_override": (
        "id:i* plan:i target:s16 value:f? state:s12 reason:t expires:s10 by:s80 at:s32"
    ),
    "plan_reading": (
        "id:i* plan:i version:i target:s16 day:s10 upto:i rule:i? value:f? body:t at:s32"
    ),
    "plan_rule": ("plan:i* target:s16* version:i* state:s12 body:t by:s80 at:s32"),
    "plan_section": (
        "plan:i* version:i* code:s16* section:t span:t start:i end:i state:s12 revision:i "
        "by:s80 at:s32 read:t title:t industry:t units:t"
    ),
    "plan_setting": ("plan:i* name:s80* value:t by:s80 at:s32"),
    "plan_system": (
        "plan:i* version:i* code:s16* section:t span:t start:i end:i state:s12 revision:i "
        "by:s80 at:s32 read:t name:t verb:t role:s12 mission:s16"
    ),
    "plan_target": (
        "plan:i* version:i* code:s16* section:t span:t start:i end:i state:s12 revision:i "
        "by:s80 at:s32 read:t indicator:t comparator:s2 low:f high:f? unit:t hedge:t deadline:i? "
        "deadline_source:s12 baseline:f? baseline_year:i? implicit:b yearly:b everywhere:b "
        "also:t"
    ),
    "plan_task": (
        "plan:i* version:i* code:s16* section:t span:t start:i end:i state:s12 revision:i "
        "by:s80 at:s32 read:t title:t due:t units:t"
    ),
    "plan_text": (
        "plan:i* version:i* file:t sha256:s64 text_sha256:s64 media:s40 parser:t by:s80 at:s32"
    ),
    "plan_unit": ("id:i* name:s160 level:s12 region:t valid_from:s10 valid_to:s10"),
    "plan_unit_alias": ("id:i* unit:i name:s160 valid_from:s10 valid_to:s10"),
}
_INDEXES = {
    "ix_plan_assignment_plan_version_item": ("plan_assignment", ["plan", "version", "item"]),
    "ix_plan_assignment_unit": ("plan_assignment", ["unit"]),
    "ix_plan_bulletin_plan_day": ("plan_bulletin", ["plan", "day"]),
    "ix_plan_decision_plan": ("plan_decision", ["plan"]),
    "ix_plan_link_plan_system": ("plan_link", ["plan", "system"]),
    "ix_plan_meeting_plan": ("plan_meeting", ["plan"]),
    "ix_plan_milestone_plan_target": ("plan_milestone", ["plan", "target"]),
    "ix_plan_override_plan_target": ("plan_override", ["plan", "target"]),
    "ix_plan_reading_plan_target_day": ("plan_reading", ["plan", "target", "day"]),
    "ix_plan_text_sha256": ("plan_text", ["sha256"]),
    "ix_plan_unit_name": ("plan_unit", ["name"]),
    "ix_plan_unit_alias_name": ("plan_unit_alias", ["name"]),
}
_TYPES = {"t": sa.Text, "f": sa.Float, "b": sa.Boolean, "i": sa.Integer}


def upgrade() -> None:
    """Create the tables and indexes of the ledger."""
    for table, words in _TABLES.items():
        op.create_table(table, *(_column(word) for word in words.split()))
    for name, (table, columns) in _INDEXES.items():
        op.create_index(name, table, columns)


def _column(word: str) -> sa.Column:
    name, _, kind = word.partition(":")
    bare = kind.rstrip("*?")
    type_ = sa.String(int(bare[1:])) if bare[0] == "s" else _TYPES[bare]()
    # Only a key of its own counts up by itself; the parts of a joint key are given.
    return sa.Column(
        name,
        type_,
        primary_key="*" in kind,
        nullable="?" in kind,
        autoincrement="auto" if name == "id" else False,
    )

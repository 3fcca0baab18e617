"""The list of runs as a NiceGUI page: `python nicegui_list.py PORT ROWS.json`."""

import json
import sys
from pathlib import Path

from nicegui import app, ui

ROWS = json.loads(Path(sys.argv[2]).read_text(encoding="utf8"))
COLUMNS = [{"name": n, "label": n, "field": n, "align": "left"} for n in ROWS[0]]


@ui.page("/")
def runs() -> None:
    """A heading, two choices to filter by, the table."""
    ui.label("Runs").classes("text-h4")
    with ui.row():
        ui.select(sorted({row["scenario"] for row in ROWS}), label="scenario")
        ui.select(["running", "finished", "failed", "interrupted"], label="state")
    ui.table(columns=COLUMNS, rows=ROWS, row_key="id")


if __name__ in {"__main__", "__mp_main__"}:
    app.native.main_window = None
    ui.run(port=int(sys.argv[1]), host="127.0.0.1", reload=False, show=False)

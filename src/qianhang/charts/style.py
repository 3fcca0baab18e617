"""Colours and type as CSS: one palette, light, dark and print, safe for colour-blind readers."""

from __future__ import annotations

__all__ = ["OTHERS", "PALETTE", "RAMP", "RULES", "STYLE", "VARIABLES"]

# role -> (light, dark): each at least 4.5:1 against its paper, apart in lightness and hue.
PALETTE = {
    "paper": ("#ffffff", "#161b22"),
    "ink": ("#1b2430", "#e6ebf2"),
    "muted": ("#566172", "#a3afbf"),
    "grid": ("#e6eaf0", "#2a323d"),
    "axis": ("#aab4c2", "#4b5767"),
    "ours": ("#0b5cad", "#6db3ff"),
    "trivial": ("#687385", "#9aa7b8"),
    "practice": ("#b4540a", "#f2a65a"),
    "published": ("#7a3e9d", "#cf9df0"),
    "actual": ("#1b2430", "#e6ebf2"),
    "limit": ("#b3261e", "#ff8f85"),
    "good": ("#00734c", "#4cc79a"),
    "bad": ("#b3261e", "#ff8f85"),
    "warn": ("#8a5a00", "#f0b849"),
}
OTHERS = (
    ("#0b5cad", "#6db3ff"),
    ("#b4540a", "#f2a65a"),
    ("#00734c", "#4cc79a"),
    ("#7a3e9d", "#cf9df0"),
    ("#8a6a00", "#e3c04f"),
    ("#a3305f", "#f28ab5"),
    ("#2a7d95", "#6fd0e6"),
    ("#566172", "#a3afbf"),
)
# Low to high, (light, dark): one hue, readable in grey as well; the first five steps carry ink,
# the last four carry paper.
RAMP = (
    ("#eef4fb", "#0b2545"),
    ("#d6e5f5", "#10345f"),
    ("#b9d3ee", "#164579"),
    ("#96bde4", "#1c5693"),
    ("#75a9dc", "#2567ac"),
    ("#3a78b8", "#5c9ada"),
    ("#2763a3", "#84b5e8"),
    ("#155394", "#aed0f2"),
    ("#0a3b71", "#dcebfb"),
)
_FONT = (
    'system-ui,-apple-system,"Segoe UI","PingFang SC","Hiragino Sans GB","Microsoft YaHei",'
    '"Noto Sans CJK SC","Noto Sans SC",sans-serif'
)


def _variables(side: int) -> str:
    roles = [f"--{name}:{pair[side]}" for name, pair in PALETTE.items()]
    others = [f"--s{i}:{pair[side]}" for i, pair in enumerate(OTHERS)]
    steps = [f"--r{i}:{pair[side]}" for i, pair in enumerate(RAMP)]
    return ";".join(roles + others + steps)


def _roles() -> str:
    names = [n for n in PALETTE if n not in ("paper", "ink", "muted", "grid", "axis")]
    names += [f"s{i}" for i in range(len(OTHERS))]
    lines = []
    for name in names:
        lines.append(f".qh .l-{name}{{stroke:var(--{name})}}.qh .f-{name}{{fill:var(--{name})}}")
    return "\n".join(lines)


def _ramp() -> str:
    return "".join(
        f".qh .h{i}{{fill:var(--r{i})}}.qh .k{i}{{stroke:var(--r{i})}}" for i in range(len(RAMP))
    )


VARIABLES = (
    f":root{{color-scheme:light dark;{_variables(0)}}}\n"
    f"@media (prefers-color-scheme:dark){{:root{{{_variables(1)}}}}}\n"
    f"@media print{{:root{{color-scheme:light;{_variables(0)}}}}}\n"
)
RULES = (
    f".qh{{font-family:{_FONT};font-variant-numeric:tabular-nums;overflow:visible}}\n"
    + ".qh text{fill:var(--ink);font-size:12px}.qh .m{fill:var(--muted)}"
    + ".qh .b{font-weight:650}.qh .big{font-size:30px;font-weight:700}.qh .sm{font-size:11px}"
    + ".qh .on{fill:var(--paper)}"
    + ".qh .v{paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round}\n"
    + ".qh .g{stroke:var(--grid);stroke-width:1;shape-rendering:crispEdges}"
    + ".qh .a{stroke:var(--axis);stroke-width:1;shape-rendering:crispEdges}\n"
    + ".qh .line{fill:none;stroke-width:1.75;stroke-linejoin:round;stroke-linecap:round}"
    + ".qh .thin{stroke-width:1.25}.qh .thick{stroke-width:2.5}"
    + ".qh .dash{stroke-dasharray:6 4}.qh .dots{stroke-dasharray:1.5 4}"
    + ".qh .area{fill-opacity:.16;stroke:none}.qh .halo{stroke:var(--paper);stroke-width:1.5}"
    + ".qh .hollow{fill:var(--paper);stroke-width:2}.qh .track{fill:var(--grid)}"
    + ".qh .stamp{fill:none;stroke:var(--warn);stroke-width:1}.qh .edge{stroke:var(--paper)}"
    + ".qh .ring{stroke:var(--muted);stroke-width:.6}\n"
    + _roles()
    + "\n"
    + _ramp()
    + "\n"
)
STYLE = VARIABLES + RULES

"""The page's own style: one column on a phone, two on a desk, dark at night, plain on paper."""

from __future__ import annotations

from qianhang.charts import STYLE

__all__ = ["SHEET"]

_PAGE = """
*{box-sizing:border-box}
:root{--page:#f4f6f9;--line:#dce2ea;--soft:#eef2f7;--link:#0b5cad}
@media (prefers-color-scheme:dark){:root{--page:#0d1117;--line:#2a323d;--soft:#1d242e;--link:#6db3ff}}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.65 system-ui,-apple-system,
"Segoe UI","PingFang SC","Hiragino Sans GB","Microsoft YaHei","Noto Sans CJK SC",sans-serif;
font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.wrap{max-width:1120px;margin:0 auto;padding:0 20px 48px}
a{color:var(--link)}a:focus-visible,summary:focus-visible,.scroll:focus-visible,
input:focus-visible+label{outline:3px solid var(--ours);outline-offset:2px;border-radius:4px}
.skip{position:absolute;left:-9999px}.skip:focus{left:8px;top:8px;background:var(--paper);padding:6px 12px;z-index:2}
.top{display:flex;flex-wrap:wrap;gap:8px 16px;align-items:center;justify-content:space-between;
padding:14px 0;border-bottom:1px solid var(--line);margin-bottom:22px}
.brand{font-weight:700;letter-spacing:.02em}.brand small{color:var(--muted);font-weight:400;margin-left:8px}
.pick{position:absolute;opacity:0;width:1px;height:1px}
.tabs{display:flex;border:1px solid var(--axis);border-radius:8px;overflow:hidden}
.tabs label{padding:3px 14px;cursor:pointer;color:var(--muted);background:var(--paper)}
h1{font-size:28px;line-height:1.3;margin:6px 0 10px;text-wrap:balance}
h2{font-size:19px;line-height:1.4;margin:38px 0 12px}
h3{font-size:15.5px;line-height:1.45;margin:0 0 8px}
p{margin:0 0 10px}.lead{font-size:16.5px;max-width:62em}.muted,.note{color:var(--muted)}
.note{font-size:13px;margin:8px 0 0}.over{color:var(--muted);font-size:14px;margin:0}
.chips{display:flex;flex-wrap:wrap;gap:8px;margin:12px 0 0;padding:0;list-style:none}
.chips li{border:1px solid var(--axis);border-radius:99px;padding:1px 12px;font-size:13px;background:var(--paper)}
.chips .warn{border-color:var(--warn);color:var(--warn);font-weight:650}
.grid{display:grid;gap:16px;grid-template-columns:repeat(2,minmax(0,1fr))}
.grid .all{grid-column:1/-1}.grid .lone:last-child:nth-child(odd){grid-column:auto}
.card{background:var(--paper);border:1px solid var(--line);border-radius:12px;padding:18px 20px;min-width:0}
figure.card{margin:0}.card>:last-child{margin-bottom:0}
.hero{display:grid;gap:16px;grid-template-columns:3fr 2fr;margin-top:22px}
.hero .figure{font-size:clamp(32px,6vw,50px);line-height:1.15;font-weight:750;color:var(--ours);margin:4px 0 6px}
.verdict{font-size:20px;font-weight:700;margin:2px 0 8px}.ok{color:var(--good)}.no{color:var(--bad)}.none{color:var(--muted)}
.gains{margin:0;padding-left:1.2em}
figure svg,.tile svg{width:100%;height:auto;display:block}.narrow{display:none}
figcaption{font-weight:650;margin-bottom:8px}
details{margin-top:10px}summary{cursor:pointer;color:var(--link);font-size:14px;width:fit-content}
.scroll{overflow-x:auto;max-width:100%;margin-top:8px}
table{border-collapse:collapse;width:100%;font-size:13.5px;line-height:1.45}
th,td{padding:6px 10px;border-bottom:1px solid var(--line);text-align:left;vertical-align:top;overflow-wrap:normal}
thead th{color:var(--muted);font-weight:600;border-bottom-color:var(--axis);vertical-align:bottom}
.num{text-align:right;white-space:nowrap}th.num{white-space:normal}.nowrap{white-space:nowrap}
td.txt{min-width:5em;max-width:34em}td.best{font-weight:650}
.hash,code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Noto Sans Mono CJK SC",monospace;font-size:12.5px}
.hash{color:var(--muted);word-break:break-all}
dl{display:grid;grid-template-columns:minmax(7em,auto) 1fr;gap:4px 18px;margin:0;font-size:14px}
dt{color:var(--muted)}dd{margin:0;min-width:0}
pre{background:var(--soft);border-radius:8px;padding:12px 14px;overflow-x:auto;max-height:26em;white-space:pre-wrap;margin:8px 0 0}
.reasons{margin:0;padding-left:1.2em}.reasons code{color:var(--muted);margin-right:6px}
.banner{border-left:5px solid var(--warn);background:var(--paper);padding:10px 16px;border-radius:0 8px 8px 0;margin:16px 0 0}
.banner p{margin:0}.bad{border-left-color:var(--bad)}
footer{margin-top:40px;border-top:1px solid var(--line);padding-top:12px;color:var(--muted);font-size:13px}
.runs{display:grid;gap:18px;grid-template-columns:repeat(auto-fill,minmax(min(100%,330px),1fr));margin-top:22px}
.runs .card{display:flex;flex-direction:column}.runs h2{font-size:18px;margin:2px 0 4px}
.runs .figure{font-size:30px;font-weight:750;line-height:1.25;color:var(--ours);margin:8px 0 0}
.runs .go{margin-top:auto;padding-top:14px}.tile+.tile{border-top:1px solid var(--line);padding-top:12px}
.tile{margin-top:12px}
@media (max-width:760px){.wrap{padding:0 14px 36px}.grid,.hero{grid-template-columns:minmax(0,1fr)}
h1{font-size:23px}.card{padding:14px}.wide{display:none}.narrow{display:block}
dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:8px}}
@media print{:root{--page:#fff;--line:#ccc;--soft:#f3f3f3;--link:#000}body{font-size:11pt}
.top .tabs,.skip,.pick{display:none}.wrap{max-width:none;padding:0}.card{break-inside:avoid;border-color:#bbb}
.wide{display:block}.narrow{display:none}h2{break-after:avoid}pre{max-height:none}
.grid,.hero{grid-template-columns:repeat(2,minmax(0,1fr))}a{color:inherit;text-decoration:none}}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
"""
_SWITCH = """
#lang-zh:checked~.wrap .en,#lang-en:checked~.wrap .zh{display:none}
#lang-zh:checked~.wrap label[for=lang-zh],#lang-en:checked~.wrap label[for=lang-en]{background:var(--ours);color:var(--paper)}
#lang-zh:focus-visible~.wrap label[for=lang-zh],#lang-en:focus-visible~.wrap label[for=lang-en]{outline:3px solid var(--warn);outline-offset:-3px}
"""
SHEET = STYLE + _PAGE + _SWITCH

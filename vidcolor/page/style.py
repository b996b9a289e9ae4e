"""The page's style sheet."""

STYLE = """
:root{--ground:#fbfbfa;--panel:#fff;--ink:#1d2126;--soft:#626a73;--line:#e3e5e8;
--result:#1f5fd0;--gray:#8b929b;--copy:#c9730a;--truth:#2c7d4a;--note:#fff5df;color-scheme:light dark}
@media (prefers-color-scheme:dark){:root{--ground:#15181c;--panel:#1c2025;--ink:#e6e8ea;--soft:#9aa2ab;
--line:#30363d;--result:#79a6ff;--gray:#8d949d;--copy:#f0a04b;--truth:#6cc48b;--note:#33290f}}
@media print{:root{--ground:#fff;--panel:#fff;--ink:#111;--soft:#555;--line:#ccc;--result:#1f5fd0;--gray:#777;
--copy:#b96a08;--truth:#2c7d4a;--note:#fff5df;color-scheme:light}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1180px;margin:0 auto;padding:32px 24px 48px}
h1{font-size:26px;line-height:1.2;margin:0 0 12px;overflow-wrap:anywhere}
h2{font-size:18px;margin:40px 0 12px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.note{background:var(--note);border-radius:6px;padding:8px 12px;margin:12px 0 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(200px,1fr));gap:12px;margin-top:24px}
.tile{background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:14px 16px;display:flex;
flex-direction:column}
.tile .name{color:var(--soft);font-size:13px}
.tile .large{font-size:30px;font-weight:650;line-height:1.25;color:var(--result)}
.tile .large small{font-size:14px;font-weight:400;color:var(--soft)}
.tile .others{font-size:12.5px;color:var(--soft)}
.wide{overflow-x:auto;background:var(--panel);border:1px solid var(--line);border-radius:10px}
table{border-collapse:collapse;width:100%}
th,td{padding:7px 12px;text-align:left;vertical-align:baseline;border-top:1px solid var(--line)}
@media (min-width:721px),print{thead th:first-child{width:46%}}
thead th{border-top:0;font-weight:500;color:var(--soft);font-size:13px}
.group th{font-size:12px;font-weight:600;letter-spacing:.04em;color:var(--soft);background:var(--ground)}
.n{text-align:right;white-space:nowrap}
td.n{padding-top:7px}td.result{font-weight:650;color:var(--result)}
th.result{color:var(--result)}
.sense,td:nth-child(2){color:var(--soft);white-space:nowrap;font-size:13px}
td .text{display:block;color:var(--soft);font-size:12.5px;line-height:1.4;max-width:62ch}
.needs{overflow-wrap:anywhere;color:var(--soft);font-size:13px;font-style:italic}
.columns{margin-top:12px;font-size:13px;color:var(--soft)}
.columns .result{color:var(--result)}.columns .copy{color:var(--copy)}.columns .truth{color:var(--truth)}
.legend{display:flex;flex-wrap:wrap;gap:6px 20px;margin:0 0 8px;color:var(--soft);font-size:13px}
.legend i{display:inline-block;width:18px;height:0;border-top:3px solid;margin-right:6px;vertical-align:middle}
.legend .result i{border-color:var(--result)}.legend .gray i{border-color:var(--gray)}
.legend .copy i{border-color:var(--copy)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:16px}
.charts figure{margin:0;background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:12px 14px 8px}
figcaption{font-size:13px;color:var(--soft);margin-bottom:4px}
svg{display:block;width:100%;height:auto}
svg text{font-size:12px;fill:var(--soft)}
.grid{stroke:var(--line)}
.curve{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}
.curve.result{stroke:var(--result);stroke-width:2.2}.curve.gray{stroke:var(--gray)}.curve.copy{stroke:var(--copy)}
.band{fill:var(--result);opacity:.16}
.key{fill:var(--ink)}line.cut{stroke:var(--soft);stroke-dasharray:2 4}
.hover{fill:var(--ink);opacity:0}.hover:hover{opacity:.08}
.strip{background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:14px}
.strip figure{margin:0 0 14px}.strip figure:last-child{margin:0}
.row{display:grid;grid-template-columns:repeat(3,1fr);gap:8px}
.heads{color:var(--soft);font-size:13px;margin-bottom:6px}
.strip img{display:block;width:100%;border-radius:4px}
.strip figcaption{margin:4px 0 0}
svg.scale{display:inline-block;width:228px;vertical-align:middle;margin-left:12px}
footer{margin-top:36px;border-top:1px solid var(--line);padding-top:12px;color:var(--soft);font-size:12.5px}
footer p{margin:0 0 6px;overflow-wrap:anywhere}
@media (max-width:720px){main{padding:20px 14px}th:nth-child(-n+3):nth-child(n+2),td:nth-child(-n+3):nth-child(n+2)
{display:none}th,td{padding:6px 8px}}
@media print{body{font-size:11px}main{max-width:none;padding:0}h2{margin:20px 0 8px;break-after:avoid}
.tile,.charts figure,.strip figure,tr{break-inside:avoid}.group{break-after:avoid}.strip .heads{break-after:avoid}
th,td{padding:4px 8px}.tiles{grid-template-columns:repeat(5,1fr)}.tile .large{font-size:20px}
.charts{grid-template-columns:1fr 1fr}td .text,.sense,td:nth-child(2),.needs,.columns{font-size:9.5px}
.hover{display:none}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""

"""The report's style sheet, beside that of all pages."""

STYLE = """
.charts.doubt{display:block;max-width:760px}
.quality td:first-child{min-width:15em}.quality td:nth-child(2){font-size:inherit;white-space:normal}
.off{color:#c0392b;font-weight:650}
@media (prefers-color-scheme:dark){.off{color:#ff8a7a}}
.shots{display:grid;gap:10px}
.shot{background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:10px 14px;
content-visibility:auto;contain-intrinsic-size:auto 190px}
.shot.waits{border-left:4px solid var(--copy)}
.shot h3{font-size:15px;margin:0 0 6px;display:flex;flex-wrap:wrap;gap:4px 16px}
.shot h3 span{font-weight:400;color:var(--soft)}
.many{grid-template-columns:repeat(auto-fill,minmax(230px,1fr))}
.many .shot{contain-intrinsic-size:auto 240px}
.pictures{display:flex;flex-wrap:wrap;gap:8px}
.pictures figure{margin:0}.pictures figcaption{font-size:12px}
.pictures img{display:block;border-radius:4px;max-width:100%;height:auto;outline:1px solid var(--line)}
.shot p{margin:6px 0 0;font-size:13px;color:var(--soft);overflow-wrap:anywhere}
svg.spark{display:block;width:100%;height:26px;margin-top:6px}
svg.spark polygon{fill:var(--copy);opacity:.75}svg.spark line{stroke:var(--line)}
.helps{display:grid;grid-template-columns:repeat(auto-fill,minmax(250px,1fr));gap:12px}
.helps figure{margin:0;background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:10px}
.helps img{display:block;width:100%;border-radius:4px}
code{font-size:12.5px;overflow-wrap:anywhere}
details{margin-top:12px}summary{cursor:pointer;color:var(--soft)}
a{color:var(--result)}
@media print{.shot{content-visibility:visible;break-inside:avoid}}
"""

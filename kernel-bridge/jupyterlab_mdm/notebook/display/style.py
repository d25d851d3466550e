"""The look of every output: one small style sheet, scoped by ``.mdm-run``.

Colours are JupyterLab's variables, so that outputs follow its theme; where they are missing, VS Code's; where
those are missing too (GitHub, a page of nbconvert), colours for a white page.
"""

from __future__ import annotations

import re

_SHEET = """
.mdm-run{
 --f0:var(--jp-ui-font-color0,var(--vscode-foreground,#111));
 --f1:var(--jp-ui-font-color1,var(--vscode-foreground,#333));
 --f2:var(--jp-ui-font-color2,var(--vscode-descriptionForeground,#6b6b6b));
 --f3:var(--jp-ui-font-color3,var(--vscode-disabledForeground,#9a9a9a));
 --l1:var(--jp-layout-color1,var(--vscode-editor-background,#fff));
 --l2:var(--jp-layout-color2,var(--vscode-editorWidget-background,#eee));
 --line:var(--jp-border-color2,var(--vscode-widget-border,#e3e3e3));
 --brand:var(--jp-brand-color1,#1976d2);
 --bad:var(--jp-error-color1,#c62828);
 --warn:var(--jp-warn-color1,#c77700);
 --shade:color-mix(in srgb,var(--l2) 55%,var(--l1));
 --decode:#5aa9a0;--encode:#b58bc4;
 --code:var(--jp-code-font-family,Menlo,Consolas,'DejaVu Sans Mono',monospace);
 max-width:900px;margin:2px 0;border:1px solid var(--line);border-radius:4px;overflow:hidden;
 background:var(--l1);color:var(--f1);
 font:13px/1.45 var(--jp-ui-font-family,system-ui,'Segoe UI',Helvetica,Arial,sans-serif);
 font-variant-numeric:tabular-nums
}
.mdm-run *{box-sizing:border-box}
.mdm-run b{font-weight:600;color:var(--f0)}
.mdm-run .dim{color:var(--f2)}
.mdm-run .mdm-head{display:flex;align-items:center;gap:10px;min-height:36px;padding:4px 12px;list-style:none}
.mdm-run .mdm-head::-webkit-details-marker{display:none}
.mdm-run summary.mdm-head{cursor:pointer;margin:0}
.mdm-run summary::after{content:"▸ Timings";color:var(--f2);font-size:12px;white-space:nowrap}
.mdm-run [open]>summary::after{content:"▾ Timings"}
.mdm-run .num{margin-left:auto;text-align:right}
.mdm-run .num b{font-weight:400;color:var(--f1)}
.mdm-run .dot{width:8px;height:8px;border-radius:50%;background:var(--brand);flex:none}
.mdm-run .ok{background:var(--jp-success-color1,#2e7d32)}
.mdm-run .bad{background:var(--bad)}
.mdm-run .off{background:var(--f3)}
.mdm-run .bar{height:3px;background:var(--line);display:flex}
.mdm-run .bar i{background:var(--brand)}
.mdm-run .bar .fly{opacity:.6;
 background:repeating-linear-gradient(135deg,var(--brand) 0 3px,transparent 3px 6px)}
.mdm-run .lanes[hidden]{display:flex!important;padding:11px 12px 2px;border-top:1px solid var(--line)}
.mdm-run .bar+.lanes{border-top:0}
.mdm-run .names{flex:none;min-width:76px;padding-right:16px;font-size:11px;line-height:12px}
.mdm-run .names div{height:30px;padding-top:3px;white-space:nowrap}
.mdm-run small{display:block;font-size:10px;line-height:11px;color:var(--f3);font-weight:400}
.mdm-run svg{display:block;overflow:visible;max-width:none;flex:1;min-width:0}
.mdm-run svg .l{height:20px}
.mdm-run svg line{stroke:var(--line)}
.mdm-run svg .now{stroke:var(--brand)}
.mdm-run svg text{fill:var(--f3);font-size:10px}
.mdm-run svg path{fill:none;stroke-width:2}
.mdm-run svg .t{stroke:transparent}
.mdm-run svg .t :hover{stroke:var(--f0);opacity:.18}
.mdm-run svg .x{stroke:var(--bad)}
.mdm-run svg .r{fill:var(--warn);stroke:var(--l1);stroke-width:1}
.mdm-run .d{stroke:var(--decode);background:var(--decode)}
.mdm-run .i{stroke:var(--brand);background:var(--brand)}
.mdm-run .e{stroke:var(--encode);background:var(--encode)}
.mdm-run .w{stroke:var(--line);background:var(--line)}
.mdm-run svg .w{opacity:.55}
.mdm-run .legend[hidden]{display:flex!important;gap:2px 14px;flex-wrap:wrap;padding:2px 12px 9px;
 font-size:11px;color:var(--f2)}
.mdm-run .legend i{display:inline-block;width:9px;height:9px;border-radius:2px;margin-right:5px;
 vertical-align:-1px}
.mdm-run .sp{margin-left:auto}
.mdm-run .cap{padding:6px 12px 5px;border-top:1px solid var(--line);font-size:12px;color:var(--f2)}
.mdm-run .grid,.mdm-run .more{border-top:1px solid var(--line);overflow-x:auto}
.mdm-run .more{display:flex;align-items:flex-start;flex-wrap:wrap;gap:6px 40px;padding:8px 12px 10px}
.mdm-run table{border-collapse:collapse;border:0;margin:0;font-size:12px;color:inherit;table-layout:auto}
.mdm-run .grid table{width:100%}
.mdm-run tbody tr,.mdm-run thead{background:0 0!important;border:0}
.mdm-run th,.mdm-run td{text-align:right;vertical-align:top;border:0;line-height:17px;padding:1px 0 1px 16px;
 white-space:nowrap;background:0 0;color:inherit}
.mdm-run table .s{text-align:left}
.mdm-run .more th{font-weight:400;color:var(--f3)}
.mdm-run .more :first-child{padding-left:0}
.mdm-run .grid th{font-weight:600;padding:4px 12px;background:var(--shade);color:var(--f0)}
.mdm-run .grid td{padding:3px 12px;border-top:1px solid var(--line);font:11.5px/17px var(--code)}
.mdm-run .grid th,.mdm-run .grid td{border-right:1px solid var(--line)}
.mdm-run .grid tr>:last-child{width:99%;padding:0;border-right:0}
.mdm-run .grid .k{color:var(--f3);background:var(--shade);min-width:48px}
.mdm-run .grid .n{color:var(--f3);font-style:italic}
.mdm-run .say{padding:8px 12px 10px;border-top:1px solid var(--line)}
.mdm-run .say pre,.mdm-run .say code{padding:0;background:0 0;color:var(--f1);font:12px/1.4 var(--code)}
.mdm-run .say pre{margin:6px 0;overflow-x:auto;white-space:pre}
"""

#: Without the line breaks that are for readers of this file.
STYLE = "<style>" + re.sub(r";?\n *(?=})|\n *", "", _SHEET) + "</style>"


def page(body: str) -> str:
    """The whole HTML of one output."""
    return f'<div class="mdm-run">{STYLE}{body}</div>'

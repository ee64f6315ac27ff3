"""How pages look: one stylesheet, in each page itself, light or dark as the browser says."""

import base64
import hashlib

STYLE = """
:root { color-scheme: light dark; --line: #8884; --dim: #667; --good: #176b2c; --bad: #b3261e; --wait: #8a5a00; --link: #0b57d0 }
@media (prefers-color-scheme: dark) { :root { --dim: #9aa; --good: #7bd88f; --bad: #ff8a80; --wait: #ffc66d; --link: #8ab4f8 } }
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 84rem; padding: 1rem 1.5rem 3rem }
h1 { font-size: 1.4rem; margin: .6rem 0 .3rem; overflow-wrap: anywhere }
h2 { font-size: 1.05rem; margin: 1.8rem 0 .4rem }
a { color: var(--link); text-decoration: none } a:hover { text-decoration: underline }
nav { color: var(--dim); display: flex; gap: 1.2rem; flex-wrap: wrap }
nav a + a { margin-left: auto }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .4rem 0 }
dt { color: var(--dim) } dd { margin: 0; overflow-wrap: anywhere }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .9rem .3rem 0; text-align: left; vertical-align: top; unicode-bidi: isolate }
th { color: var(--dim); font-weight: 500; white-space: nowrap } td { max-width: 22rem; overflow-wrap: break-word }
time, td span { white-space: nowrap }
code, pre { font: 13px/1.45 ui-monospace, monospace } pre { border: 1px solid var(--line); overflow-x: auto; padding: .8rem }
.none, .dim { color: var(--dim) } .good { color: var(--good) } .bad { color: var(--bad) } .wait { color: var(--wait) }
footer { border-top: 1px solid var(--line); color: var(--dim); margin-top: 2.5rem; padding-top: .6rem }
"""

_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; img-src data:; form-action 'none'; base-uri 'none';"
    " frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

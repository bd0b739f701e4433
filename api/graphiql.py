"""GraphiQL, the page for trying operations out: under a policy that lets it load nothing else.

Its scripts come from a CDN, in versions pinned with their hashes by Strawberry's page; so it needs
the internet, and is served only where that is wanted (``DUPI_API__GRAPHIQL``).
"""

import base64
import hashlib
import re
from typing import Final

from starlette.responses import HTMLResponse

from dupi.settings import Settings

_CDN: Final = "https://unpkg.com"
_INLINE: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def is_wanted(settings: Settings) -> bool:
    given = settings.api.graphiql
    return settings.is_on_loopback if given is None else given


def graphiql_page(html: str) -> HTMLResponse:
    """The page; of its inline scripts only those that stand in it now may run."""
    hashes = " ".join(_hash(script) for script in _INLINE.findall(html))
    policy = {
        "default-src": "'none'",
        "script-src": f"{_CDN} {hashes}",
        "style-src": f"{_CDN} 'unsafe-inline'",
        "font-src": f"{_CDN} data:",
        "img-src": "data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    shown = "; ".join(f"{name} {value}" for name, value in policy.items())
    return HTMLResponse(html, headers={"Content-Security-Policy": shown})


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"

"""What the demo page's server answers: the page, its events, its pictures."""

from pathlib import Path

# What the page's script asks for; gradio's server offers some sixty paths
# more: uploads, recordings, other servers' files, statistics.
EXACT_PATHS = {
    "GET": {
        "/",
        "/config",
        "/favicon.ico",
        "/manifest.json",
        "/robots.txt",
        "/theme.css",
        "/gradio_api/app_id",
        "/gradio_api/info",
        "/gradio_api/queue/data",
        "/gradio_api/startup-events",
        "/gradio_api/theme.css",
    },
    "POST": {
        "/gradio_api/cancel",
        "/gradio_api/queue/join",
        "/gradio_api/reset",
    },
}
FOLDERS = ("/assets/", "/static/", "/svelte/", "/gradio_api/heartbeat/")
FILE_PATH = "/gradio_api/file="


class PageGate:
    """ASGI middleware that lets through what the demo page needs.

    Of files it lets through those in one folder, which the page fills with
    the pictures that it draws; links are followed before a file is judged.
    Everything else is answered by 404, whatever is listening behind.

    Args:
        app: ASGI application.
        folder: Path of the folder of the page's pictures.
    """

    def __init__(self, app, folder):
        self.app = app
        self.folder = Path(folder).resolve()

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan" or (
            scope["type"] == "http"
            and self.is_open(scope["method"], scope["path"])
        ):
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            headers = [(b"content-type", b"text/plain")]
            await send(
                {
                    "type": "http.response.start",
                    "status": 404,
                    "headers": headers,
                }
            )
            await send({"type": "http.response.body", "body": b"Not found"})
        else:
            await send({"type": "websocket.close"})

    def is_open(self, method, path):
        """Whether a request is answered.

        Args:
            method: String, such as `"GET"`.
            path: String, decoded once, without the query.

        Returns:
            Boolean.
        """
        method = "GET" if method == "HEAD" else method
        if path in EXACT_PATHS.get(method, ()):
            return True
        if method != "GET" or "/../" in path:
            return False
        if path.startswith(FILE_PATH):
            return self._is_picture(path.removeprefix(FILE_PATH))
        return path.startswith(FOLDERS)

    def _is_picture(self, name):
        try:
            path = Path(name).resolve(strict=True)
        except (OSError, ValueError, RuntimeError):
            return False  # not there, a NUL in it, links in a circle
        return path.is_file() and path.is_relative_to(self.folder)

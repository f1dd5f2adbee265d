"""The desktop table: datasets of any number of rows in a window of Tkinter, on the standard library alone.

    canvasback-tk http://localhost:8080 --dataset flights

The rows stay on the server. A pool of as many rows as fit the window is repainted, from windows of a view that come
over the WebSocket; so a billion rows take no more memory than a thousand. From the inside out: `rows` (which rows are
here, which are asked for), `table` (draws them, scrolls, selects), `panels` and `app` (everything around it).
"""

from .app import App, main

__all__ = ["App", "main"]

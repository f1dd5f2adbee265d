"""Colours, fonts and the look of ttk's widgets, in one place."""

from __future__ import annotations

import tkinter
import tkinter.font
from tkinter import ttk

PAPER, INK, FAINT, NULL = "#ffffff", "#1c2127", "#6b7480", "#a3abb5"
PANEL, LINE, HEADER = "#f4f6f8", "#e1e5ea", "#eef1f4"
ACCENT, ACCENT_SOFT, WARNING, ERROR = "#0b6e75", "#d9eeef", "#fff4d6", "#b3261e"


def apply(root: tkinter.Tk) -> None:
    for name in ("TkDefaultFont", "TkTextFont", "TkMenuFont", "TkHeadingFont"):
        tkinter.font.nametofont(name, root).configure(size=10)
    root.configure(background=PANEL)
    style = ttk.Style(root)
    style.theme_use("clam")
    style.configure(".", background=PANEL, foreground=INK, bordercolor=LINE, lightcolor=PANEL, darkcolor=PANEL,
                    troughcolor=PANEL, focuscolor=ACCENT)  # fmt: skip
    style.configure("TButton", width=0, padding=(12, 4), background=PAPER, relief="flat", bordercolor=LINE)
    style.map("TButton", background=[("active", ACCENT_SOFT), ("disabled", PANEL)],
              foreground=[("disabled", NULL)])  # fmt: skip
    style.configure("Accent.TButton", background=ACCENT, foreground=PAPER)
    style.map("Accent.TButton", background=[("active", "#095a60"), ("disabled", LINE)])
    style.configure("On.TButton", background=ACCENT_SOFT, foreground=ACCENT)
    style.configure("Chip.TButton", width=0, padding=(6, 2), background=ACCENT_SOFT, foreground=ACCENT)
    style.configure("TCombobox", arrowsize=14, arrowcolor=FAINT, background=PAPER)
    for field in ("TEntry", "TCombobox"):
        style.configure(field, padding=4, fieldbackground=PAPER, bordercolor=LINE, lightcolor=LINE)
        style.map(field, bordercolor=[("focus", ACCENT)], lightcolor=[("focus", ACCENT)])
    style.map("TCombobox", fieldbackground=[("readonly", PAPER)], selectbackground=[("readonly", PAPER)],
              selectforeground=[("readonly", INK)])  # fmt: skip
    style.configure("Faint.TLabel", foreground=FAINT)
    style.configure("Error.TLabel", foreground=ERROR)
    style.configure("Banner.TFrame", background=WARNING)
    style.configure("Banner.TLabel", background=WARNING)
    style.configure("Horizontal.TScrollbar", background=LINE, arrowsize=12, troughcolor=PANEL, bordercolor=PANEL)
    style.configure("Horizontal.TProgressbar", background=ACCENT, thickness=8, troughcolor=LINE)

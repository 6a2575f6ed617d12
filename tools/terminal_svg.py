#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws captured terminal text as an SVG: tools/terminal_svg.py < capture.txt > picture.svg"""

import sys
from html import escape

COLOURS = [("Completed", "#3fb950"), ("Failed", "#f85149"), ("Killing rank", "#f0883e"), ("resumed from", "#58a6ff")]


def colour_of(line: str) -> str:
    return next((c for word, c in COLOURS if word in line), "#c9d1d9")


def main() -> None:
    lines = [line.rstrip("\n")[:132] for line in sys.stdin]
    width, height = 8 * max(map(len, lines)) + 32, 18 * len(lines) + 28
    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
          f'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="13">')
    print(f'<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>')
    for i, line in enumerate(lines):
        print(f'<text x="16" y="{28 + 18 * i}" fill="{colour_of(line)}" xml:space="preserve">{escape(line)}</text>')
    print("</svg>")


main()

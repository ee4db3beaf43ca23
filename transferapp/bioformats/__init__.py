"""Bio-Formats, where a computer has it: a program of its own, asked over its standard input.

Bio-Formats is GPL-2. It is no part of TransferApp and never loaded into it: this package, the
only one that knows it, starts Java with Bio-Formats' jar and a small program of ours
(``BioFormatsReads.java``) and exchanges lines of JSON (docs/adr/0018). Everybody else meets
``port.py``; ``wiring.py`` gives it its process.
"""

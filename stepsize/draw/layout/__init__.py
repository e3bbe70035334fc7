"""How pictures are laid out: panels, pages, legends, axes of sweeps.

Start with `panels.py`.
"""

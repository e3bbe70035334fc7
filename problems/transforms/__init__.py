"""Problems moved, turned, stretched and scaled.

Start with `affine.py`.
"""

"""The site: guides, reference, gallery and explorer, built without network into a folder that opens.

``python -m tools.docs`` writes the sources of the pages into ``build/docs-source`` and has Sphinx make
``build/site`` of them. Start with `__main__.py`; `guides.py`, `reference.py` and `figures.py` each write one
part.
"""

"""Test vectors for optimizers in any language, one JSON file a library.

``python -m optim.vectors`` writes them anew. Start with README.md, which says what stands in the files.
"""

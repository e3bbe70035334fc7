"""Test vectors for optimizers in any language; README.md says what stands in the files."""

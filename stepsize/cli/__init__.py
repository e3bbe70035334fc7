"""The commands, one module each: `add` describes its words to the parser, `run` does the work."""

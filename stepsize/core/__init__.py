"""The foundation: frozen records, arithmetic for floats and arrays, and the wording of bad input."""

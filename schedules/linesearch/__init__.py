"""How far, by looking: line searches, one a file, on the contract of `line`."""

"""Fuzzers with fixed seeds: each family makes inputs, and hands them to what a user would hand them to."""

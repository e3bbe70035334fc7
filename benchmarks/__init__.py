"""Timings against peers, measured and never asserted: ``python -m benchmarks``.

One module a regime. All candidates of a regime run in one process, interleaved, in a random order each round;
what counts is the ratio of two candidates within a round, because rounds on a busy machine differ more than
candidates do. A peer that is not installed is a named gap in the table.
"""

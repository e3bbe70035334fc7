"""Runs that a person has judged, before the code was asked: see `judged.csv` and `runs`."""

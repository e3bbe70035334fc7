"""Data of a user's own: a CSV file read into a learning problem.

Start with `csv_problem.py`.
"""

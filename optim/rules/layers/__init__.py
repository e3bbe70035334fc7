"""Rules that know the layers of a network: its matrices and vectors, each a slice of the parameter vector.

``shapes=((3, 5), (5,))`` says that the first 15 numbers are a matrix of 3 rows and the next 5 a vector;
without it the whole vector is one layer. Start with `shapes.py`, then read `layerwise.py`.
"""

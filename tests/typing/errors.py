"""A user's mistakes, for type checkers: each marked line must be reported. It is never run."""

import numpy as np

import stepsize as ss
from optim import Adamm  # error
from stepsize import Rosenbrok  # error

ss.SDG(lr=0.1)  # error
ss.minimise  # error
ss.SGD(nonsense=1)  # error
ss.SGD(lr="fast")  # error
ss.SGD(lr=[[]])  # error
ss.Momentum(0.1, 0.9, 0.0, 3)  # error
ss.minimize(3, ss.SGD())  # error
ss.minimize(ss.Parabola(), "Adam")  # error
ss.minimize(ss.Parabola(), ss.SGD(), step=10)  # error
ss.Exponential(0.1, d=0.1)("soon")  # error
ss.race(ss.Parabola(), ss.SGD())  # error
ss.sweep(ss.Parabola(), np.ones(3))  # error
ss.Quadratic(ss.Adam())  # error
ss.diagnose(ss.Parabola())  # error
run = ss.minimize(ss.Parabola(), ss.SGD(), steps=3)
run.x.foo()  # error
run.histroy  # error
run.settled(1e-8) + 1  # error
ss.draw.rase  # error
ss.dialects.torhc  # error

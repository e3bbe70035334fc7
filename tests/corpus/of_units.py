"""The same runs in other units of the loss, shifted, and in other units of x."""

import stepsize as ss
from stepsize import SGD, Adam, Momentum, Scaled, SignSGD
from tests.corpus.landscapes import BOWL, LINE, hill, hill_grad, moved, of, ramp, ramp_grad

SMALL, LARGE = Scaled(BOWL, value=1e-10), Scaled(BOWL, value=1e10)

RUNS = {
    "1e-10-bowl-crawls": (SMALL, SGD(0.01e10), 300),
    "1e-10-bowl-too-slow": (SMALL, SGD(0.05), 300),
    "1e-10-bowl-settles": (SMALL, SGD(0.05e10), 300),
    "1e-10-bowl-adam-crawls": (SMALL, Adam(0.001), 300),
    "1e-10-bowl-diverges": (SMALL, SGD(0.105e10), 100),
    "1e10-bowl-crawls": (LARGE, SGD(0.01e-10), 300),
    "1e10-bowl-settles": (LARGE, SGD(0.05e-10), 300),
    "1e10-bowl-signs": (LARGE, SignSGD(0.1), 399),
    "1e10-bowl-diverges": (LARGE, SGD(0.05), 30),
    "1e10-bowl-adam": (LARGE, Adam(0.2), 500),
    "1e10-bowl-ripples": (LARGE, Momentum(0.05e-10, 0.9), 90),
    "1e-10-line-above-2/L": (Scaled(LINE, value=1e-10), SGD(1.01e10), 50),
    "1e-10-ramp": (of(lambda x: 1e-10 * ramp(x), lambda x: 1e-10 * ramp_grad(x), [0.0]), SGD(1e9), 100),
    "1e10-hill": (of(lambda x: 1e10 * hill(x), lambda x: 1e10 * hill_grad(x), [1.0]), SGD(1e-11), 50),
    "shifted-1000-settles": (moved(BOWL, by=1000.0), SGD(0.05), 300),
    "shifted-1000-crawls": (moved(BOWL, by=1000.0), SGD(0.01), 300),
    "shifted-1e6-floor": (moved(BOWL, by=1e6), SGD(0.05), 400),
    "shifted-1e9-floor": (moved(BOWL, by=1e9), SGD(0.05), 400),
    "shifted-1e9-blind": (moved(BOWL, by=1e9, known=False), SGD(0.05), 400),
    "shifted-1e9-crawls": (moved(BOWL, by=1e9), SGD(0.001), 300),
    "shifted-1e9-adam": (moved(BOWL, by=1e9), Adam(0.2), 400),
    "shifted--50-ripples": (moved(BOWL, by=-50.0), Momentum(0.05, 0.9), 90),
    "shifted--50-diverges": (moved(BOWL, by=-50.0), SGD(0.101), 200),
    "shifted-1e6-signs": (moved(BOWL, by=1e6), SignSGD(0.03), 300),
    "x-in-thousands": (Scaled(BOWL, argument=1000.0), SGD(0.05e6), 300),
    "x-in-thousandths": (Scaled(BOWL, argument=1e-3), SGD(0.01e-6), 300),
    "x-in-thousandths-adam": (Scaled(BOWL, argument=1e-3), Adam(0.0002), 100),
    "x-in-both": (Scaled(BOWL, argument=(1000.0, 1e-3)), SGD(1e-7), 300),
    "brown-adam": (ss.BrownBadlyScaled(), Adam(0.1), 1000),
    "brown-newton": (ss.BrownBadlyScaled(), ss.Newton(), 40),
    "far-from-0-settles": (ss.Shifted(BOWL, by=(1e6, 1e6)), SGD(0.05), 400),
    "far-from-0-for-ever": (ss.Shifted(LINE, by=(1e15,)), SGD(0.25), 200),
}

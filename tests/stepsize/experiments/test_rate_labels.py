"""Which of several rates is called too small, right or too large."""

import stepsize as ss
from stepsize.experiments.rate_labels import rate_words


def words_of(rates, problem=None, rule=ss.SGD, steps=300, **facts):
    runs = [ss.minimize(problem or ss.Parabola(), rule(lr=lr, **facts), steps=steps) for lr in rates]
    return rate_words(runs, [ss.diagnose(run) for run in runs], 1e-8)


def test_rates_are_compared_only_where_that_says_something():
    assert words_of((0.2,)) == (None,)
    assert words_of((0.2, 0.2)) == (None, None)
    two = [ss.minimize(ss.Parabola(), rule, steps=30) for rule in (ss.SGD(lr=0.2), ss.Momentum(lr=0.1))]
    assert rate_words(two, [ss.diagnose(run) for run in two], 1e-8) == (None, None)
    assert words_of((1.5, 2.0)) == ("too large: diverges",) * 2
    assert words_of((0.3, 0.31)) == ("right", "right")


def test_a_rate_beyond_the_best_that_still_settles_is_too_large():
    small, best, large = words_of((0.1, 0.5, 0.97))
    assert best == "right"
    assert small.startswith("too small")
    assert large.startswith("too large: ")
    assert large.endswith("times as long as 0.5")


def test_a_rate_that_hardly_moves_is_too_small():
    assert words_of((1e-6, 0.2))[0] == "too small: hardly moves"

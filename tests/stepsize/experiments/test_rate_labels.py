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


def test_the_error_to_which_updates_are_counted_is_said_beside_them():
    """Of x^2 from 1 with the rate 0.05 the gap after 10 updates is 0.81^10 = 0.1216; all reach that."""
    bowl = ss.Quadratic([2.0], start=[1.0])
    rates = [ss.SGD(lr=lr) for lr in (1e-9, 0.05, 0.3, 1.1)]
    result = ss.race(bowl, rates, steps=10)
    assert result.rate_goal == "to a gap of 0.12"
    hardly, slow, best, lost = result.rate_words
    assert (hardly, best, lost) == ("too small: hardly moves", "right", "too large: diverges")
    # 0.4^2n <= 0.1216 from n = 2 on.
    assert slow == "too small: 5 times as long as 0.3"
    assert "beside the others, to a gap of 0.12" in result.table().splitlines()[0]
    assert "beside the others, to a gap of 0.12" in result._repr_html_()
    assert slow in result._repr_html_()
    assert abs(result.to_dict()["beside_the_others_to"] - 0.81**10) < 1e-12
    assert "times as long: to a gap of 0.12" in ss.draw.race(result).texts[0].get_text().replace("\n", " ")


def test_nothing_is_said_of_it_where_no_updates_are_compared():
    for rates in ((0.2, 0.21), (0.3, 1.1), (1.2, 1.3)):
        result = ss.race(ss.Parabola(), [ss.SGD(lr=lr) for lr in rates], steps=40)
        assert result.rate_goal is None
        assert result.rate_heading == "beside the others"
        assert "times as long" not in ss.draw.race(result).texts[0].get_text()

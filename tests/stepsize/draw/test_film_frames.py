"""The frames of a film: point, error and rate in step."""

import pytest

import stepsize as ss


def test_the_film_of_a_schedule_shows_its_rate():
    from stepsize.draw.film_frames import Film

    run = ss.minimize(ss.Quadratic(), ss.SGD(lr=ss.Exponential(0.09, d=0.1)), steps=60)
    film = Film({"decay": run}, [(-6.0, 1.0), (-3.0, 3.0)])
    film.set(30)
    (mark, lr), (line, _, error) = film._rates[0], film._errors[0]
    assert mark.get_xdata()[0] == 30
    assert mark.get_ydata()[0] == lr[30]
    assert line.get_ydata()[-1] == error[30]
    assert film._paths[0][1].get_xdata()[0] == run.history.x[30, 0]


def test_a_film_of_many_dimensions_is_refused():
    from stepsize.draw.film_frames import Film

    run = ss.minimize(ss.Quadratic([1.0, 2.0, 3.0]), ss.SGD(lr=0.1), steps=3)
    with pytest.raises(ValueError, match="got 3 dimensions, expected 1 or 2"):
        Film({"run": run})


def continued(before, after):
    rule = ss.Momentum(lr=ss.Exponential(0.04, d=0.05))
    first = ss.minimize(ss.Quadratic(), rule, steps=before)
    return ss.minimize(ss.Quadratic(), rule, x0=first.last_x, state=first.state, steps=after)


def test_a_run_that_goes_on_is_filmed_with_the_numbers_of_its_updates():
    from stepsize.draw.film_frames import Film

    run = continued(30, 40)
    assert run.updates_before == 30
    film = Film({"on": run})
    assert film._count.get_text() == "update 30"
    film.set(20)
    assert film._count.get_text() == "update 50"
    (mark, _), (line, dot, error) = film._rates[0], film._errors[0]
    assert (line.axes.get_xlim(), mark.axes.get_xlim()) == ((30, 70), (30, 70))
    assert (line.get_xdata()[0], line.get_xdata()[-1], dot.get_xdata()[0]) == (30, 50, 50)
    assert dot.get_ydata()[0] == error[20]
    # The schedule itself says which rate belongs to update 50.
    assert mark.get_xdata()[0] == 50
    assert mark.get_ydata()[0] == pytest.approx(ss.Exponential(0.04, d=0.05)(50), rel=1e-14)


def test_runs_that_went_on_at_different_updates_share_their_own_count():
    from stepsize.draw.film_frames import Film

    film = Film({"one": continued(30, 10), "other": continued(20, 10)})
    film.set(5)
    assert film._count.get_text() == "update 5"
    assert film._rates[0][0].get_xdata()[0] == 5

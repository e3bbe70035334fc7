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

"""The explorer: one HTML file, offline and live, with the library's own numbers to the last bit.

Start with `explorer.py`. `translation/` writes rules, landscapes and schedules as JavaScript, `catalogue.py`
gathers what a page holds, and `assembly.py` puts it together with the modules of `page/`, which start with
`page.js`.
"""

from stepsize.explorer.explorer import Explorer, explore
from stepsize.explorer.translation.logistic import two_features

__all__ = ["Explorer", "explore", "two_features"]

"""The manifest of the site's own pages."""

from neupusti.core.feature import Feature
from neupusti.site.views import bp

FEATURE = Feature(name="site", clauses=("preamble", "1.1.5", "1.1.8"), blueprint=bp)

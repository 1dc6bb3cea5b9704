"""The template variables of every statistics page."""

from typing import Any

from neupusti.access.retention.sweep import mask_address
from neupusti.access.views.blueprint import retention_cutoffs
from neupusti.statistics.queries import period
from neupusti.statistics.views import labels
from neupusti.statistics.views.state import ViewState


def page_values(view: ViewState) -> dict[str, Any]:
    """Return the variables that the shared templates use."""
    return {
        "state": view,
        "presets": period.presets(),
        "terms": retention_cutoffs(),
        "mask_address": mask_address,
        "labels": labels,
    }

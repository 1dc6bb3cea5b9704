"""The contract of import-linter that reads the layers of features from the app."""

from typing import Any

from importlinter.contracts.layers import LayersContract

from neupusti.app import LAYERS


class FeatureLayers(LayersContract):
    """Enforce `neupusti.app.LAYERS`: imports go down, never within a layer."""

    type_name = "feature_layers"

    def __init__(
        self, name: str, session_options: dict[str, Any], contract_options: dict[str, Any]
    ) -> None:
        features = [" | ".join(line.split()) for line in reversed(LAYERS)]
        layers = ["app", *features, "extensions | config", "core"]
        super().__init__(name, session_options, {**contract_options, "layers": layers})

"""Write the export of a person's data as one archive, `neupusti-export/1` (6.1.3)."""

from dataclasses import dataclass
from pathlib import Path

from flask_babel import LazyString

from neupusti.core.data.finding import Whose
from neupusti.core.text.languages import Language
from neupusti.core.web.errors import DomainError
from neupusti.core.web.operator import Operator
from neupusti.rights.service.manifest import Manifest


class ExportError(DomainError):
    """The archive could not be written; nothing of it is left."""

    def __init__(self, message: LazyString) -> None:
        super().__init__(str(message))
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """The request that an export answers."""

    number: str
    language: Language
    """The language of its pages."""
    operator: Operator


def write(whose: Whose, path: Path, request: ExportRequest) -> Manifest:
    """Write the archive to `path`, which appears when it is whole. Raise ExportError."""
    raise NotImplementedError

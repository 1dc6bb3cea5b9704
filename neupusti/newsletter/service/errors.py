"""What is refused in words."""

from neupusti.core.web.errors import DomainError


class IssueError(DomainError):
    """An issue cannot do this, or not any more; the message says why."""

    status = 409

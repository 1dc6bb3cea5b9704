"""The size limits of forms that send a file; all other bodies have the usual ones."""

from flask import request

FORM_OVERHEAD = 64 * 1024
"""Bytes of a form beside its file."""
FORM_MEMORY = 2 * FORM_OVERHEAD
"""The parser reads chunks of 64 KiB and keeps the tail, where a boundary may start."""


def allow(largest: int) -> None:
    """Let this request send one file of `largest` bytes; call it before the form is read.

    Views are too late: the check of the CSRF token parses the form. A URL preprocessor of
    the blueprint is early enough.
    """
    request.max_content_length = largest + FORM_OVERHEAD
    request.max_form_memory_size = FORM_MEMORY

"""Send a stored file of any size, as a download that can be resumed (RFC 9110, 14)."""

from flask import Response, request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from neupusti.core.data.file_folder import OpenedFile


def send(file: OpenedFile, mimetype: str, name: str) -> Response:
    """Return a response that sends `file` as `name`, or the range that was asked for.

    Raise RequestedRangeNotSatisfiable.
    """
    answer = send_file(
        file.body,
        mimetype=mimetype,
        as_attachment=True,
        download_name=name,
        etag=False,
        conditional=False,
        last_modified=file.at,
    )
    answer.content_length = file.size
    try:
        answer.make_conditional(request, accept_ranges=True, complete_length=file.size)
    except RequestedRangeNotSatisfiable:
        file.body.close()
        raise
    return answer

"""A form that came after its sign-in had ended is given back, so that nothing is lost."""

from flask import Response, make_response, render_template, request, session

from neupusti.core.security.origin import same_origin

UNKEPT = frozenset({"csrf_token", "password", "current", "code"})
"""Fields that are never given back: the token is made again, secrets are asked again."""
FORBIDDEN = 403


def page(confirmation: str = "") -> Response | None:
    """Return the form of this request to send again; None if there is nothing to keep.

    Nothing of it is carried out. `confirmation` is the page on which its sender shows
    first who they are. A form of another site is not given back, nor is one of a visitor
    who has no session: who was never signed in has lost nothing.
    """
    typed = [one for one in request.form.items(multi=True) if one[0] not in UNKEPT]
    own = same_origin(request.headers, request.host, https=request.is_secure)
    if not (typed and session and own):
        return None
    body = render_template(
        "errors/kept.html",
        typed=typed,
        confirmation=confirmation,
        secret=bool(request.files)
        or not UNKEPT.isdisjoint({*request.form} - {"csrf_token"}),
    )
    return make_response(body, FORBIDDEN)

"""The labels of how a document was read, of its dates and of its changes."""

from flask_babel import lazy_gettext as _

from neupusti.policy.models import EditionKind, EditionState
from neupusti.policy.service.comparison import ChangeStatus
from neupusti.policy.service.document import Reading
from neupusti.policy.service.stated_dates import Reason

READINGS = {
    Reading.ENCODING: _("Encoding recognised, the text kept"),
    Reading.DOCX: _(
        "Read from the paragraphs of a Word document, its automatic numbers written out"
    ),
    Reading.TABLE: _("Rows of a table read as lines, cells separated by |"),
    Reading.LEFT_OUT: _("Left out: not in the paragraphs of the document"),
    Reading.PAGE_BREAK: _("Page break read as the end of a line"),
    Reading.INVISIBLE: _("Invisible characters (soft hyphens, zero-width) not read"),
    Reading.SPACES: _("Tabs, no-break spaces and runs of spaces read as one space"),
    Reading.PAGE_NUMBER: _("Page number set aside"),
    Reading.RUNNING_TITLE: _("Title that runs through the pages set aside"),
    Reading.CONTENTS: _("List of contents set aside: each entry comes back as a heading"),
    Reading.JOINED: _("Joined with the line above, which breaks off"),
    Reading.HYPHEN: _("Word joined over the end of a line"),
    Reading.HEADING_MARK: _("Marks of a heading not read as text"),
    Reading.LIST_MARK: _("List mark read as a dash"),
    Reading.NUMBER: _("Number within its section added, as the address needs one"),
    Reading.UNNUMBERED: _("Heading without a number; counted on for its address"),
    Reading.TITLE: _("Line of the title joined with the one above"),
    Reading.APPROVAL: _("Stamp above the title"),
    Reading.PARAGRAPH: _("Further paragraph, placed with the clause above"),
    Reading.CLOSING: _("Line below the last clause: signature, date"),
}
REASONS = {
    Reason.UPDATED: _("the text says it was updated"),
    Reason.IN_FORCE: _("the text says it comes into force"),
    Reason.APPROVED: _("the stamp says it was approved"),
}
CHANGES = {
    ChangeStatus.CHANGED: _("Clauses changed"),
    ChangeStatus.ADDED: _("Added"),
    ChangeStatus.REMOVED: _("Removed"),
    ChangeStatus.SAME: _("Unchanged"),
}
KINDS = {
    EditionKind.EDITORIAL: _("Editorial change"),
    EditionKind.MATERIAL: _("Material change"),
    EditionKind.NEW_PURPOSE: _("New purpose"),
}
STATES = {
    EditionState.DRAFT: _("Draft"),
    EditionState.APPROVED: _("Approved"),
    EditionState.PUBLISHED: _("Published"),
}

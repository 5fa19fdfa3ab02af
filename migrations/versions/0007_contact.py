"""The medium and the language in which an applicant wishes to be notified."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column("applicant", sa.Column("language", sa.Text(), server_default="tr", nullable=False))
    op.add_column("applicant", sa.Column("contact_by", sa.Text(), nullable=True))
    op.create_check_constraint(op.f("ck_applicant_language"), "applicant", "language IN ('tr', 'en')")
    op.create_check_constraint(op.f("ck_applicant_contact_by"), "applicant", "contact_by IN ('app', 'sms', 'email')")


def downgrade() -> None:
    """Undo the change; the wishes are lost."""
    op.drop_column("applicant", "contact_by")
    op.drop_column("applicant", "language")

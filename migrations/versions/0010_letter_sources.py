"""The stored sources of letters, so that an edited letter file changes no old letter."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change; letters of before go on being set from the files of the day."""
    op.create_table(
        "letter_source",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_letter_source")),
    )
    op.add_column("notice", sa.Column("letter_version", sa.Text(), nullable=True))
    op.create_foreign_key(
        op.f("fk_notice_letter_version_letter_source"),
        "notice",
        "letter_source",
        ["letter_version"],
        ["version"],
        ondelete="RESTRICT",
    )


def downgrade() -> None:
    """Undo the change; what old letters were set from is lost."""
    op.drop_constraint(op.f("fk_notice_letter_version_letter_source"), "notice", type_="foreignkey")
    op.drop_column("notice", "letter_version")
    op.drop_table("letter_source")

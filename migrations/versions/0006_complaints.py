"""Citizens' complaints about the published table: tickets with their own kind of number."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NUMBER = "ck_ticket_number"


def upgrade() -> None:
    """Make the change."""
    op.execute(sa.schema.CreateSequence(sa.Sequence("complaint_number_seq", maxvalue=999_999, cycle=True)))
    op.drop_constraint(op.f(NUMBER), "ticket", type_="check")
    op.create_check_constraint(op.f(NUMBER), "ticket", "number ~ '^([0-9]{10}|S[0-9]{9})$'")
    op.create_table(
        "complaint",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "ground IN ('extra_document_requested', 'deadline_missed', 'service_not_listed')",
            name=op.f("ck_complaint_ground"),
        ),
        sa.CheckConstraint("level IN (1, 2)", name=op.f("ck_complaint_level")),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_complaint_ticket_id_ticket"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["about_id"], ["ticket.id"], name=op.f("fk_complaint_about_id_ticket"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_complaint")),
    )
    op.create_index(op.f("ix_complaint_about_id"), "complaint", ["about_id"])
    op.add_column("escalation", sa.Column("complaint_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_escalation_complaint_id_complaint"),
        "escalation",
        "complaint",
        ["complaint_id"],
        ["ticket_id"],
        ondelete="CASCADE",
    )
    op.create_index(op.f("ix_escalation_complaint_id"), "escalation", ["complaint_id"])


def downgrade() -> None:
    """Undo the change; complaints and their escalations are deleted."""
    op.drop_index(op.f("ix_escalation_complaint_id"), table_name="escalation")
    op.execute("DELETE FROM escalation WHERE complaint_id IS NOT NULL")
    op.drop_constraint(op.f("fk_escalation_complaint_id_complaint"), "escalation", type_="foreignkey")
    op.drop_column("escalation", "complaint_id")
    op.execute("DELETE FROM ticket USING complaint WHERE ticket.id = complaint.ticket_id")
    op.drop_table("complaint")
    op.drop_constraint(op.f(NUMBER), "ticket", type_="check")
    op.create_check_constraint(op.f(NUMBER), "ticket", "number ~ '^[0-9]{10}$'")
    op.execute(sa.schema.DropSequence(sa.Sequence("complaint_number_seq")))

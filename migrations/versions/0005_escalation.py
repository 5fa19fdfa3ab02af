"""Columns of an escalation: addressee, reminders, the office's response, and its end."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NEW_COLUMNS = ("addressed_to", "reminders", "remind_at", "response", "responded_at", "responded_by", "closed_at")

CLOSE_WHAT_IS_OVER = """
UPDATE escalation SET closed_at = greatest(escalation.raised_at, coalesce(ticket.resolved_at, ticket.last_action_at))
FROM ticket WHERE ticket.id = escalation.ticket_id
AND (ticket.cycle <> escalation.cycle OR ticket.state IN ('resolved', 'callback_pending', 'closed', 'withdrawn'))
"""
"""Close the escalations of resolved tickets; the open ones get no reminder."""


def upgrade() -> None:
    """Make the change."""
    op.add_column("escalation", sa.Column("addressed_to", postgresql.JSONB(), nullable=True))
    op.add_column("escalation", sa.Column("reminders", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("escalation", sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("escalation", sa.Column("response", sa.LargeBinary(), nullable=True))
    op.add_column("escalation", sa.Column("responded_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("escalation", sa.Column("responded_by", sa.Uuid(), nullable=True))
    op.add_column("escalation", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(
        op.f("fk_escalation_responded_by_api_client"),
        "escalation",
        "api_client",
        ["responded_by"],
        ["id"],
        ondelete="RESTRICT",
    )
    op.create_check_constraint(
        op.f("ck_escalation_reminded_while_open"),
        "escalation",
        "remind_at IS NULL OR (acknowledged_at IS NULL AND responded_at IS NULL AND closed_at IS NULL)",
    )
    op.create_index(
        "ix_escalation_remind_at", "escalation", ["remind_at"], postgresql_where=sa.text("remind_at IS NOT NULL")
    )
    op.execute(CLOSE_WHAT_IS_OVER)


def downgrade() -> None:
    """Undo the change."""
    op.drop_index("ix_escalation_remind_at", table_name="escalation")
    op.drop_constraint(op.f("ck_escalation_reminded_while_open"), "escalation", type_="check")
    op.drop_constraint(op.f("fk_escalation_responded_by_api_client"), "escalation", type_="foreignkey")
    for name in reversed(NEW_COLUMNS):
        op.drop_column("escalation", name)

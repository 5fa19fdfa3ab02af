"""The service code in a clock's pinned policy, so that the report of a past month reads no tickets."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change; a clock of before belongs to the service that its ticket has now."""
    op.execute(
        "UPDATE sla_clock SET policy = policy || jsonb_build_object('service', ticket.service) "
        "FROM ticket WHERE ticket.id = sla_clock.ticket_id"
    )


def downgrade() -> None:
    """Undo the change."""
    op.execute("UPDATE sla_clock SET policy = policy - 'service'")

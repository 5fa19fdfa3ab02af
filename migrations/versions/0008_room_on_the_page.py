"""Fill factor for clocks and tickets, so that a new calendar updates their rows in place (HOT)."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change; pages that are there fill up as they did."""
    op.execute("ALTER TABLE sla_clock SET (fillfactor = 50)")
    op.execute("ALTER TABLE ticket SET (fillfactor = 70)")


def downgrade() -> None:
    """Undo the change."""
    op.execute("ALTER TABLE ticket SET (fillfactor = 80)")
    op.execute("ALTER TABLE sla_clock SET (fillfactor = 85)")

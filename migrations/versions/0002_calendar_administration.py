"""Calendar administration, and the columns of clocks that are extended, restarted or set by hand."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TICKET_STATES = (
    "received",
    "awaiting_documents",
    "registered",
    "referred",
    "returned",
    "in_progress",
    "awaiting_citizen",
    "awaiting_external",
    "pending_approval",
    "resolved",
    "callback_pending",
    "closed",
    "reopened",
    "withdrawn",
)
CHECKPOINT_KINDS = ("warning", "escalation", "legal_risk", "breach")


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "calendar_year",
        sa.Column("year", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("seeded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("days", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(confirmed_at IS NULL) = (confirmed_by IS NULL)", name=op.f("ck_calendar_year_confirmed_whole")
        ),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_calendar_year")),
    )
    op.create_table(
        "calendar_decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("day", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoked_by IS NULL)", name=op.f("ck_calendar_decision_revoked_whole")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_decision")),
    )
    op.create_index(
        "uq_calendar_decision_date",
        "calendar_decision",
        ["date"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.add_column("calendar_version", sa.Column("created_by", sa.Text(), server_default="estim", nullable=False))
    op.add_column("calendar_version", sa.Column("reason", sa.Text(), server_default="catalogue load", nullable=False))
    op.add_column("calendar_version", sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True))
    op.alter_column("calendar_version", "created_by", server_default=None)
    op.alter_column("calendar_version", "reason", server_default=None)
    op.add_column("sla_clock", sa.Column("extended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sla_clock", sa.Column("restarted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sla_clock", sa.Column("overridden", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    _allow("ticket", "state", (*TICKET_STATES, "awaiting_fee"))
    _allow("checkpoint", "kind", (*CHECKPOINT_KINDS, "fee_lapse"))


def downgrade() -> None:
    """Undo the change."""
    _allow("checkpoint", "kind", CHECKPOINT_KINDS)
    _allow("ticket", "state", TICKET_STATES)
    op.drop_column("sla_clock", "overridden")
    op.drop_column("sla_clock", "restarted_at")
    op.drop_column("sla_clock", "extended_at")
    op.drop_column("calendar_version", "settled_at")
    op.drop_column("calendar_version", "reason")
    op.drop_column("calendar_version", "created_by")
    op.drop_index("uq_calendar_decision_date", table_name="calendar_decision")
    op.drop_table("calendar_decision")
    op.drop_table("calendar_year")


def _allow(table: str, column: str, values: tuple[str, ...]) -> None:
    """Replace the check of allowed values; existing rows are looked at without a long lock."""
    name = op.f(f"ck_{table}_{column}")
    op.drop_constraint(name, table, type_="check")
    allowed = ", ".join(f"'{value}'" for value in values)
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IN ({allowed})) NOT VALID")
    op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")

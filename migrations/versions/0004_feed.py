"""The change feed: events of all tickets in one order, and the webhooks that deliver them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

DRAWN_AFTER_THE_XID = (
    "CASE WHEN pg_current_xact_id() IS NOT NULL THEN nextval('ticket_event_position_seq'::regclass) END"
)
"""`CASE` fixes the order: the transaction gets its id before its position; see docs/decisions/0007."""


def upgrade() -> None:
    """Upgrade; existing events are ordered by their instants."""
    _order_events()
    op.create_table(
        "feed_state",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("settled", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_feed_state_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_state")),
    )
    op.execute("INSERT INTO feed_state (id, epoch, settled) VALUES (1, left(gen_random_uuid()::text, 8), 0)")
    op.create_table(
        "webhook_subscription",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_reason", sa.Text(), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("previous_secret", sa.LargeBinary(), nullable=True),
        sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.SmallInteger(), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease", sa.Integer(), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("enabled = (disabled_reason IS NULL)", name=op.f("ck_webhook_subscription_reason_given")),
        sa.CheckConstraint(
            "disabled_reason IN ('client', 'gone', 'failing')", name=op.f("ck_webhook_subscription_disabled_reason")
        ),
        sa.CheckConstraint(
            "(previous_secret IS NULL) = (previous_until IS NULL)", name=op.f("ck_webhook_subscription_previous_whole")
        ),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["api_client.id"],
            name=op.f("fk_webhook_subscription_client_id_api_client"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_subscription")),
    )
    op.create_index("ix_webhook_subscription_client_id", "webhook_subscription", ["client_id"])
    _make_deliveries()


def downgrade() -> None:
    """Undo the change."""
    op.drop_table("webhook_delivery")
    op.drop_table("webhook_subscription")
    op.drop_table("feed_state")
    op.drop_index("ix_ticket_event_position", table_name="ticket_event")
    op.drop_column("ticket_event", "position")
    op.execute("DROP SEQUENCE ticket_event_position_seq")


def _order_events() -> None:
    op.execute("CREATE SEQUENCE ticket_event_position_seq")
    op.add_column("ticket_event", sa.Column("position", sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE ticket_event SET position = ordered.position FROM"
        " (SELECT ticket_id, seq, row_number() OVER (ORDER BY at, ticket_id, seq) AS position FROM ticket_event) ordered"
        " WHERE (ticket_event.ticket_id, ticket_event.seq) = (ordered.ticket_id, ordered.seq)"
    )
    op.execute("SELECT setval('ticket_event_position_seq', max(position)) FROM ticket_event HAVING count(*) > 0")
    op.execute(
        f"ALTER TABLE ticket_event ALTER position SET DEFAULT {DRAWN_AFTER_THE_XID}, ALTER position SET NOT NULL"
    )
    op.create_index("ix_ticket_event_position", "ticket_event", ["position"])


def _make_deliveries() -> None:
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'retrying', 'delivered', 'failed')", name=op.f("ck_webhook_delivery_state")
        ),
        sa.CheckConstraint("(ticket_id IS NULL) = (seq IS NULL)", name=op.f("ck_webhook_delivery_event_whole")),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["webhook_subscription.id"],
            name=op.f("fk_webhook_delivery_subscription_id_webhook_subscription"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_webhook_delivery_ticket_id_ticket"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
        sa.UniqueConstraint(
            "subscription_id", "message_id", name=op.f("uq_webhook_delivery_subscription_id_message_id")
        ),
    )
    op.create_index(
        "ix_webhook_delivery_subscription_id_created_at_id", "webhook_delivery", ["subscription_id", "created_at", "id"]
    )
    op.create_index("ix_webhook_delivery_created_at", "webhook_delivery", ["created_at"])
    op.create_index("ix_webhook_delivery_ticket_id", "webhook_delivery", ["ticket_id"])
    op.create_index(
        "ix_webhook_delivery_queued",
        "webhook_delivery",
        ["subscription_id"],
        postgresql_where=sa.text("state = 'queued'"),
    )

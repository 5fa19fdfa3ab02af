"""Attempts and receipts of deliveries; digests, and notices that replace another one."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.alter_column("notice", "ticket_id", nullable=True)
    op.add_column("notice", sa.Column("digest_id", sa.Uuid(), nullable=True))
    op.add_column("notice", sa.Column("instead_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_notice_digest_id_notice"), "notice", "notice", ["digest_id"], ["id"], ondelete="SET NULL"
    )
    op.create_index("ix_notice_digest_id", "notice", ["digest_id"], postgresql_where=sa.text("digest_id IS NOT NULL"))
    op.create_table(
        "delivery_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("medium", sa.Text(), nullable=False),
        sa.Column("adapter", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('started', 'accepted', 'later', 'refused')", name=op.f("ck_delivery_attempt_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notice.id"], name=op.f("fk_delivery_attempt_notice_id_notice"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_attempt")),
    )
    op.create_index(op.f("ix_delivery_attempt_notice_id"), "delivery_attempt", ["notice_id"])
    op.create_index("ix_delivery_attempt_recipient_at", "delivery_attempt", ["recipient", "at"])
    op.create_index(
        "ix_delivery_attempt_provider",
        "delivery_attempt",
        ["adapter", "provider_id"],
        postgresql_where=sa.text("provider_id IS NOT NULL"),
    )
    op.create_table(
        "delivery_receipt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("adapter", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("delivered", sa.Boolean(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notice.id"], name=op.f("fk_delivery_receipt_notice_id_notice"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_receipt")),
        sa.UniqueConstraint(
            "adapter", "provider_id", "code", name=op.f("uq_delivery_receipt_adapter_provider_id_code")
        ),
    )
    op.create_index(op.f("ix_delivery_receipt_notice_id"), "delivery_receipt", ["notice_id"])


def downgrade() -> None:
    """Undo the change; digests belong to no ticket and are deleted."""
    op.drop_table("delivery_receipt")
    op.drop_table("delivery_attempt")
    op.drop_index("ix_notice_digest_id", table_name="notice")
    op.drop_constraint(op.f("fk_notice_digest_id_notice"), "notice", type_="foreignkey")
    op.drop_column("notice", "instead_id")
    op.drop_column("notice", "digest_id")
    op.execute("DELETE FROM notice WHERE ticket_id IS NULL")
    op.alter_column("notice", "ticket_id", nullable=False)

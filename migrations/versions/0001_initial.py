"""The initial schema: tickets with clocks and history, notices, people, catalogue, calendar and access."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.execute(sa.schema.CreateSequence(sa.Sequence("ticket_number_seq", maxvalue=9_999_999, cycle=True)))
    op.execute(sa.schema.CreateSequence(sa.Sequence("notice_number_seq")))
    op.create_table(
        "api_client",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("scopes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("name <> ''", name=op.f("ck_api_client_name_given")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_client")),
    )
    op.create_table(
        "applicant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("identity_hidden", sa.Boolean(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("national_id", sa.LargeBinary(), nullable=True),
        sa.Column("address", sa.LargeBinary(), nullable=True),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("national_id_index", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("role IN ('self', 'attorney', 'guardian', 'anonymous')", name=op.f("ck_applicant_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_applicant")),
    )
    op.create_index(
        "ix_applicant_national_id_index",
        "applicant",
        ["national_id_index"],
        unique=False,
        postgresql_where=sa.text("national_id_index IS NOT NULL"),
    )
    op.create_index(
        "ix_applicant_phone_index",
        "applicant",
        ["phone_index"],
        unique=False,
        postgresql_where=sa.text("phone_index IS NOT NULL"),
    )
    op.create_table(
        "calendar_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_version")),
    )
    op.create_index(op.f("ix_calendar_version_created_at"), "calendar_version", ["created_at"], unique=False)
    op.create_table(
        "catalogue_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_version")),
    )
    op.create_index(op.f("ix_catalogue_version_loaded_at"), "catalogue_version", ["loaded_at"], unique=False)
    op.create_table(
        "api_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["api_client.id"], name=op.f("fk_api_key_client_id_api_client"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_key_prefix")),
    )
    op.create_index(op.f("ix_api_key_client_id"), "api_key", ["client_id"], unique=False)
    op.create_table(
        "personal_data_access",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["api_client.id"],
            name=op.f("fk_personal_data_access_client_id_api_client"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_data_access")),
    )
    op.create_index(
        op.f("ix_personal_data_access_client_id_at"),
        "personal_data_access",
        ["client_id", "at"],
        unique=False,
    )
    op.create_table(
        "ticket",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("receipt", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("catalogue_version_id", sa.Uuid(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("right_to_information", sa.Boolean(), nullable=False),
        sa.Column("formal", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("cycle", sa.SmallInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("suggested_unit", sa.Text(), nullable=True),
        sa.Column("about_first_office", sa.Boolean(), nullable=False),
        sa.Column("duplicate_of", sa.Uuid(), nullable=True),
        sa.Column("applicant_id", sa.Uuid(), nullable=False),
        sa.Column("description", sa.LargeBinary(), nullable=False),
        sa.Column("place_note", sa.LargeBinary(), nullable=True),
        sa.Column("reply", sa.LargeBinary(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("neighbourhood", sa.Text(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("time_flag", sa.Text(), nullable=True),
        sa.Column("documents_complete_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("referred_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("interim_reply_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("callback_attempts", sa.SmallInteger(), nullable=False),
        sa.Column("last_action", sa.Text(), nullable=False),
        sa.Column("last_action_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event_seq", sa.Integer(), nullable=False),
        sa.Column("event_hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("number ~ '^[0-9]{10}$'", name=op.f("ck_ticket_number")),
        sa.CheckConstraint(
            "state IN ('received', 'awaiting_documents', 'registered', 'referred', 'returned', 'in_progress', 'awaiting_citizen', 'awaiting_external', 'pending_approval', 'resolved', 'callback_pending', 'closed', 'reopened', 'withdrawn')",
            name=op.f("ck_ticket_state"),
        ),
        sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name=op.f("ck_ticket_coordinates_whole")),
        sa.CheckConstraint(
            "latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180",
            name=op.f("ck_ticket_coordinates"),
        ),
        sa.ForeignKeyConstraint(
            ["applicant_id"],
            ["applicant.id"],
            name=op.f("fk_ticket_applicant_id_applicant"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["catalogue_version_id"],
            ["catalogue_version.id"],
            name=op.f("fk_ticket_catalogue_version_id_catalogue_version"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["api_client.id"], name=op.f("fk_ticket_client_id_api_client"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["duplicate_of"], ["ticket.id"], name=op.f("fk_ticket_duplicate_of_ticket"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
        sa.UniqueConstraint("number", name=op.f("uq_ticket_number")),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index("ix_ticket_applicant_id", "ticket", ["applicant_id"], unique=False)
    op.create_index("ix_ticket_received_at", "ticket", ["received_at", "id"], unique=False)
    op.create_index("ix_ticket_unit_state", "ticket", ["unit", "state"], unique=False)
    op.create_index(
        "uq_ticket_channel_external_id",
        "ticket",
        ["channel", "external_id"],
        unique=True,
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.create_index(
        "uq_ticket_client_idempotency_key",
        "ticket",
        ["client_id", "idempotency_key"],
        unique=True,
        postgresql_where=sa.text("idempotency_key IS NOT NULL"),
    )
    op.create_table(
        "escalation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("cycle", sa.SmallInteger(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("legal_risk", sa.Boolean(), nullable=False),
        sa.Column("office", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("breached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("source IN ('system', 'citizen')", name=op.f("ck_escalation_source")),
        sa.CheckConstraint("level IN (1, 2)", name=op.f("ck_escalation_level")),
        sa.ForeignKeyConstraint(
            ["acknowledged_by"],
            ["api_client.id"],
            name=op.f("fk_escalation_acknowledged_by_api_client"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_escalation_ticket_id_ticket"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation")),
        sa.UniqueConstraint(
            "ticket_id", "cycle", "level", "source", name=op.f("uq_escalation_ticket_id_cycle_level_source")
        ),
    )
    op.create_table(
        "inbound_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("body_digest", sa.LargeBinary(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("problems", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("discard_reason", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(outcome = 'discarded') = (discard_reason IS NOT NULL)",
            name=op.f("ck_inbound_message_discard_reason"),
        ),
        sa.CheckConstraint(
            "outcome IN ('accepted', 'quarantined', 'discarded')", name=op.f("ck_inbound_message_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["api_client.id"],
            name=op.f("fk_inbound_message_client_id_api_client"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["settled_by"],
            ["api_client.id"],
            name=op.f("fk_inbound_message_settled_by_api_client"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"],
            ["ticket.id"],
            name=op.f("fk_inbound_message_ticket_id_ticket"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_message")),
    )
    op.create_index("ix_inbound_message_received_at", "inbound_message", ["received_at", "id"], unique=False)
    op.create_index(op.f("ix_inbound_message_ticket_id"), "inbound_message", ["ticket_id"], unique=False)
    op.create_index(
        "uq_inbound_message_quarantined",
        "inbound_message",
        ["door", "client_id", "body_digest"],
        unique=True,
        postgresql_where=sa.text("outcome = 'quarantined'"),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("running", sa.BigInteger(), server_default=sa.text("nextval('notice_number_seq')"), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("cycle", sa.SmallInteger(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("recipient_name", sa.Text(), nullable=True),
        sa.Column("recipient_address", sa.Text(), nullable=True),
        sa.Column("medium", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("template", sa.Text(), nullable=True),
        sa.Column("template_version", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'delivered', 'failed', 'skipped')",
            name=op.f("ck_notice_state"),
        ),
        sa.CheckConstraint("(subject IS NULL) = (body IS NULL)", name=op.f("ck_notice_rendered_whole")),
        sa.ForeignKeyConstraint(
            ["acknowledged_by"],
            ["api_client.id"],
            name=op.f("fk_notice_acknowledged_by_api_client"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_notice_ticket_id_ticket"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_notice_dedupe_key")),
        sa.UniqueConstraint("running", name=op.f("uq_notice_running")),
    )
    op.create_index("ix_notice_created_at", "notice", ["created_at", "id"], unique=False)
    op.create_index(op.f("ix_notice_ticket_id"), "notice", ["ticket_id"], unique=False)
    op.create_index(
        "ix_notice_undelivered",
        "notice",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('queued', 'sending')"),
    )
    op.create_table(
        "sla_clock",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("cycle", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("policy", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("calendar_version_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("met_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("breached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("detected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('promise', 'statutory')", name=op.f("ck_sla_clock_kind")),
        sa.CheckConstraint(
            "state IN ('running', 'paused', 'met', 'breached', 'cancelled')", name=op.f("ck_sla_clock_state")
        ),
        sa.CheckConstraint("breached_at IS NULL OR breached_at = due_at", name=op.f("ck_sla_clock_breached_at_is_due")),
        sa.CheckConstraint("due_at >= started_at", name=op.f("ck_sla_clock_due_after_start")),
        sa.ForeignKeyConstraint(
            ["calendar_version_id"],
            ["calendar_version.id"],
            name=op.f("fk_sla_clock_calendar_version_id_calendar_version"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_sla_clock_ticket_id_ticket"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_clock")),
        sa.UniqueConstraint("ticket_id", "cycle", "kind", name=op.f("uq_sla_clock_ticket_id_cycle_kind")),
        postgresql_with={"fillfactor": 85},
    )
    op.create_table(
        "ticket_document",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("provided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_document_ticket_id_ticket"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ticket_id", "code", name=op.f("pk_ticket_document")),
    )
    op.create_table(
        "ticket_event",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_event_ticket_id_ticket"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ticket_id", "seq", name=op.f("pk_ticket_event")),
    )
    op.create_table(
        "checkpoint",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clock_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("fired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('warning', 'escalation', 'legal_risk', 'breach')", name=op.f("ck_checkpoint_kind")
        ),
        sa.CheckConstraint("state IN ('armed', 'fired', 'cancelled')", name=op.f("ck_checkpoint_state")),
        sa.ForeignKeyConstraint(
            ["clock_id"], ["sla_clock.id"], name=op.f("fk_checkpoint_clock_id_sla_clock"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkpoint")),
        sa.UniqueConstraint(
            "clock_id",
            "kind",
            "level",
            "generation",
            name=op.f("uq_checkpoint_clock_id_kind_level_generation"),
        ),
    )
    op.create_index(
        "ix_checkpoint_due",
        "checkpoint",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'armed'"),
    )
    op.create_table(
        "clock_pause",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clock_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name=op.f("ck_clock_pause_order")),
        sa.ForeignKeyConstraint(
            ["clock_id"], ["sla_clock.id"], name=op.f("fk_clock_pause_clock_id_sla_clock"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_pause")),
    )
    op.create_index(op.f("ix_clock_pause_clock_id"), "clock_pause", ["clock_id"], unique=False)
    op.create_index(
        "uq_clock_pause_open",
        "clock_pause",
        ["clock_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index("uq_clock_pause_open", table_name="clock_pause", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index(op.f("ix_clock_pause_clock_id"), table_name="clock_pause")
    op.drop_table("clock_pause")
    op.drop_index("ix_checkpoint_due", table_name="checkpoint", postgresql_where=sa.text("state = 'armed'"))
    op.drop_table("checkpoint")
    op.drop_table("ticket_event")
    op.drop_table("ticket_document")
    op.drop_table("sla_clock")
    op.drop_index(
        "ix_notice_undelivered",
        table_name="notice",
        postgresql_where=sa.text("state IN ('queued', 'sending')"),
    )
    op.drop_index(op.f("ix_notice_ticket_id"), table_name="notice")
    op.drop_index("ix_notice_created_at", table_name="notice")
    op.drop_table("notice")
    op.drop_index(
        "uq_inbound_message_quarantined",
        table_name="inbound_message",
        postgresql_where=sa.text("outcome = 'quarantined'"),
    )
    op.drop_index(op.f("ix_inbound_message_ticket_id"), table_name="inbound_message")
    op.drop_index("ix_inbound_message_received_at", table_name="inbound_message")
    op.drop_table("inbound_message")
    op.drop_table("escalation")
    op.drop_index(
        "uq_ticket_client_idempotency_key",
        table_name="ticket",
        postgresql_where=sa.text("idempotency_key IS NOT NULL"),
    )
    op.drop_index(
        "uq_ticket_channel_external_id",
        table_name="ticket",
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.drop_index("ix_ticket_unit_state", table_name="ticket")
    op.drop_index("ix_ticket_received_at", table_name="ticket")
    op.drop_index("ix_ticket_applicant_id", table_name="ticket")
    op.drop_table("ticket")
    op.drop_index(op.f("ix_personal_data_access_client_id_at"), table_name="personal_data_access")
    op.drop_table("personal_data_access")
    op.drop_index(op.f("ix_api_key_client_id"), table_name="api_key")
    op.drop_table("api_key")
    op.drop_index(op.f("ix_catalogue_version_loaded_at"), table_name="catalogue_version")
    op.drop_table("catalogue_version")
    op.drop_index(op.f("ix_calendar_version_created_at"), table_name="calendar_version")
    op.drop_table("calendar_version")
    op.drop_index(
        "ix_applicant_phone_index",
        table_name="applicant",
        postgresql_where=sa.text("phone_index IS NOT NULL"),
    )
    op.drop_index(
        "ix_applicant_national_id_index",
        table_name="applicant",
        postgresql_where=sa.text("national_id_index IS NOT NULL"),
    )
    op.drop_table("applicant")
    op.drop_table("api_client")
    op.execute(sa.schema.DropSequence(sa.Sequence("notice_number_seq")))
    op.execute(sa.schema.DropSequence(sa.Sequence("ticket_number_seq")))

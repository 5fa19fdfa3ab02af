"""All tables of the service, in one place for alembic."""

from app.access.model import ApiClient, ApiKey, PersonalDataAccess
from app.channels.model import InboundMessage
from app.feed.model import FeedState, WebhookDelivery, WebhookSubscription
from app.notices.model import DeliveryAttempt, DeliveryReceipt, LetterSource, Notice
from app.people.model import Applicant
from app.sla.model import (
    CalendarDecision,
    CalendarVersion,
    CalendarYear,
    Checkpoint,
    ClockPause,
    SlaClock,
)
from app.standards.model import CatalogueVersion
from app.tickets.model import Complaint, Escalation, Ticket, TicketDocument, TicketEvent

ALL_MODELS = (
    ApiClient,
    ApiKey,
    Applicant,
    CalendarDecision,
    CalendarVersion,
    CalendarYear,
    CatalogueVersion,
    Checkpoint,
    ClockPause,
    Complaint,
    DeliveryAttempt,
    DeliveryReceipt,
    Escalation,
    FeedState,
    InboundMessage,
    LetterSource,
    Notice,
    PersonalDataAccess,
    SlaClock,
    Ticket,
    TicketDocument,
    TicketEvent,
    WebhookDelivery,
    WebhookSubscription,
)

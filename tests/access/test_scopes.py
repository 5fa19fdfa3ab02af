"""Scopes and roles: each channel has its roles, and few roles read personal data."""

from dataclasses import FrozenInstanceError
from uuid import UUID

import pytest

from app.access.actor import Actor
from app.access.scopes import ROLES, Scope

CLIENT = UUID("01890000-0000-7000-8000-000000000001")


def _roles_with(scope: Scope) -> set[str]:
    return {role for role, definition in ROLES.items() if scope in definition.scopes and role != "developer"}


def test_the_roles_are_those_that_keys_are_made_for() -> None:
    assert set(ROLES) == {
        "mobile-app",
        "call-centre",
        "sms-gateway",
        "field-team",
        "desk",
        "cimer-clerk",
        "unit-officer",
        "pr-desk",
        "pr-director",
        "deputy-mayor",
        "ops",
        "developer",
    }


def test_the_developer_may_do_everything() -> None:
    assert ROLES["developer"].scopes == frozenset(Scope)


@pytest.mark.parametrize(
    ("scope", "roles"),
    [
        (Scope.INTAKE_CALL_CENTER, {"call-centre"}),
        (Scope.INTAKE_SMS, {"sms-gateway"}),
        (Scope.INTAKE_MOBILE, {"mobile-app"}),
        (Scope.INTAKE_FIELD, {"field-team"}),
        (Scope.INTAKE_DESK, {"desk", "pr-desk"}),
        (Scope.INTAKE_CIMER, {"cimer-clerk"}),
    ],
)
def test_each_channel_has_its_own_roles(scope: Scope, roles: set[str]) -> None:
    assert _roles_with(scope) == roles


def test_every_scope_belongs_to_a_role() -> None:
    assert {scope for scope in Scope if not _roles_with(scope)} == set()


def test_roles_in_contact_with_people_read_personal_data() -> None:
    assert _roles_with(Scope.PERSONAL_DATA_READ) == {"call-centre", "desk", "pr-desk", "pr-director", "deputy-mayor"}


@pytest.mark.parametrize("role", ["mobile-app", "field-team", "sms-gateway", "ops"])
def test_machines_neither_read_others_tickets_nor_command_them(role: str) -> None:
    assert ROLES[role].scopes.isdisjoint({Scope.TICKETS_READ, Scope.TICKETS_COMMAND})


def test_escalations_are_acknowledged_by_the_application_offices() -> None:
    assert _roles_with(Scope.NOTICES_ACKNOWLEDGE) == {"pr-director", "deputy-mayor"}
    assert _roles_with(Scope.SECOND_OFFICE) == {"deputy-mayor"}


def test_every_role_may_read_the_published_catalogue() -> None:
    assert all(Scope.CATALOGUE_READ in definition.scopes for definition in ROLES.values())


def test_each_role_has_a_turkish_name_of_its_own() -> None:
    assert len({definition.label_tr for definition in ROLES.values()}) == len(ROLES)


def test_roles_can_not_be_changed_while_running() -> None:
    with pytest.raises(TypeError):
        ROLES["desk"] = ROLES["developer"]  # type: ignore[index]


def test_an_actor_may_do_what_its_scopes_allow() -> None:
    actor = Actor(CLIENT, "Örnek uygulama", "mobile-app", ROLES["mobile-app"].scopes)

    assert actor.may(Scope.INTAKE_MOBILE)
    assert not actor.may(Scope.INTAKE_SMS)
    assert actor.unit is None


def test_an_actor_can_not_extend_its_scopes() -> None:
    actor = Actor(CLIENT, "Örnek birim", "unit-officer", frozenset({Scope.TICKETS_READ}), unit="public-works")

    with pytest.raises(FrozenInstanceError):
        actor.scopes = frozenset(Scope)  # type: ignore[misc]


def test_an_unknown_scope_is_no_scope() -> None:
    with pytest.raises(ValueError, match="tickets:delete"):
        Scope("tickets:delete")

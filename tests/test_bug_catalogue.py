"""The bugs that other engines shipped, and our tests that would catch each of them; no id is missing.

B1–B91 (with B60b) are public reports about limits and escalations of ticket systems, C1–C12 what civic systems fail
at. A test that catches one carries its id in its docstring.
"""

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.tables import failing

ROOT = Path(__file__).parents[1]

IDS = [*(f"B{number}" for number in range(1, 92)), "B60b", *(f"C{number}" for number in range(1, 13))]


@dataclass(frozen=True, slots=True)
class Caught:
    """A bug, and the tests (`path::function`) that would catch it here."""

    was: str
    tests: tuple[str, ...]


def caught(was: str, *tests: str) -> Caught:
    """Return an entry of the table."""
    return Caught(was, tests)


# an entry is two lines, so that the table can be read down
# fmt: off
CATALOGUE = {
    # time zones
    "B1": caught("opening hours moved by an hour when the clocks changed",
        "tests/sla/test_calendar.py::test_window_stays_on_the_wall_clock_over_changes_of_time"),
    "B2": caught("a window was converted from UTC once more with every reading",
        "tests/bugs/test_time_zones.py::test_opening_hours_come_back_from_the_database_as_they_went_in",
        "tests/bugs/test_time_zones.py::test_an_instant_is_the_same_in_whatever_zone_it_was_written"),
    "B3": caught("gaps and overlaps on the days on which the clocks change",
        "tests/sla/test_calendar.py::test_day_is_as_long_as_its_clocks_make_it"),
    "B4": caught("past minutes were counted with the offset of today",
        "tests/sla/test_calendar.py::test_offset_of_the_date_itself_is_used"),
    "B5": caught("wrong minutes in the week in which the clocks change",
        "tests/sla/test_calendar.py::test_day_is_as_long_as_its_clocks_make_it"),
    "B6": caught("one working hour later was the same instant when summer time ended",
        "tests/sla/test_deadline_hours.py::test_hour_over_the_end_of_summer_time_is_an_hour"),
    "B7": caught("a shift up to midnight never ended where the clocks change at midnight",
        "tests/sla/test_calendar.py::test_day_is_as_long_as_its_clocks_make_it"),
    "B8": caught("times without a zone were read in the zone of the reader",
        "tests/sla/test_deadline_edges.py::test_instant_without_a_zone_is_refused",
        "tests/bugs/test_time_zones.py::test_a_time_without_a_zone_is_refused_at_intake",
        "tests/bugs/test_time_zones.py::test_a_reader_in_another_zone_gets_the_same_verdict"),
    "B9": caught("a ticket was shown as failed right after it was created",
        "tests/bugs/test_time_zones.py::test_a_new_ticket_is_neither_late_nor_notified"),
    "B10": caught("half an hour was counted as one hour or as none",
        "tests/sla/test_deadline_hours.py::test_half_an_hour_is_half_an_hour_whatever_the_offset"),
    "B11": caught("a fixed offset stood for a zone",
        "tests/sla/test_calendar.py::test_window_stays_on_the_wall_clock_over_changes_of_time",
        "tests/bugs/test_time_zones.py::test_an_instant_is_the_same_in_whatever_zone_it_was_written"),
    "B12": caught("steps of 86,400 seconds visited a date twice or not at all",
        "tests/sla/test_calendar.py::test_day_is_as_long_as_its_clocks_make_it",
        "tests/sla/test_deadline.py::test_date_that_a_zone_skipped_is_not_counted"),
    "B13": caught("whether something was told today was asked by the date in UTC",
        "tests/bugs/test_time_zones.py::test_a_warning_is_sent_once_over_every_midnight",
        "tests/bugs/test_time_zones.py::test_two_limits_of_one_utc_date_are_both_notified"),

    # calendars and holidays
    "B14": caught("observances of an imported calendar counted as holidays",
        "tests/sla/test_turkish_holidays.py::test_holidays_of_a_year"),
    "B15": caught("an edit of the calendar left open tickets as they were",
        "tests/bugs/test_calendars.py::test_a_calendar_edit_moves_open_tickets"),
    "B16": caught("a new holiday was ignored for open tickets, and a hold failed on days off",
        "tests/bugs/test_calendars.py::test_a_new_holiday_counts_for_a_paused_ticket"),
    "B17": caught("a changed target was not the one that was shown",
        "tests/bugs/test_calendars.py::test_a_changed_limit_is_shown_and_counted_as_it_was_changed"),
    "B18": caught("a limit that ended exactly at closing went on to the next day",
        "tests/sla/test_deadline_hours.py::test_limit_that_ends_exactly_at_closing_stays_on_that_day",
        "tests/sla/test_deadline_hours.py::test_twenty_four_hours_of_a_saturday_start_end_at_the_third_closing",
        "tests/escalation/test_sweep.py::test_ten_minutes_run_during_opening_hours"),
    "B19": caught("a level one hour before the limit was carried out at midnight",
        "tests/bugs/test_calendars.py::test_a_step_of_the_chain_fires_at_its_own_instant"),
    "B20": caught("tickets were escalated when they were created",
        "tests/sla/test_checkpoints.py::test_legal_risk_of_a_limit_that_is_too_short_for_it_is_left_out",
        "tests/bugs/test_time_zones.py::test_a_new_ticket_is_neither_late_nor_notified"),
    "B21": caught("a day had one stretch of opening hours, so no midday break",
        "tests/sla/test_calendar.py::test_opening_times_of_a_day_are_several",
        "tests/sla/test_deadline_hours.py::test_lunch_break_belongs_to_the_calendar_of_the_office"),
    "B22": caught("without an opening time the search never ended",
        "tests/sla/test_calendar.py::test_wrong_calendar_is_a_typed_error_when_it_is_built"),
    "B23": caught("a ticket without a team or a calendar broke the computation",
        "tests/bugs/test_calendars.py::test_a_ticket_without_a_directorate_keeps_every_limit",
        "tests/bugs/test_calendars.py::test_a_service_with_a_missing_calendar_is_not_loaded"),
    "B24": caught("the flag for opening hours was ignored",
        "tests/sla/test_deadline_hours.py::test_opening_hours_carry_over_to_the_next_opening",
        "tests/escalation/test_sweep.py::test_ten_minutes_run_during_opening_hours"),
    "B25": caught("a delay outside the opening hours was none",
        "tests/bugs/test_calendars.py::test_what_is_done_outside_the_hours_is_judged_by_the_due_instant"),
    "B26": caught("two days from Friday ended on Sunday",
        "tests/sla/test_deadline.py::test_short_limit_over_a_weekend_counts_working_days",
        "tests/bugs/test_calendars.py::test_level_two_waits_working_days_over_a_weekend"),
    "B27": caught("a limit could not be longer than 99:59 hours",
        "tests/sla/test_deadline_hours.py::test_more_than_a_hundred_hours_are_possible"),

    # pauses and reopening
    "B28": caught("a pause moved the deadline past closing time",
        "tests/sla/test_deadline.py::test_pause_never_puts_the_due_instant_inside_a_day"),
    "B29": caught("a pause over a weekend was credited in full",
        "tests/sla/test_deadline.py::test_pause_on_a_weekend_costs_a_working_day_limit_nothing"),
    "B30": caught("the pauses were lost when another limit came to apply",
        "tests/bugs/test_pauses.py::test_another_service_keeps_the_pauses"),
    "B31": caught("the time for which a ticket was closed counted against it",
        "tests/tickets/commands/test_clocks.py::test_a_reopened_ticket_has_new_limits_and_the_old_ones_stay"),
    "B32": caught("a date that a person had set was moved by a pause",
        "tests/tickets/commands/test_limits.py::test_a_date_set_by_hand_is_flagged_and_moved_by_no_pause"),
    "B33": caught("an answer during a pause ignored the pause",
        "tests/tickets/commands/test_clocks.py::test_answering_while_paused_counts_the_pause"),
    "B34": caught("a pause was taken off twice",
        "tests/sla/test_deadline.py::test_pauses_that_overlap_are_counted_once",
        "tests/bugs/test_pauses.py::test_two_who_resume_at_once_credit_the_pause_once"),
    "B35": caught("a state of one's own left the deadlines empty",
        "tests/bugs/test_pauses.py::test_every_state_knows_its_limits",
        "tests/bugs/test_pauses.py::test_a_promise_that_waits_for_papers_has_no_date_and_then_all_of_its_days"),
    "B36": caught("a pause in a pause, negative pauses, and closing that computed anew",
        "tests/tickets/commands/test_clocks.py::test_a_second_pause_is_refused_and_the_first_one_counts",
        "tests/sla/test_deadline_edges.py::test_pause_that_ends_before_it_starts_is_refused",
        "tests/faults/test_clock_jumps.py::test_a_pause_over_a_clock_that_is_set_back_is_none",
        "tests/tickets/commands/test_clocks.py::test_closing_later_moves_no_verdict"),
    "B37": caught("a stored sum of pauses grew with every run",
        "tests/tickets/commands/test_clocks.py::test_pauses_add_up",
        "tests/journeys/test_random_lives.py::test_invariants_over_random_lives"),
    "B38": caught("of several pauses only one was honoured",
        "tests/tickets/commands/test_clocks.py::test_pauses_add_up",
        "tests/sla/test_deadline.py::test_all_pauses_of_a_reopened_ticket_are_honoured"),
    "B39": caught("the delay went on growing after the answer",
        "tests/tickets/commands/test_clocks.py::test_closing_later_moves_no_verdict"),
    "B40": caught("snoozed time counted, reopening lost figures, dead jobs held their work",
        "tests/sla/test_deadline.py::test_paused_clock_has_no_due_date",
        "tests/bugs/test_pauses.py::test_reopening_keeps_what_the_first_cycle_took",
        "tests/bugs/test_pauses.py::test_the_notice_of_a_dead_delivery_is_sent_by_another"),
    "B41": caught("to silence an empty chain was an error",
        "tests/sla/test_checkpoints.py::test_empty_chain_plans_nothing",
        "tests/bugs/test_pauses.py::test_a_clock_without_a_chain_lives_through_every_command"),

    # which limit applies, and what it means
    "B42": caught("the limit of one clock undercut that of another",
        "tests/bugs/test_policies.py::test_one_clock_never_undercuts_the_other"),
    "B43": caught("it escalated although the office had answered last",
        "tests/bugs/test_policies.py::test_no_notice_follows_after_the_answer"),
    "B44": caught("some adapters of writing neither started nor stopped a clock",
        "tests/bugs/test_policies.py::test_every_channel_starts_the_promise_and_only_an_answer_stops_it"),
    "B45": caught("the deadline was brought up to date one step late",
        "tests/bugs/test_policies.py::test_the_first_resume_already_moves_date_and_timers"),
    "B46": caught("merged, imported and closed tickets escalated",
        "tests/tickets/commands/test_clocks.py::test_what_is_given_up_or_a_duplicate_is_out_of_the_figures",
        "tests/imports/test_service.py::test_an_import_arms_no_checkpoint_and_sends_no_notice"),
    "B47": caught("notices of a deleted limit went on",
        "tests/bugs/test_policies.py::test_a_service_that_left_the_table_ends_its_tickets_in_order",
        "tests/bugs/test_policies.py::"
        "test_a_promise_that_waited_for_documents_is_the_one_of_the_table_it_was_made_under"),
    "B48": caught("a blank condition caught everything, and no limit could not be had",
        "tests/bugs/test_policies.py::test_an_empty_condition_matches_nothing_by_accident",
        "tests/bugs/test_policies.py::test_a_blank_service_is_no_service"),
    "B49": caught("no target was taken for a target of nothing",
        "tests/bugs/test_policies.py::test_no_limit_is_not_a_limit_of_nothing"),
    "B50": caught("the steps of one limit were computed from another",
        "tests/bugs/test_policies.py::test_steps_are_measured_on_their_own_clock"),
    "B51": caught("the steps were computed from the opening of the ticket",
        "tests/bugs/test_policies.py::test_steps_are_measured_from_the_start_of_their_clock",
        "tests/tickets/commands/test_reclassification.py::"
        "test_another_service_counts_from_the_original_start_with_the_pauses_there_were"),
    "B52": caught("reopening, or another limit, mailed at once what was told before",
        "tests/tickets/commands/test_clocks.py::test_a_reopened_ticket_is_notified_of_by_its_second_breach_only",
        "tests/tickets/commands/test_reclassification.py::"
        "test_a_breach_under_the_wrong_service_is_taken_back_and_its_level_not_repeated"),
    "B53": caught("a copy of a ticket inherited what was left of its time",
        "tests/bugs/test_policies.py::test_a_second_report_of_the_same_matter_has_its_whole_limit"),
    "B54": caught("closing erased that a ticket had been late",
        "tests/tickets/commands/test_clocks.py::test_what_was_late_when_it_was_given_up_stays_late"),

    # duplicates and storms
    "B55": caught("a level was carried out again in every run",
        "tests/bugs/test_storms.py::test_a_level_is_not_repeated_with_every_sweep",
        "tests/journeys/test_random_lives.py::test_invariants_over_random_lives"),
    "B56": caught("one notice of a kind a day, whatever its deadline, and again at night",
        "tests/bugs/test_storms.py::test_a_second_breach_of_the_same_day_is_notified_too",
        "tests/tickets/commands/test_clocks.py::test_a_warning_that_went_out_is_not_repeated_after_a_pause"),
    "B57": caught("offices were written to at midnight and on weekends",
        "tests/notices/delivery/test_quiet_hours.py::test_offices_are_written_to_while_they_are_open",
        "tests/notices/delivery/test_triage.py::test_office_mail_waits_for_the_opening_and_citizens_receipts_do_not"),
    "B58": caught("a job that should run once ran on every worker",
        "tests/workers/test_timers.py::test_two_timer_tasks_fire_everything_once",
        "tests/escalation/test_sweep.py::test_two_workers_at_once_notify_of_everything_once"),
    "B59": caught("a job with a far date was delivered and run again and again",
        "tests/faults/test_killed_worker.py::test_a_worker_killed_while_it_fires_is_succeeded_without_a_trace"),
    "B60": caught("program and database trigger both wrote the escalation",
        "tests/bugs/test_storms.py::test_an_escalation_is_written_once"),
    "B60b": caught("a conversation had several pending limits of a kind",
        "tests/bugs/test_storms.py::test_a_ticket_has_one_clock_of_a_kind_in_a_cycle",
        "tests/bugs/test_storms.py::test_who_starts_a_clock_at_the_same_moment_starts_one"),
    "B61": caught("what nobody acknowledged was escalated again each minute",
        "tests/bugs/test_storms.py::test_an_unacknowledged_level_is_not_raised_again"),
    "B62": caught("the second of two queued escalations broke on the unique key",
        "tests/bugs/test_storms.py::test_what_is_queued_twice_is_done_once_and_breaks_nothing"),
    "B63": caught("a bounced notice became a new message, and so on",
        "tests/bugs/test_storms.py::test_a_notice_that_comes_back_makes_no_notice"),
    "B64": caught("after a restart everything was told once more",
        "tests/faults/test_killed_worker.py::test_a_worker_killed_while_it_fires_is_succeeded_without_a_trace"),
    "B65": caught("two handlers sent every mail twice",
        "tests/escalation/test_sweep.py::test_two_workers_at_once_notify_of_everything_once",
        "tests/notices/delivery/adapters/test_console.py::test_delivering_twice_leaves_one_file_with_the_same_bytes"),

    # lost, late, stale
    "B66": caught("a wait for opening time ended with the worker that waited",
        "tests/bugs/test_losses.py::test_a_wait_for_opening_time_survives_its_worker",
        "tests/notices/delivery/test_triage.py::test_office_mail_waits_for_the_opening_and_citizens_receipts_do_not"),
    "B67": caught("jobs were stuck for hours after a crash, and their ids refused",
        "tests/faults/test_killed_worker.py::test_a_worker_killed_while_it_fires_is_succeeded_without_a_trace",
        "tests/bugs/test_losses.py::test_the_same_row_can_be_enqueued_again"),
    "B68": caught("only the first level ever fired",
        "tests/journeys/test_escalation_journey.py::test_an_unanswered_call_passes_all_levels_once"),
    "B69": caught("a lock or a slow mail kept the clocks from being looked at",
        "tests/bugs/test_losses.py::test_a_hanging_mail_does_not_delay_the_clocks",
        "tests/escalation/test_sweep.py::test_a_locked_ticket_is_left_for_the_next_sweep"),
    "B70": caught("time alone was no reason to look",
        "tests/workers/test_timers.py::test_ten_minutes_fire_as_the_clock_passes_them",
        "tests/workers/test_timers.py::test_a_clock_that_is_armed_while_it_waits_is_not_missed"),
    "B71": caught("nothing said that a limit had passed until somebody did something",
        "tests/tickets/test_queries.py::test_overdue_needs_no_sweep_and_is_the_same_everywhere"),
    "B72": caught("breaches of closed tickets were mailed",
        "tests/bugs/test_policies.py::test_no_notice_follows_after_the_answer",
        "tests/notices/delivery/test_triage.py::test_a_resolved_tickets_waiting_escalation_is_skipped"),
    "B73": caught("a long job acted on a row that had changed meanwhile",
        "tests/escalation/test_sweep.py::test_a_stale_generation_fires_nothing",
        "tests/escalation/test_decide.py::test_a_checkpoint_whose_clock_has_moved_on_is_cancelled"),
    "B74": caught("a release broke every view of escalations unseen",
        "tests/bugs/test_losses.py::test_an_escalation_is_visible_from_end_to_end"),
    "B75": caught("a run stopped at its cap and said that all was done",
        "tests/escalation/test_sweep.py::test_a_sweep_goes_on_until_nothing_is_due"),
    "B76": caught("notices were hours late and no figure told",
        "tests/bugs/test_losses.py::test_late_notices_show_in_the_figures"),
    "B77": caught("rules of escalation were saved and read by nothing",
        "tests/bugs/test_losses.py::test_a_chain_of_ones_own_is_carried_out"),
    "B78": caught("the latch was committed, the notice failed and was never tried again",
        "tests/escalation/test_sweep.py::test_a_failed_sweep_has_written_no_notice",
        "tests/bugs/test_losses.py::test_a_breach_that_could_not_be_written_is_written_later"),
    "B79": caught("a flag in memory kept a failed breach from being written",
        "tests/bugs/test_losses.py::test_a_breach_that_could_not_be_written_is_written_later"),
    "B80": caught("notices were lost in a restart",
        "tests/faults/test_killed_worker.py::test_a_worker_killed_while_it_fires_is_succeeded_without_a_trace"),

    # speed and figures
    "B81": caught("a query without an index was switched off because it took too long",
        "tests/bugs/test_figures.py::test_no_list_reads_all_tickets_from_end_to_end"),
    "B82": caught("every pending row was written with each tick",
        "tests/bugs/test_figures.py::test_a_sweep_writes_nothing_but_what_was_due",
        "tests/bugs/test_figures.py::test_looking_for_what_is_due_reads_only_what_is_due"),
    "B83": caught("the query for what is overdue read every ticket",
        "tests/bugs/test_figures.py::test_looking_for_what_is_due_reads_only_what_is_due",
        "tests/bugs/test_figures.py::test_no_list_reads_all_tickets_from_end_to_end"),
    "B84": caught("an edit computed everything anew and had to wait for the night",
        "tests/bugs/test_figures.py::test_a_calendar_edit_touches_only_what_it_moves"),
    "B85": caught("the figures of first answer and closing stayed empty",
        "tests/bugs/test_figures.py::test_an_answer_leaves_its_instants_behind"),
    "B86": caught("what was achieved was shown as breached",
        "tests/bugs/test_figures.py::test_what_was_achieved_is_never_shown_as_breached"),
    "B87": caught("overview and form showed different times",
        "tests/bugs/test_figures.py::test_every_reader_is_given_the_same_date",
        "tests/sla/test_deadline_hours.py::test_more_than_a_hundred_hours_are_possible"),
    "B88": caught("a delay of half an hour was reported as a month",
        "tests/bugs/test_figures.py::test_a_delay_ends_with_the_answer_in_every_report"),
    "B89": caught("the figures of late and of closed tickets were swapped",
        "tests/bugs/test_figures.py::test_late_and_closed_stand_under_their_own_names"),
    "B90": caught("the notice named another limit than the one that was missed",
        "tests/bugs/test_figures.py::test_the_notice_names_the_limit_that_was_missed"),
    "B91": caught("the overlap of two stretches was counted twice",
        "tests/sla/test_deadline.py::test_pauses_that_overlap_are_counted_once"),

    # civic systems
    "C1": caught("a comment moved the deadline, or fired it",
        "tests/tickets/commands/test_lifecycle.py::test_a_comment_moves_neither_state_nor_clock"),
    "C2": caught("only the first hundred tickets were looked at",
        "tests/escalation/test_sweep.py::test_a_sweep_goes_on_until_nothing_is_due"),
    "C3": caught("a ticket that nobody had was never escalated",
        "tests/journeys/test_escalation_journey.py::test_an_unanswered_call_passes_all_levels_once",
        "tests/escalation/test_decide.py::test_a_ticket_without_a_directorate_escalates"),
    "C4": caught("two workers or a crash between decision and notice told twice or never",
        "tests/faults/test_killed_worker.py::test_a_worker_killed_while_it_fires_is_succeeded_without_a_trace",
        "tests/escalation/test_sweep.py::test_two_workers_at_once_notify_of_everything_once"),
    "C5": caught("a night in Istanbul was the day before, and half days were holidays",
        "tests/sla/test_deadline.py::test_night_intake_before_a_half_day_and_a_holiday",
        "tests/channels/test_channel_limits.py::test_working_days_from_a_night_pass_over_holidays_and_count_half_days"),
    "C6": caught("the second breach of a reopened ticket was not told",
        "tests/tickets/commands/test_clocks.py::test_a_reopened_ticket_is_notified_of_by_its_second_breach_only"),
    "C7": caught("after an outage all levels fired at once",
        "tests/escalation/test_sweep.py::test_an_outage_of_three_days_gives_one_notice_and_the_true_instant",
        "tests/journeys/test_outage.py::test_fifty_thousand_checkpoints_after_three_days"),
    "C8": caught("a message that was delivered three times became three tickets",
        "tests/channels/test_idempotency.py::test_a_message_delivered_three_times_is_one_ticket"),
    "C9": caught("an edit of today changed the figures of last month",
        "tests/reports/test_compliance.py::test_an_edited_catalogue_leaves_last_months_report_byte_for_byte"),
    "C10": caught("the exact due instant was on time here and late there",
        "tests/tickets/commands/test_clocks.py::test_an_answer_at_the_exact_due_instant_is_on_time",
        "tests/reports/test_compliance.py::test_at_the_exact_due_instant_it_is_on_time_in_list_ticket_and_report"),
    "C11": caught("closing and escalating at once left a notice about nothing",
        "tests/escalation/test_sweep.py::test_a_sweep_beside_answers_never_notifies_of_an_answered_ticket",
        "tests/escalation/test_sweep.py::test_a_locked_ticket_that_is_answered_meanwhile_sends_no_notice",
        "tests/tickets/commands/test_lifecycle.py::test_of_two_commands_on_any_version_the_second_meets_the_new_state"),
    "C12": caught("erasing a citizen broke the history, or left the phone in logs and jobs",
        "tests/bugs/test_civic.py::test_an_erased_citizen_leaves_a_whole_history_and_no_trace",
        "tests/channels/test_intake_privacy.py::test_the_database_contains_personal_data_only_sealed"),
}
# fmt: on


@cache
def docstrings(path: str) -> dict[str, str]:
    """The test functions of a file with their docstrings."""
    parsed = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(parsed) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {function.name: ast.get_docstring(function) or "" for function in functions}


def test_every_bug_has_a_test_that_would_catch_it() -> None:
    """The tests that the table names exist, and their docstrings name the bug."""

    def check(bug: str) -> None:
        entry = CATALOGUE[bug]
        assert len(entry.was.split()) >= 4
        assert entry.tests
        for named in entry.tests:
            path, _, name = named.partition("::")
            assert name.startswith("test_")
            assert name in docstrings(path), f"there is no {named}"
            assert re.search(rf"\b{bug}\b", docstrings(path)[name]), f"{named} does not name {bug}"

    assert failing(IDS, check) == []


def test_the_table_names_no_bug_that_is_not_there() -> None:
    """104 ids, each once."""
    assert list(CATALOGUE) == sorted(IDS, key=_place)
    assert len(CATALOGUE) == 104


def _place(bug: str) -> tuple[str, int, str]:
    number = bug[1:].rstrip("b")
    return bug[0], int(number), bug[1 + len(number) :]

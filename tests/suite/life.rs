//! The scripted life of a case, over HTTP against a real server, on both databases: every mutation of the schema with success, and every refusal that a user can meet.

mod as_of;
mod bulk;
mod catalogue;
mod comparing;
mod dated_back;
mod duplicates;
mod enrolments;
mod entries;
mod erasing;
mod front;
mod histories;
mod internal;
mod lists;
mod log;
mod measuring;
mod nodes;
mod one_request;
pub(crate) mod plain;
mod previews;
mod receipts;
mod registers;
pub(crate) mod scene;
mod schema;
pub(crate) mod script;
mod search;
mod sight;
mod statistics;
mod story;
mod taken_back;
mod typical;
mod views;
mod ways;
pub(crate) mod world;

use std::collections::BTreeSet;

use as_of::{
    pages_of_what_had_happened_go_on_or_are_refused, rights_are_those_of_today, senseless_moments_are_refused,
    the_past_is_answered_as_it_was, what_had_happened_is_told_by_the_log_of_now,
};
use bulk::many_commands_are_carried_out;
use dated_back::a_clock_that_is_dated_back_counts_from_the_record;
use enrolments::{
    a_reopening_after_its_campaign_is_warned_of, a_report_from_before_its_enrolment_is_warned_of,
    a_visit_of_a_day_before_the_enrolment_is_warned_of,
};
use entries::{an_entry_is_corrected, an_entry_is_corrected_on_any_list_or_none};
use erasing::{who_has_work_is_erased_with_a_word_about_it, work_elsewhere_is_told_of_without_its_numbers};
use front::{documents_are_judged, strangers_stay_outside, the_last_request_is_answered};
use histories::one_case_has_a_history;
use internal::what_is_internal_is_for_some;
use lists::{filters_give_what_they_say, pages_are_stable_while_cases_change, senseless_questions_are_refused};
use log::{
    each_reads_their_own_log, the_log_is_filtered, the_log_is_read_as_of_a_moment, the_log_is_read_back_by_pages,
};
use one_request::{
    a_command_that_is_selected_again_is_carried_out_once, fields_of_a_mutation_go_on_from_one_another,
    what_a_query_selects_again_is_looked_up_once,
};
use scene::Scene;
use search::{
    a_search_is_of_one_moment, only_what_one_may_see_is_found, senseless_searches_are_refused,
    solved_cases_are_found_by_likeness, the_lesson_of_a_reopened_case_is_not_found, words_are_found_ranked_and_marked,
};
use sight::{
    each_sees_their_own, the_auditor_changes_nothing, the_original_is_named_by_the_rights_of_today,
    the_unseen_is_not_named, the_unseen_looks_absent,
};
use statistics::{
    a_case_is_reported_once, a_duplicate_is_reopened_where_it_was_solved, a_report_is_written_beside_the_server,
    a_year_is_added_up, fees_are_told_by_the_list_that_has_their_item, figures_are_added_up,
    figures_are_of_what_one_sees,
};
use typical::a_summary_names_published_cases_of_its_jurisdiction;
use world::World;

/// Codes that no request of the script can meet, and why.
const OUT_OF_REACH: &[(&str, &str)] = &[
    ("ADDRESS_FORBIDDEN", "of webhooks, which are no commands on the log and have tests of their own"),
    ("ARGUMENTS_EXCLUSIVE", "of webhooks, too"),
    ("EVENT_TYPE_UNKNOWN", "of webhooks, too"),
    ("POSITION_NOT_REACHED", "of webhooks, too"),
    ("TOO_MANY_WEBHOOKS", "of webhooks, too"),
    ("URL_INVALID", "of webhooks, too"),
    ("ACTOR_INVALID", "a token with such an actor is not issued, and is refused by the front"),
    ("ALREADY_REGISTERED", "the server draws the id of what is registered"),
    ("CASE_FULL", "of megabytes of comments, which the domain's own tests make"),
    ("DEADLINE_ALREADY_MISSED", "only the server's clock records that a deadline was missed"),
    ("DEADLINE_NOT_PASSED", "only the server's clock records that a deadline was missed"),
    ("HISTORY_TOO_LONG", "of thousands of events, which tests of long cases have"),
    ("IDEMPOTENCY_KEY_INCOMPARABLE", "only who runs the servers has a database go on with other data keys"),
    ("RATIO_INVALID", "ratios are computed, and read from the log alone"),
    ("TOO_MANY_REQUIREMENTS", "of dozens of requirements of one case, which the domain's own tests state"),
    ("TOO_MANY_VISITS", "of hundreds of visits to one enterprise, which the domain's own tests make"),
];

macro_rules! on_both_databases {
    ($($test:ident)+) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $test() {
                super::$test(&super::World::embedded().await).await;
            })+
        }
        mod on_postgresql {
            $(#[tokio::test]
            async fn $test() {
                super::$test(&super::World::on_postgresql().await).await;
            })+
        }
    };
}
pub(crate) use on_both_databases;

on_both_databases! {
    every_mutation_and_every_refusal
    many_commands_are_carried_out
    each_sees_their_own
    what_is_internal_is_for_some
    the_unseen_looks_absent
    the_unseen_is_not_named
    the_original_is_named_by_the_rights_of_today
    the_auditor_changes_nothing
    pages_are_stable_while_cases_change
    filters_give_what_they_say
    the_log_is_read_back_by_pages
    the_log_is_filtered
    each_reads_their_own_log
    the_log_is_read_as_of_a_moment
    senseless_questions_are_refused
    the_past_is_answered_as_it_was
    rights_are_those_of_today
    what_had_happened_is_told_by_the_log_of_now
    a_clock_that_is_dated_back_counts_from_the_record
    a_report_from_before_its_enrolment_is_warned_of
    a_visit_of_a_day_before_the_enrolment_is_warned_of
    a_reopening_after_its_campaign_is_warned_of
    who_has_work_is_erased_with_a_word_about_it
    work_elsewhere_is_told_of_without_its_numbers
    pages_of_what_had_happened_go_on_or_are_refused
    senseless_moments_are_refused
    strangers_stay_outside
    documents_are_judged
    the_last_request_is_answered
    words_are_found_ranked_and_marked
    only_what_one_may_see_is_found
    a_search_is_of_one_moment
    the_lesson_of_a_reopened_case_is_not_found
    senseless_searches_are_refused
    solved_cases_are_found_by_likeness
    figures_are_added_up
    fees_are_told_by_the_list_that_has_their_item
    figures_are_of_what_one_sees
    a_year_is_added_up
    a_summary_names_published_cases_of_its_jurisdiction
    a_case_is_reported_once
    a_duplicate_is_reopened_where_it_was_solved
    a_report_is_written_beside_the_server
    one_case_has_a_history
    an_entry_is_corrected
    an_entry_is_corrected_on_any_list_or_none
    fields_of_a_mutation_go_on_from_one_another
    a_command_that_is_selected_again_is_carried_out_once
    what_a_query_selects_again_is_looked_up_once
}

async fn every_mutation_and_every_refusal(world: &World) {
    let scene = Scene::set(world).await;
    registers::play(world, &scene).await;
    catalogue::play(world, &scene).await;
    story::play(world, &scene).await;
    measuring::play(world, &scene).await;
    comparing::play(world, &scene).await;
    ways::play(world, &scene).await;
    taken_back::play(world, &scene).await;
    views::play(world, &scene).await;
    receipts::play(world, &scene).await;
    nodes::round_trip(world).await;
    previews::of_what_was_done(world, &scene).await;

    let previews: BTreeSet<_> = world.schema.previews().keys().cloned().collect();
    assert_eq!(previews, world.schema.all_mutations, "every mutation has its preview");
    let seen = world.seen.borrow();
    let without_a_row: Vec<_> = world.schema.mutations().difference(&seen.carried_out).cloned().collect();
    assert_eq!(without_a_row, Vec::<String>::new(), "mutations that the script does not carry out");
    let out_of_reach: BTreeSet<_> = OUT_OF_REACH.iter().map(|(code, _)| (*code).to_owned()).collect();
    let not_met: BTreeSet<_> = world.schema.codes.difference(&seen.refused).cloned().collect();
    // Both ways: a code without a row fails, and so does one that is said to be out of reach and is met.
    assert_eq!(not_met, out_of_reach, "codes that no row of the script meets");
}

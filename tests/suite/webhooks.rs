//! Webhooks on both databases: what arrives, in which order, signed how, by whose rights, and what becomes of what does not arrive. Time is a clock that the test moves to wherever the next try is due.

mod delivering;
mod failing;
mod owning;
mod receiver;
mod restored;
mod rounds;
mod secure;
mod serving;
mod setting_up;
mod sharing;
mod stage;
mod verifying;

use stage::Stage;

use crate::store::support::Database;

macro_rules! on_both_databases {
    ($($module:ident::$test:ident)+) => {
        mod on_sqlite {
            use super::Database;

            $(#[tokio::test]
            async fn $test() {
                super::$module::$test(&super::Stage::on(Database::sqlite()).await).await;
            })+
        }
        mod on_postgresql {
            use super::Database;

            $(#[tokio::test]
            async fn $test() {
                super::$module::$test(&super::Stage::on(Database::postgres()).await).await;
            })+
        }
    };
}

on_both_databases! {
    delivering::everything_arrives_in_order_whatever_fails
    delivering::a_secret_is_rotated_without_a_gap
    delivering::a_secret_that_is_rotated_again_keeps_its_overlap
    delivering::only_what_the_owner_may_see_is_sent
    delivering::another_name_of_the_log_is_sent
    delivering::every_attempt_is_signed_with_its_own_time
    failing::what_is_given_up_is_a_dead_letter_and_the_case_goes_on
    failing::of_several_that_fail_at_once_the_same_is_told_whichever_ends_last
    failing::what_is_gone_is_left_alone
    failing::a_late_answer_says_nothing_of_what_came_since
    failing::an_event_that_breaks_its_delivery_is_a_dead_letter
    failing::what_waits_is_not_sent_when_it_is_not_wanted_any_more
    failing::what_waits_of_one_case_arrives_however_much_it_is
    failing::what_waits_goes_out_with_no_event_of_another_stream
    failing::a_receiver_that_asks_for_time_gets_it
    failing::what_a_server_that_was_ahead_has_put_off_is_sent_at_once
    failing::addresses_inside_are_not_called
    failing::two_servers_do_not_write_over_each_other
    owning::a_webhook_is_paused_when_its_owner_is_let_in_no_more
    owning::a_revocation_ends_a_round_that_is_under_way
    owning::whoever_resumes_a_webhook_owns_it
    owning::whoever_changes_the_url_or_takes_a_new_secret_owns_a_webhook
    rounds::a_round_ends_in_time_and_another_goes_on
    rounds::what_is_rare_is_looked_for_in_a_part_of_the_log_at_a_time
    rounds::a_pause_holds_for_a_round_that_is_under_way
    rounds::what_went_to_an_old_address_goes_to_the_new_one
    setting_up::managers_set_up_and_others_look_or_do_not
    setting_up::a_change_that_is_sent_again_is_one_change
    setting_up::copies_of_an_order_at_once_are_one_change
    setting_up::a_webhook_begins_where_it_is_told
    setting_up::what_is_foreseen_of_a_webhook_comes_true
    setting_up::no_more_webhooks_are_created_than_there_is_room_for
    sharing::a_look_tells_whose_lease_is_free_and_what_there_is_to_do
    sharing::what_concerns_no_webhook_is_written_of_none_at_once
    sharing::what_was_passed_by_is_written_of_the_turn_that_it_followed
}

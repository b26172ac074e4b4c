//! What every store must do, whatever it is made of: one suite, run on each. The suites on DynamoDB need an emulator and
//! are run by `tests/emulators/run`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod deal;
#[cfg(feature = "emulators")]
mod faults;
mod laws;
mod races;

/// One test per law, in a module of the store's name.
macro_rules! contract {
    ($store:ident, $with:expr) => {
        contract!(@ $store, $with, laws:
            a_link_comes_back_as_it_was, an_intent_comes_back_as_it_was, a_link_is_found_by_either_id, an_id_belongs_to_one_link_for_good,
            an_id_that_a_link_moved_away_from_still_leads_to_it, the_second_of_two_saves_loses,
            a_link_that_is_not_there_cannot_be_saved_or_marked,
            a_mark_is_seen_by_the_winner_and_wakes_if_the_winner_dies, a_link_is_due_at_the_sooner_of_its_times,
            a_link_that_no_longer_waits_is_not_due, parked_links_are_due_in_their_order,
            links_are_listed_page_by_page, more_links_than_a_page_are_listed_once_each,
            history_is_told_in_the_order_of_the_saves, long_texts_come_back_whole, what_is_noted_stays_noted,
            a_worked_hint_is_remembered_for_its_time, a_counter_stops_at_its_most, an_id_that_is_no_id_of_ours_is_simply_not_found
        );
        contract!(@ $store, $with, races:
            no_increment_of_eight_writers_is_lost, an_id_has_one_owner_however_many_want_it,
            an_id_is_gained_by_one_link_however_many_want_it, no_mark_is_lost_while_the_link_is_saved,
            the_first_of_many_facts_stands
        );
    };
    (@ $store:ident, $with:expr, $laws:ident: $($law:ident),*) => {
        mod $laws {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() { $with(crate::$laws::$law).await })*
        }
    };
}

#[cfg(feature = "emulators")]
mod dynamodb;

mod sqlite {
    use std::future::Future;

    use store::SqliteStore;

    async fn with_sqlite<F: Future<Output = ()>>(law: impl FnOnce(SqliteStore) -> F) {
        let folder = tempfile::tempdir().unwrap();
        law(SqliteStore::new(store::sqlite::open(folder.path()).await.unwrap())).await;
    }

    contract!(sqlite, super::with_sqlite);
}

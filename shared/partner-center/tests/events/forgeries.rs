//! All classes against their verifiers: none is believed, nobody is called who should not be.

use std::sync::{Arc, Mutex};

use crate::arena::{Arena, Attack};
use crate::store::Store;
use crate::{algorithms, bodies, certificates, fetching, headers, hosts, paths, signatures};

type Class = for<'a> fn(&'a mut Arena) -> Attack<'a>;

macro_rules! classes {
    ($($module:ident: $($class:ident),+;)+) => {
        [$($({
            fn attack(arena: &mut Arena) -> Attack<'_> {
                Box::pin($module::$class(arena))
            }
            (concat!(stringify!($module), "::", stringify!($class)), attack as Class)
        }),+),+]
    };
}

/// Each is a way to forge, with all its variants.
const CLASSES: &[(&str, Class)] = &classes! {
    bodies:
        a_bit_is_flipped, bytes_are_exchanged, the_end_is_missing, the_start_is_missing, something_follows,
        something_precedes, a_space_comes_in_between, a_byte_is_left_out, it_tells_of_another_referral,
        it_tells_something_else, it_says_the_same_in_other_letters, a_member_comes_twice, it_is_packed, it_is_too_large,
        there_is_none;
    signatures:
        a_bit_is_flipped, a_byte_is_another, it_is_shorter, it_is_longer, it_is_turned_around,
        it_is_one_byte_again_and_again, it_is_a_small_number_or_close_to_the_modulus, it_is_noise, it_is_of_another_body,
        it_is_of_something_made_of_the_body, it_is_somebody_elses, its_digest_is_another, its_padding_is_another,
        its_digest_is_broken_or_missing, its_key_is_too_short, its_key_is_no_rsa_key;
    algorithms: it_is_another, its_case_is_another, a_letter_is_another, something_is_around_it, there_are_several;
    headers:
        some_are_missing, one_comes_twice, two_values_are_in_one, the_scheme_is_another,
        the_signature_is_in_a_header_of_another_name, the_header_we_register_for_is_forged_and_the_other_is_right,
        a_letter_of_the_signature_has_another_case, something_is_put_into_the_signature, its_padding_is_another,
        its_last_letter_says_more_than_it_should, its_alphabet_is_another, they_are_too_many_or_too_long,
        they_hold_bytes_that_are_no_text;
    hosts:
        the_scheme_is_another, the_host_has_something_after_it, the_host_has_something_before_it,
        the_storage_account_is_another, the_service_or_region_is_another, there_is_a_user_in_it,
        the_port_is_another, the_host_is_written_in_other_letters, this_machine_is_written_in_another_way,
        somebody_listens_there;
    paths:
        a_letter_has_another_case, a_letter_is_percent_encoded, something_is_put_into_it,
        a_letter_of_the_folder_is_another, slashes_lean_the_other_way, the_path_leads_away,
        there_is_a_query_or_a_fragment, there_are_several, it_is_none;
    fetching:
        it_redirects, it_is_not_there, the_store_is_away, the_store_never_answers, it_is_too_large, it_is_packed,
        its_end_is_missing, something_is_around_it, a_bit_of_it_is_flipped, it_is_no_certificate;
    certificates:
        it_has_another_name, its_name_is_of_another_kind, its_name_is_where_no_name_belongs, it_is_of_another_organization,
        its_organization_is_where_none_belongs, it_is_of_two_organizations, its_organization_is_in_an_odd_encoding,
        it_is_for_another_use, its_time_has_passed, its_time_has_not_come, its_times_are_the_wrong_way_round,
        its_issuer_is_a_stranger, its_issuer_is_no_authority, its_chain_is_too_long, its_issuers_time_has_passed,
        its_issuer_may_not_vouch_for_the_name, its_issuer_may_not_vouch_for_the_use,
        its_issuer_is_vouched_for_by_a_stranger, its_issuer_bears_the_right_name_and_another_key, it_vouches_for_itself,
        it_is_an_authority_itself, its_key_is_not_the_one_that_signed, it_holds_something_critical_that_nobody_knows,
        it_is_the_root_or_an_intermediate;
};

/// G5: at least so many classes and variants.
const CLASSES_MIN: usize = 60;
const VARIANTS_MIN: usize = 20_000;

#[test]
fn no_forgery_is_believed_and_nobody_else_is_called() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let store = Arc::new(runtime.block_on(Store::open()));
    let (waiting, counts) = (Mutex::new(CLASSES.iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut arena = Arena::new(&store);
                while let Some((class, attack)) = { waiting.lock().unwrap().next() } {
                    println!("{class}");
                    let refused = runtime.block_on(attacked(&mut arena, *attack));
                    assert!(refused > 0, "{class} forged nothing");
                    println!("{refused:>6}  {class}");
                    counts.lock().unwrap().push(refused);
                }
            });
        }
    });
    let counts = counts.into_inner().unwrap();
    let (classes, variants) = (counts.len(), counts.iter().sum::<usize>());
    println!("{variants:>6}  in {classes} classes");
    assert!(classes >= CLASSES_MIN && variants >= VARIANTS_MIN, "{variants} variants in {classes} classes");
    store.assert_nobody_else_was_called();
}

/// How many forgeries were refused, by a verifier that believes what is true before and after.
async fn attacked(arena: &mut Arena, attack: Class) -> usize {
    let before = arena.refused;
    arena.believe().await;
    attack(arena).await;
    arena.pass(61);
    arena.believe().await;
    arena.refused - before
}

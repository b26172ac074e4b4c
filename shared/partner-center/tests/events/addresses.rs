//! Addresses that no certificate may come from, in place of the true ones: see `hosts` and `paths`. The signature is right
//! all the while, and nobody is called.

use crate::arena::{Arena, Attack, MICROSOFT, can_be_sent};
use crate::tree::NAME;

/// Where a true certificate is: on this machine and at Microsoft's.
pub(crate) fn folders(arena: &Arena) -> [String; 2] {
    [arena.store.folder(), MICROSOFT.to_owned()]
}

pub(crate) fn refuse_all(arena: &mut Arena, addresses: impl IntoIterator<Item = String>) -> Attack<'_> {
    let addresses: Vec<String> = addresses.into_iter().collect();
    Box::pin(async move {
        for address in addresses {
            if can_be_sent(&address) {
                let forgery = arena.delivery().certificate_at(&address);
                arena.refuse(forgery).await;
            }
        }
    })
}

/// The true addresses with one part of them another.
pub(crate) async fn refuse_changed(arena: &mut Arena, from: &[&str], to: &[&str]) {
    for folder in folders(arena) {
        let address = format!("{folder}{NAME}.cer");
        for (from, to) in from.iter().flat_map(|from| to.iter().map(move |to| (from, to))) {
            if address.contains(from) {
                refuse_all(arena, [address.replacen(from, to, 1)]).await;
            }
        }
    }
}

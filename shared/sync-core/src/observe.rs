//! What a link remembers of a round: what was seen, and what was decided. Writes nothing remote.

use crate::{
    BySide, Decision, Link, Pair, Policy, Reading, Settled, Side, Sight, Snapshot, State, Step, Timestamp, reading,
};

impl Link {
    /// Takes over what a round saw and decided: bases, phases, settled versions, pause and problem. Writes nothing remote.
    pub fn observe(&mut self, decision: &Decision, sights: &BySide<Sight>, policy: &Policy, now: Timestamp) {
        for (side, field, reading, digest) in &decision.bases {
            self.base[*side].save(field, reading, digest);
        }
        for side in Side::ALL {
            if let Sight::Present(snapshot) = &sights[side] {
                self.phase[side] = snapshot.phase;
                self.absent_since[side] = None;
                self.settled[side] = self.settled_at(side, snapshot, policy);
            }
        }
        if let Some(kept) = &decision.kept {
            self.kept.clone_from(kept);
        }
        match &decision.step {
            Step::Pause => self.state = State::Paused,
            Step::Block(blocker) => {
                self.block(blocker.clone(), now);
            }
            Step::Rest | Step::Create { .. } | Step::Update { .. } => {
                if self.state == State::Paused && matches!(sights.crm, Sight::Present(_)) {
                    self.state = State::Active;
                }
                match &decision.problem {
                    Some(found) => {
                        self.block(found.clone(), now);
                    }
                    // A refusal is only over when a write has gone through, or when there is nothing left to write.
                    None if decision.step == Step::Rest && matches!(self.pair, Pair::Both(..)) => self.problem = None,
                    None => {}
                }
            }
            Step::Missing(side) => {
                self.absent_since[*side].get_or_insert(now);
            }
            Step::Wait(_) => {}
        }
    }

    /// The version of `snapshot`, if the side equals its base in every rule's field.
    fn settled_at(&self, side: Side, snapshot: &Snapshot, policy: &Policy) -> Option<Settled> {
        let equal = policy.fields().all(|field| {
            let base = self.base[side].get(&field.id, &field.digest);
            match reading(&snapshot.fields, &field.id) {
                Reading::Unknown => base.is_none(),
                known => base == Some(known),
            }
        });
        let etag = snapshot.etag.clone().filter(|_| equal)?;
        Some(Settled { etag, policy: policy.digest.clone() })
    }
}

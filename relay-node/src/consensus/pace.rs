//! P-3: when a leader proposes, how it dates its block, and how long a verifier keeps one that is early.
//!
//! - A block's time is at least its parent's + `slot_ms`, and a verifier keeps it until it is no more than
//!   `max_ahead_ms` ahead of the verifier's clock.
//! - A leader proposes when its block's time has come, and **at most a slot after it began**. Who begins has the
//!   parent's certification, so its time, less `max_ahead_ms`, has come for a quorum; a slot later the same is true of
//!   its child. So a parent that was dated ahead doesn't keep its child's leader from proposing in time, by whatever
//!   clock it was dated; and the child is dated no further ahead than its parent still was, so that the chain's times
//!   fall back to the clocks by themselves.
//! - Members begin a view within `max_ahead_ms` of each other while any two of their clocks are no further apart. The
//!   time-outs (`super::settings`) cover that: nobody's date costs the next leader its turn.
//!
//! The clock is the computer's. Tests on a devnet may shift it, or have a node date its blocks ahead ([`Trial`]).

use credo_primitives::Parameters;

/// What a test lets a node do wrong about time. Honoured on a devnet alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trial {
    /// Added to the computer's clock.
    pub clock_offset_ms: i64,
    /// How far ahead of its clock the node dates its blocks.
    pub date_ahead_ms: u64,
}

impl Trial {
    /// True for a node that does nothing wrong.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// What the node takes for the time.
    pub(super) const fn clock(&self, ms: u64) -> u64 {
        ms.saturating_add_signed(self.clock_offset_ms)
    }
}

/// The rule of times, of one chain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    slot_ms: u64,
    max_ahead_ms: u64,
}

impl Pace {
    pub(super) const fn new(parameters: &Parameters) -> Self {
        Self {
            slot_ms: parameters.slot_ms,
            max_ahead_ms: parameters.max_ahead_ms,
        }
    }

    /// The least time of a block after one of `parent_ms`.
    pub(super) const fn due(&self, parent_ms: u64) -> u64 {
        parent_ms.saturating_add(self.slot_ms)
    }

    /// How long a leader that begins at `now_ms` waits before it builds.
    pub(super) fn wait(&self, now_ms: u64, parent_ms: u64) -> u64 {
        self.due(parent_ms).saturating_sub(now_ms).min(self.slot_ms)
    }

    /// The time of a block that is built at `now_ms`.
    pub(super) fn date(&self, now_ms: u64, parent_ms: u64) -> u64 {
        now_ms.max(self.due(parent_ms))
    }

    /// How long a verifier keeps a block of `time_ms` before it judges it.
    pub(super) const fn keep(&self, now_ms: u64, time_ms: u64) -> u64 {
        time_ms.saturating_sub(now_ms.saturating_add(self.max_ahead_ms))
    }
}

#[cfg(test)]
mod tests {
    use credo_primitives::Preset;
    use proptest::prelude::*;

    use super::super::settings::{Timeouts, patience};
    use super::*;

    const START: u64 = 1_700_000_000_000;

    fn parameters(slot_ms: u64) -> Parameters {
        let mut parameters = Parameters::preset(Preset::Main);
        parameters.set_slot_ms(slot_ms);
        parameters
    }

    fn ms(duration: std::time::Duration) -> u64 {
        u64::try_from(duration.as_millis()).unwrap()
    }

    /// Members whose clocks go wrong by these offsets. Messages take no time here: that is what patience is for.
    struct Members {
        pace: Pace,
        offsets: Vec<u64>,
    }

    impl Members {
        /// When each member has certified a block that was sent at `sent`, in true time.
        fn certified(&self, sent: u64, time_ms: u64) -> Vec<u64> {
            let keep = |offset: &u64| self.pace.keep(sent + offset, time_ms);
            self.offsets.iter().map(|offset| sent + keep(offset)).collect()
        }

        /// When a leader that began at `began` sends its block, and how it dates it.
        fn proposes(&self, leader: usize, began: u64, parent_ms: u64) -> (u64, u64) {
            let offset = self.offsets[leader];
            let sent = began + self.pace.wait(began + offset, parent_ms);
            (sent, self.pace.date(sent + offset, parent_ms))
        }
    }

    proptest! {
        /// A leader dates its block as it likes; whoever comes after it has its turn, and so have all that follow.
        #[test]
        fn nobodys_date_costs_another_its_turn(
            slot_ms in prop_oneof![Just(10u64), Just(50), Just(500), 10..10_000u64],
            shares in prop::collection::vec(0..=1_000u64, 4..20),
            dated in 0..20_000u64,
            first in any::<prop::sample::Index>(),
        ) {
            let parameters = parameters(slot_ms);
            let timeouts = Timeouts::new(&parameters, 0);
            let spare = ms(patience(&parameters, 0));
            let ahead = parameters.max_ahead_ms;
            // Any two clocks at most `max_ahead` apart.
            let offsets: Vec<u64> = shares.iter().map(|share| share * ahead / 1_000).collect();
            let members = Members { pace: Pace::new(&parameters), offsets };
            let mut leader = first.index(shares.len());
            let mut parent_ms = START + dated;
            let mut began = members.certified(START, parent_ms);
            for _ in 0..2 * shares.len() {
                leader = (leader + 1) % shares.len();
                let (sent, time_ms) = members.proposes(leader, began[leader], parent_ms);
                let certified = members.certified(sent, time_ms);
                prop_assert!(time_ms >= parent_ms + slot_ms);
                for (began, certified) in began.iter().zip(&certified) {
                    prop_assert!(sent.saturating_sub(*began) + spare <= ms(timeouts.leader));
                    prop_assert!(certified.saturating_sub(*began) + spare <= ms(timeouts.certification));
                }
                began = certified;
                parent_ms = time_ms;
            }
        }
    }

    #[test]
    fn a_chain_that_was_dated_ahead_falls_back_to_the_clocks() {
        let pace = Pace::new(&parameters(500));
        // Dated as far ahead as is taken at once; each block takes 20 ms to be certified.
        let (mut now, mut parent) = (START, START + 250);
        let mut blocks = 0;
        while parent > now {
            now += 20;
            now += pace.wait(now, parent);
            parent = pace.date(now, parent);
            blocks += 1;
            assert!(blocks < 20, "{} ms ahead", parent - now);
        }
        // From then on blocks are a slot apart, however long they take to be certified.
        for took in [0, 20, 499] {
            let wait = pace.wait(now + took, parent);
            assert_eq!(now + took + wait, parent + 500);
            (now, parent) = (parent + 500, pace.date(now + took + wait, parent));
        }
        assert_eq!(
            pace.date(parent + 3_000, parent),
            parent + 3_000,
            "a late block has the time of its building"
        );
    }

    #[test]
    fn a_block_is_kept_until_it_is_no_more_ahead_than_may_be() {
        let pace = Pace::new(&parameters(500));
        assert_eq!(pace.keep(START, START - 5_000), 0);
        assert_eq!(pace.keep(START, START + 250), 0);
        assert_eq!(pace.keep(START, START + 990), 740);
        let fast = Trial {
            clock_offset_ms: 700,
            date_ahead_ms: 0,
        };
        let slow = Trial {
            clock_offset_ms: -700,
            date_ahead_ms: 0,
        };
        assert_eq!((fast.clock(START), slow.clock(START)), (START + 700, START - 700));
        assert!(Trial::default().is_none() && !fast.is_none());
    }
}

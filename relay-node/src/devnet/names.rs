//! Names of a devnet's nodes.

const NAMES: [&str; 24] = [
    "aurora", "basalt", "cinder", "delta", "ember", "fjord", "garnet", "harbor", "indigo", "jasper",
    "kelvin", "lumen", "meadow", "nectar", "onyx_", "pebble", "quartz", "ridge", "saffron", "tundra",
    "umber", "velvet", "willow", "zephyr",
];

/// The name of node number `node`; also that of its account.
pub fn node_name(node: u16) -> String {
    NAMES
        .get(usize::from(node))
        .map_or_else(|| format!("node_{node}"), |name| (*name).to_owned())
}

/// The account of a candidate without a node.
pub(super) fn candidate_name(number: u32) -> String {
    format!("servi{number:05}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use credo_primitives::AccountName;
    use std::collections::BTreeSet;

    #[test]
    fn every_name_can_be_an_account() {
        let mut seen = BTreeSet::new();
        for node in 0..40 {
            assert!(seen.insert(AccountName::new(node_name(node)).expect("a name")));
        }
        for number in [0, 19_999] {
            assert!(seen.insert(AccountName::new(candidate_name(number)).expect("a name")));
        }
    }
}

//! What a person sees when the network stands.

use std::io::Write as _;

use super::Plan;
use crate::node::Ready;

/// Prints where to go and what runs.
pub(super) fn print(plan: &Plan, nodes: &[Ready]) {
    let mut out = String::new();
    let Some(first) = nodes.first() else { return };
    let parameters = &plan.genesis.parameters;
    out.push_str(&format!(
        "\nCredo devnet: {}, its keys are well known and its tokens are worth nothing\n\n",
        if plan.continued {
            "the chain goes on"
        } else {
            "a new chain"
        }
    ));
    for node in nodes {
        if let Some(http) = node.http {
            out.push_str(&format!("  open     http://{http}/   ({})\n", node.name));
        }
    }
    out.push_str(&format!("  spec     {}\n", first.spec.hash()));
    out.push_str(&format!(
        "  chain    slots of {} ms, epochs of {} blocks, {} seats, height {}\n",
        parameters.slot_ms,
        parameters.epoch_length,
        parameters.committee_size,
        nodes.iter().map(|n| n.height).max().unwrap_or(0),
    ));
    let names: Vec<&str> = nodes.iter().map(|n| n.name.as_str()).collect();
    out.push_str(&format!("  nodes    {}\n", names.join(", ")));
    if nodes.len() < 4 {
        out.push_str("           fewer than four validators survive no fault\n");
    }
    let more = plan
        .genesis
        .candidates
        .iter()
        .filter(|c| c.net_id.as_str().is_empty())
        .count();
    if more > 0 {
        out.push_str(&format!("           and {more} candidates without a node\n"));
    }
    for node in nodes {
        for address in node.relay.iter().flat_map(|r| &r.addresses) {
            out.push_str(&format!("  relay    {address}\n"));
        }
    }
    for remark in &plan.remarks {
        out.push_str(&format!("  note     {remark}\n"));
    }
    out.push_str("  stop     Ctrl-C\n");
    // A closed terminal is no reason to stop the network.
    let _ = writeln!(std::io::stdout(), "{out}");
}

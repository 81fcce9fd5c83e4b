//! P-5: one key in two places. Its data directory was copied, and both copies run; each is connected to other members,
//! so that nobody gets two votes of that key by themselves. What convicts it is a vote and a certificate that holds
//! another.

use std::time::Duration;

use relay_node::devnet::node_name;
use serde_json::json;

use crate::network::{Network, until, within};

/// How long one division of the members is tried. The second twin may be let in by members that were meant for the first
/// one, and then there is nothing to see.
const TRY: Duration = Duration::from_secs(30);

#[test]
fn twins_are_convicted_by_a_vote_and_a_certificate() {
    let folder = tempfile::tempdir().expect("a folder");
    let [a, b, c, twin] = [0, 1, 2, 3].map(node_name);
    let mut network = Network::prepare(&folder.path().join("devnet"), 4, 4, &["--fast"], |genesis| {
        // Nobody can dial the twins, they dial: whom they reach is theirs to say.
        let twin = genesis["candidates"][3].as_object_mut().expect("a candidate");
        assert_eq!(twin["account"], json!(node_name(3)));
        twin.insert("net_id".into(), json!("127.0.0.1:9"));
    });
    let other = format!("{twin}-copy");
    let (from, to) = (network.folder(&twin), network.folder(&other));
    std::fs::create_dir(&to).expect("a folder");
    std::fs::copy(from.join("consensus.key"), to.join("consensus.key")).expect("copied");
    let settings = std::fs::read_to_string(from.join("node.toml")).expect("a configuration");
    let listens = |offset: u16| format!("127.0.0.1:{}", network.port() + offset);
    let own = settings.replace(&listens(53), &listens(90));
    assert_ne!(own, settings, "a port of its own");
    std::fs::write(to.join("node.toml"), own).expect("written");

    for name in [&a, &b, &twin] {
        network.run(name, &[]);
    }
    // With three of four members every one of them is needed.
    network.wait_above(30);
    network.run(&other, &[]);
    let mut convicted = None;
    for _ in 0..6 {
        // While the first twin is silent, the second is the only one whom the third member can meet.
        network.signal(&twin, "-STOP");
        let before = network.log(&other).matches("epoch begins").count();
        network.run(&c, &[]);
        let follows = within(TRY, || {
            (network.log(&other).matches("epoch begins").count() > before + 2).then_some(())
        });
        network.signal(&twin, "-CONT");
        if follows.is_some() {
            convicted = within(TRY, || {
                let status = network.status(&twin);
                (status["status"] == "lost its candidacy").then_some(status)
            });
        }
        if convicted.is_some() {
            break;
        }
        network.stop(&c);
    }
    let status = convicted.expect("the twins are convicted");
    assert_eq!(
        status["loss"]["reason"], "It was proved to have signed two ways at once.",
        "{status}"
    );
    assert_eq!(status["deposit"], "0", "{status}");
    // And the network goes on.
    let height = network.height();
    network.wait_above(height + 40);
    until("the others' seats", || {
        let status = network.status(&twin);
        (status["seated"] == false).then_some(())
    });
}

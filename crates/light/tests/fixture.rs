//! The committed chain is what the builder and the real store make of the default configuration: a change of any
//! format is seen here. `CREDO_WRITE_FIXTURES=1` writes it anew.
#![cfg(not(target_arch = "wasm32"))]

use commonware_runtime::{Runner as _, deterministic};
use credo_light::testing::{TestChain, TestConfig, TestState};
use credo_state::{Store, StoreConfig};
use credo_wire::KeyProof;

fn states(config: TestConfig) -> Vec<TestState> {
    deterministic::Runner::default().start(|context| async move {
        let mut store = Store::open(context, StoreConfig::new("state"))
            .await
            .expect("opens");
        let mut states = Vec::new();
        for height in 0..=TestChain::length(&config) {
            let writes = TestChain::writes(&config, height);
            let metadata = Some(height.to_be_bytes().to_vec());
            let staged = store.stage(None, &writes, metadata).await.expect("stages");
            store.commit(&staged).await.expect("commits");
            let mut entries = Vec::new();
            for key in TestChain::state_keys() {
                let (value, proof) = store.prove(&key).await.expect("proves");
                entries.push(KeyProof { value, proof });
            }
            states.push((staged.commitment(), entries));
        }
        states
    })
}

#[test]
fn the_fixture_is_what_the_store_makes() {
    let config = TestConfig::default();
    let built = TestChain::build_with(config, states(config)).to_bytes();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/chain.bin");
    if std::env::var_os("CREDO_WRITE_FIXTURES").is_some() {
        std::fs::write(path, &built).expect("written");
    }
    assert!(
        std::fs::read(path).expect("read") == built,
        "a format changed; see this file's head"
    );
}

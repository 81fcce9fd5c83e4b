//! Work is bounded by gas: what permissions and signers ask for is charged, refused cheaply, or runs out. Everything here is
//! decided by what was counted, never by a clock.

use commonware_codec::Encode as _;
use credo_primitives::entry::{Account, Group, Item, MAX_ACCOUNT_BYTES, MAX_ITEMS, Permission, Principal};
use credo_primitives::{CheckedTransaction, PublicKey, Receipt, SecretKey, StateKey, Text, Transaction};
use credo_runtime::{BlockBuilder, Op, PushError, Refusal, Work, admit};

use crate::chain::{Chain, USERS, genesis_file, key_of, name, reason};

const SYSTEM: &str = "system.iost";
/// Names that others are given to.
const CROWD: usize = 64;

fn text(text: &str) -> Text<32> {
    Text::new(text).unwrap()
}

fn item(principal: Principal) -> Item {
    Item { principal, weight: 1 }
}

fn named(permission: &str, items: Vec<Item>, groups: Vec<Text<32>>) -> Permission {
    Permission {
        name: text(permission),
        groups,
        items,
        threshold: 1_000_000,
    }
}

/// Puts an account into the state as it is.
fn place(chain: &mut Chain, account: &Account) -> usize {
    let bytes = account.encode().to_vec();
    assert!(bytes.len() <= MAX_ACCOUNT_BYTES, "{}", bytes.len());
    let size = bytes.len();
    chain.state.insert(StateKey::account(&account.name), bytes);
    size
}

/// Four hundred keys, as many as an account has room for.
fn keys() -> Vec<PublicKey> {
    (0..400)
        .map(|i| key_of(&format!("key {i}")).public_key())
        .collect()
}

/// An account of so many keys, in groups that every one of its permissions has, none of which is ever satisfied.
fn fat(account: &str, keys: &[PublicKey], permissions: &[String]) -> Account {
    let groups: Vec<Group> = keys
        .chunks(MAX_ITEMS)
        .enumerate()
        .map(|(number, keys)| Group {
            name: text(&format!("g{number}")),
            items: keys.iter().cloned().map(Principal::Key).map(item).collect(),
        })
        .collect();
    let names: Vec<_> = groups.iter().map(|group| group.name.clone()).collect();
    let mut permissions: Vec<Permission> = permissions
        .iter()
        .map(String::as_str)
        .chain(["active", "owner"])
        .map(|permission| named(permission, Vec::new(), names.clone()))
        .collect();
    permissions.sort_by(|a, b| a.name.cmp(&b.name));
    Account {
        name: name(account),
        referrer: None,
        created_ms: 0,
        permissions,
        groups,
        paid: false,
    }
}

/// `crowd` fat accounts and one, `hydra`, whose permissions ask all of them. Gives the bytes of all.
fn crowd(chain: &mut Chain, crowd: usize) -> usize {
    let keys = keys();
    let names: Vec<String> = (0..crowd).map(|i| format!("other{i:03}")).collect();
    let mut bytes = 0;
    for other in &names {
        bytes += place(chain, &fat(other, &keys, &[]));
    }
    let asked = |other: &String| {
        item(Principal::Account {
            account: name(other),
            permission: text("active"),
        })
    };
    let hydra = Account {
        name: name("hydra"),
        referrer: None,
        created_ms: 0,
        permissions: ["active", "owner"]
            .map(|permission| named(permission, names.iter().map(asked).collect(), Vec::new()))
            .to_vec(),
        groups: Vec::new(),
        paid: false,
    };
    bytes + place(chain, &hydra)
}

/// Tries a transaction alone in a block, and tells what was done for it.
fn tried(chain: &Chain, tx: &CheckedTransaction) -> (Result<Receipt, Refusal>, Work) {
    let mut builder = BlockBuilder::new(chain.context(0), &chain.state, chain.candidates.clone()).unwrap();
    let result = match builder.push(tx) {
        Ok(receipt) => Ok(receipt.clone()),
        Err(PushError::Refused(refusal)) => Err(refusal),
        Err(PushError::Fatal(error)) => panic!("{error}"),
    };
    (result, builder.work().clone())
}

fn admitted(chain: &Chain, tx: &CheckedTransaction) -> Result<(), Refusal> {
    let at = chain.time_ms + chain.spec.parameters.slot_ms;
    match admit(&chain.spec, &chain.state, &chain.candidates, tx, at) {
        Ok(_) => Ok(()),
        Err(PushError::Refused(refusal)) => Err(refusal),
        Err(PushError::Fatal(error)) => panic!("{error}"),
    }
}

/// A transaction's work never passes the chain's bound by more than the one step that was too much.
fn bounded(chain: &Chain, work: &Work) {
    let most = chain.spec.parameters.tx_gas_limit + Op::AccountByte.price().of(MAX_ACCOUNT_BYTES as u64);
    assert!(work.gas() <= most, "{} > {most}: {work:?}", work.gas());
}

/// A transaction that was counted, and what became of it, must leave the pool: in a block, or refused for good.
fn gone(result: &Result<Receipt, Refusal>) {
    if let Err(refusal) = result {
        assert!(!refusal.is_temporary(), "{refusal}");
    }
}

fn asking(chain: &mut Chain, questions: &[(&str, String)]) -> Transaction {
    let data: Vec<String> = questions
        .iter()
        .map(|(account, permission)| format!(r#"["{account}","{permission}"]"#))
        .collect();
    let actions: Vec<_> = data
        .iter()
        .map(|data| (SYSTEM, "requireAuth", data.as_str()))
        .collect();
    let mut draft = chain.draft(&actions);
    draft.gas_limit = 400_000_000;
    draft
}

#[test]
fn a_question_costs_what_the_accounts_weigh_that_it_reads() {
    let mut chain = Chain::new();
    let bytes = crowd(&mut chain, 8);
    let tx = chain.tx("alice", SYSTEM, "requireAuth", r#"["hydra","active"]"#);
    let (result, work) = tried(&chain, &tx);
    let receipt = result.unwrap();
    assert_eq!(receipt.returns[0].as_str(), "[false]");
    // Alice's own account is read to let her publish it.
    assert!(work.units(Op::AccountByte) >= bytes as u64);
    // Both permissions of hydra ask both of each; all of their keys are looked at.
    assert!(work.units(Op::Evaluation) > 2 * 8 && work.units(Op::Item) > 8 * 400);
    assert_eq!(receipt.gas_usage as u64, 100 * work.gas());
    assert!(receipt.gas_usage as usize >= 100 * bytes, "{}", receipt.gas_usage);
    bounded(&chain, &work);
}

#[test]
fn sixty_four_others_of_four_hundred_keys_run_out_of_gas() {
    let mut chain = Chain::new();
    crowd(&mut chain, CROWD);
    for questions in [1, 10] {
        let tx = asking(&mut chain, &vec![("hydra", "active".to_owned()); questions]);
        let tx = chain.sign(tx, "alice");
        let (result, work) = tried(&chain, &tx);
        let receipt = result.unwrap();
        assert_eq!(reason(&receipt), "out of gas");
        assert_eq!(receipt.gas_usage as u64, 100 * chain.spec.parameters.tx_gas_limit);
        bounded(&chain, &work);
    }
}

#[test]
fn nine_hundred_permissions_in_64_kib_are_charged_within_the_bound() {
    let mut chain = Chain::new();
    crowd(&mut chain, CROWD);
    let questions: Vec<_> = (0..900).map(|i| ("hydra", format!("p{i:016}"))).collect();
    let tx = asking(&mut chain, &questions);
    let tx = chain.sign(tx, "alice");
    assert!(tx.bytes().len() > 50_000);
    let (result, work) = tried(&chain, &tx);
    gone(&result);
    assert!(!result.unwrap().is_success());
    bounded(&chain, &work);
    // The block that has it goes on, and charges it.
    let (outcome, refused) = chain.try_block(&[tx]);
    assert_eq!((outcome.receipts.len(), refused.len()), (1, 0));
    assert!(outcome.receipts[0].gas_usage > 0);
}

#[test]
fn nine_hundred_signers_are_refused_for_good_before_they_are_looked_at() {
    let mut chain = Chain::new();
    for (ratio, signers) in [(100, 900), (100, 300), (1_000, 900)] {
        let mut tx = asking(&mut chain, &[("alice", "active".into())]);
        tx.gas_ratio = ratio;
        tx.signers = (0..signers).map(|i| format!("signer{i:03}@p{i}")).collect();
        let tx = chain.sign(tx, "alice");
        let (result, work) = tried(&chain, &tx);
        gone(&result);
        let refusal = result.unwrap_err();
        // Three hundred are within the bound until the first is looked at, who never signed.
        let too_many = matches!(
            refusal,
            Refusal::GasLimitTooLow { .. } | Refusal::CheckWork { .. }
        );
        assert!(too_many || signers == 300, "{refusal}");
        assert_eq!(admitted(&chain, &tx), Err(refusal));
        let looked = [Op::Read, Op::AccountByte, Op::Evaluation, Op::Item, Op::Ask];
        let looked: u64 = looked.iter().map(|op| op.price().of(work.units(*op))).sum();
        let most = chain.spec.parameters.check_gas_limit + MAX_ACCOUNT_BYTES as u64;
        assert!(looked <= most, "{looked}");
    }
}

#[test]
fn a_fat_account_and_a_long_transaction_stay_within_the_bound() {
    let mut chain = Chain::new();
    // As many permissions as there is room for beside the keys, each with all of the groups.
    let permissions: Vec<String> = (0..30).map(|i| format!("p{i:02}")).collect();
    place(&mut chain, &fat("giant", &keys()[..370], &permissions));
    let questions: Vec<_> = (0..980).map(|i| ("giant", format!("p{:02}", i % 30))).collect();
    let tx = asking(&mut chain, &questions);
    let tx = chain.sign(tx, "alice");
    assert!(tx.bytes().len() > 50_000);
    let (result, work) = tried(&chain, &tx);
    assert!(!result.unwrap().is_success());
    bounded(&chain, &work);
}

#[test]
fn to_refuse_a_fat_publisher_takes_little_and_gas_is_asked_first() {
    let mut chain = Chain::new();
    crowd(&mut chain, CROWD);
    let thief = key_of("alice");
    let published = |chain: &mut Chain, publisher: &str, key: &SecretKey| {
        let mut tx = asking(chain, &[("alice", "active".into())]);
        tx.gas_limit = 100_000_000;
        tx.sign_as_publisher(publisher, key);
        tx.check(chain.spec.parameters.chain_id).unwrap()
    };
    // Without gas nothing of it is looked at.
    let tx = published(&mut chain, "hydra", &thief);
    let (result, work) = tried(&chain, &tx);
    assert!(matches!(result, Err(Refusal::GasNotEnough { .. })), "{result:?}");
    assert_eq!((work.units(Op::Evaluation), work.units(Op::AccountByte)), (0, 0));
    assert!(matches!(admitted(&chain, &tx), Err(Refusal::GasNotEnough { .. })));
    // With gas no more than the chain allows for what nobody pays for.
    chain.pass("alice", "gas.iost", "pledge", r#"["alice","hydra","100"]"#);
    let tx = published(&mut chain, "hydra", &thief);
    let limit = chain.spec.parameters.check_gas_limit;
    let (result, work) = tried(&chain, &tx);
    assert_eq!(result, Err(Refusal::CheckWork { limit }));
    gone(&result);
    assert_eq!(admitted(&chain, &tx), Err(Refusal::CheckWork { limit }));
    assert!(work.units(Op::AccountByte) <= limit + MAX_ACCOUNT_BYTES as u64);
    assert!(work.units(Op::Evaluation) <= limit / Op::Evaluation.price().gas);
    // Nobody was charged.
    let (outcome, _) = chain.try_block(&[tx]);
    assert!(outcome.receipts.is_empty());
}

#[test]
fn what_finding_out_took_is_part_of_what_is_charged() {
    let mut chain = Chain::new();
    let tx = chain.transfer("alice", "bobby", "1");
    let (plain, before) = tried(&chain, &tx);
    let mut draft = chain.draft(&[("token.iost", "transfer", r#"["iost","alice","bobby","1","memo"]"#)]);
    draft.signers = vec!["bobby@active".into()];
    draft.sign_as_signer(&key_of("bobby"));
    let signed = chain.sign(draft, "alice");
    let (more, after) = tried(&chain, &signed);
    assert!(after.units(Op::AccountByte) > before.units(Op::AccountByte));
    assert!(after.units(Op::Evaluation) > before.units(Op::Evaluation));
    for (receipt, work) in [(plain, before), (more, after)] {
        assert_eq!(receipt.unwrap().gas_usage as u64, 100 * work.gas());
    }
}

#[test]
fn a_block_holds_no_more_gas_than_the_chain_allows() {
    let mut file = genesis_file();
    file.parameters.block_gas_limit = 1_600_000;
    let mut chain = Chain::with(file);
    crowd(&mut chain, CROWD);
    let txs: Vec<_> = USERS
        .iter()
        .map(|user| {
            let tx = asking(&mut chain, &[("hydra", "active".into())]);
            chain.sign(tx, user)
        })
        .collect();
    let mut small = chain.draft(&[("token.iost", "supply", r#"["iost"]"#)]);
    small.gas_limit = 10_000_000;
    let small = chain.sign(small, "bobby");
    let mut builder = BlockBuilder::new(chain.context(0), &chain.state, chain.candidates.clone()).unwrap();
    assert!(builder.push(&txs[0]).is_ok());
    let Err(PushError::Refused(refusal)) = builder.push(&txs[1]) else {
        panic!("it might need more than there is left");
    };
    assert_eq!(refusal, Refusal::BlockFull);
    assert!(refusal.is_temporary());
    assert!(builder.gas() <= chain.spec.parameters.block_gas());
    // What asks for little still finds its place, and every one does in the end.
    assert!(builder.push(&small).unwrap().is_success());
    for tx in txs {
        chain.leave_msb();
        chain.block(&[tx]);
    }
}

#[test]
fn limits_and_names_are_looked_up_within_the_bound() {
    let mut chain = Chain::new();
    let mut tx = asking(&mut chain, &[("alice", "active".into())]);
    tx.amount_limit = (0..900)
        .map(|_| credo_primitives::AmountLimit {
            token: "iost".into(),
            value: "1".into(),
        })
        .collect();
    tx.amount_limit[1].token = "*".into();
    let tx = chain.sign(tx, "alice");
    let (result, work) = tried(&chain, &tx);
    gone(&result);
    assert!(result.is_err());
    bounded(&chain, &work);
    // A number longer than any amount is no limit.
    let mut tx = asking(&mut chain, &[("alice", "active".into())]);
    tx.amount_limit[0].value = "0".repeat(1_000);
    let tx = chain.sign(tx, "alice");
    assert!(matches!(tried(&chain, &tx).0, Err(Refusal::BadLimit { .. })));
}

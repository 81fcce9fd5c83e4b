//! P-42: the ranking in parts.

use credo_pob::{Candidate, CandidateStatus, Candidates, MAX_PART, PART, Ranking, RankingPart};
use credo_primitives::entry::LossReason;
use credo_primitives::{Amount, Text};

use crate::{key, name, standing, units};

fn list(count: usize) -> Candidates {
    let some = standing(&[1]).candidates().list[0].clone();
    let node = |n: usize| Candidate {
        account: name(&format!("node_{n:05}")),
        generation: n as u64,
        status: if n.is_multiple_of(3) {
            CandidateStatus::Registered
        } else {
            CandidateStatus::Candidate
        },
        order: ((n * 7_919) % count) as u64 + 1,
        votes: units((n as u64 * 104_729) % 1_009),
        servi: ((n * 15_485_863) % 101) as u128,
        ..some.clone()
    };
    Candidates::of((0..count).map(node).collect())
}

#[test]
fn parts_are_the_whole_ranking_in_order() {
    let list = list(1_000);
    let ranking = Ranking::of(&list, 7);
    assert_eq!((ranking.parts.len(), ranking.head.parts()), (4, 4));
    assert_eq!((ranking.head.epoch, ranking.head.count), (7, 1_000));
    assert_eq!(ranking.head.candidates, 666);
    let total: u128 = list.list.iter().map(|c| u128::from(c.votes.units())).sum();
    assert_eq!(ranking.head.votes, total);
    let mut nodes: Vec<Candidate> = Vec::new();
    for (number, bytes) in ranking.parts.iter().enumerate() {
        let part = RankingPart::from_bytes(bytes).unwrap();
        assert_eq!((part.epoch, part.number as usize), (7, number));
        assert_eq!(part.nodes.len(), PART.min(1_000 - number * PART));
        nodes.extend(part.nodes);
    }
    let (standing, others) = nodes.split_at(666);
    assert!(standing.iter().all(|c| c.status == CandidateStatus::Candidate));
    assert!(standing.windows(2).all(|two| {
        two[0].servi > two[1].servi || two[0].servi == two[1].servi && two[0].order < two[1].order
    }));
    assert!(others.windows(2).all(|two| {
        two[0].votes > two[1].votes || two[0].votes == two[1].votes && two[0].account < two[1].account
    }));
    let mut names: Vec<_> = nodes.iter().map(|c| &c.account).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 1_000, "each stands once");
    let digests: Vec<_> = ranking.digests().collect();
    assert_eq!(digests[2], RankingPart::digest(&ranking.parts[2]));
    assert_ne!(Ranking::of(&list, 8).digests().collect::<Vec<_>>(), digests);
    assert_eq!(Ranking::of(&Candidates::default(), 0).parts.len(), 0);
}

#[test]
fn a_part_stays_within_its_bound_whatever_nodes_say_of_themselves() {
    let mut list = list(PART);
    for (n, node) in list.list.iter_mut().enumerate() {
        node.account = name(&format!("Contract{}", format!("{n:05}").repeat(8)));
        node.key = key(n as u64);
        node.location = Text::new("x".repeat(128)).unwrap();
        node.url = Text::new("x".repeat(256)).unwrap();
        node.net_id = Text::new("x".repeat(128)).unwrap();
        node.loss = Some(credo_pob::Loss {
            reason: LossReason::Left,
            epoch: u64::MAX,
            at_ms: u64::MAX,
            until_ms: u64::MAX,
        });
        node.earned = Amount::MAX;
    }
    let ranking = Ranking::of(&list, u64::MAX);
    assert!(ranking.parts[0].len() <= MAX_PART, "{}", ranking.parts[0].len());
    assert!(RankingPart::from_bytes(&ranking.parts[0]).is_ok());
}

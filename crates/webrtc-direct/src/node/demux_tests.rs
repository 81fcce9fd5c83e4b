use super::*;
use crate::ice::Version;
use proptest::prelude::*;

fn addr(n: u16) -> SocketAddr {
    SocketAddr::from(([10, 0, (n >> 8) as u8, n as u8], 4000))
}

fn check(credentials: &Credentials) -> Vec<u8> {
    super::super::stun::check(credentials)
}

fn record(kind: u8) -> Vec<u8> {
    let mut record = vec![0; 40];
    record[0] = kind;
    record
}

struct World {
    table: Table,
    now: Instant,
}

impl World {
    fn new(limits: Limits) -> Self {
        Self {
            table: Table::new(limits),
            now: Instant::now(),
        }
    }

    fn route(&mut self, from: SocketAddr, datagram: &[u8]) -> Route {
        self.table.route(from, datagram, self.now)
    }

    /// Lets the peers behind `credentials` answer what they are asked at `from`, and nothing elsewhere.
    fn answer(&mut self, credentials: &Credentials, from: SocketAddr) -> usize {
        let asks = self.table.take_asks();
        let mut taken = 0;
        for ask in asks.iter().filter(|ask| ask.to == from) {
            let asked = StunMessage::parse(&ask.contents).expect("a question");
            // An ICE agent answers what is signed with its own password.
            if asked.verify(credentials.client_pwd.as_bytes(), super::super::stun::hmac) {
                let answer = super::super::stun::answer(&ask.contents, &credentials.client_pwd, from);
                taken += usize::from(self.route(from, &answer) == Route::Unshown);
            }
        }
        taken
    }

    fn established(&mut self, credentials: &Credentials, from: SocketAddr) -> SessionId {
        let id = self.begin(credentials, from);
        self.table.establish(id);
        id
    }

    fn begin(&mut self, credentials: &Credentials, from: SocketAddr) -> SessionId {
        match self.route(from, &check(credentials)) {
            Route::First {
                credentials,
                instead_of,
            } => {
                if let Some(old) = instead_of {
                    self.table.remove(old, self.now);
                }
                self.table.enter(&credentials, from, self.now)
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn checks_go_by_name_from_any_address() {
    let mut world = World::new(Limits::default());
    for version in [Version::V1, Version::V2] {
        let credentials = Credentials::random(version);
        let id = world.begin(&credentials, addr(1));
        assert_eq!(world.route(addr(1), &check(&credentials)), Route::Session(id));
        assert_eq!(world.route(addr(2), &check(&credentials)), Route::Session(id));
        for from in [addr(1), addr(2)] {
            assert_eq!(world.route(from, &record(22)), Route::Session(id));
        }
        assert_eq!(world.route(addr(3), &record(22)), Route::Stray);
        world.table.remove(id, world.now);
        assert_eq!(world.route(addr(1), &record(22)), Route::Stray);
    }
    assert_eq!((world.table.names(), world.table.addresses()), (0, 0));
    assert!(world.table.sources.is_empty() && world.table.order.is_empty());
}

#[test]
fn only_signed_and_well_formed_checks_count() {
    let mut world = World::new(Limits::default());
    let credentials = Credentials::random(Version::V2);
    let good = check(&credentials);
    for i in 0..good.len() {
        let mut bad = good.clone();
        bad[i] ^= 0x15;
        let route = world.route(addr(1), &bad);
        // The checksum at the end isn't the signature's business.
        assert!(route == Route::Stray || i >= good.len() - 8, "{i}: {route:?}");
    }
    for end in 0..good.len() {
        assert_eq!(world.route(addr(1), &good[..end]), Route::Stray);
    }
    assert_eq!(world.route(addr(1), &[]), Route::Stray);
}

fn names() -> [Credentials; 3] {
    [0, 1, 2].map(|_| Credentials::random(Version::V2))
}

#[test]
fn a_new_session_of_an_address_leaves_the_old_one_alone() {
    let mut world = World::new(Limits::default());
    let [first, second, _] = names();
    let old = world.established(&first, addr(1));
    // A browser uses its port again: the new one's records can be anyone's, and each takes what is its own.
    let new = world.begin(&second, addr(1));
    for kind in [20, 21, 22, 23] {
        assert_eq!(world.route(addr(1), &record(kind)), Route::Shared(vec![old, new]));
    }
    world.table.establish(new);
    assert_eq!(world.route(addr(1), &record(23)), Route::Shared(vec![old, new]));
    assert_eq!(world.route(addr(1), &check(&first)), Route::Session(old));
    // It ends by its own silence.
    world.table.remove(old, world.now);
    assert_eq!(world.route(addr(1), &record(23)), Route::Session(new));
    world.table.remove(new, world.now);
    assert_eq!(world.table.addresses(), 0);
}

#[test]
fn who_forges_an_address_ends_no_session_there() {
    let mut world = World::new(Limits::default());
    let [victims, forgers, _] = names();
    let victim = world.established(&victims, addr(1));
    // The forger comes from its own address, claims the victim's besides, and is authenticated.
    let forger = world.begin(&forgers, addr(9));
    assert_eq!(world.route(addr(1), &check(&forgers)), Route::Session(forger));
    world.table.establish(forger);
    // The victim still is all that it was: found by its name and by its address.
    assert_eq!(world.table.sessions(), 2);
    assert_eq!(world.route(addr(1), &check(&victims)), Route::Session(victim));
    let Route::Shared(ids) = world.route(addr(1), &record(23)) else {
        panic!("the forger has no keys for it")
    };
    assert!(ids.contains(&victim));
    // What is sent by forged addresses after that claims nothing.
    assert_eq!(world.route(addr(2), &check(&forgers)), Route::Unshown);
    let later = world.begin(&Credentials::random(Version::V2), addr(2));
    assert!(world.route(addr(2), &record(22)) != Route::Session(forger));
    world.table.remove(later, world.now);
}

#[test]
fn a_session_moves_only_where_its_peer_answers() {
    let mut world = World::new(Limits::default());
    let [own, ..] = names();
    let id = world.established(&own, addr(1));
    world.table.take_asks();
    // A check from elsewhere, with the right names: not answered before the peer has shown that it is there.
    assert_eq!(world.route(addr(2), &check(&own)), Route::Unshown);
    let [other, ..] = names();
    assert_eq!(world.answer(&other, addr(2)), 0, "another's password");
    world.now += Duration::from_secs(1);
    assert_eq!(world.route(addr(2), &check(&own)), Route::Unshown);
    assert_eq!(world.answer(&own, addr(2)), 1);
    assert_eq!(world.route(addr(2), &check(&own)), Route::Session(id));
    assert_eq!(
        world.route(addr(1), &check(&own)),
        Route::Session(id),
        "as before"
    );
    // An answer that wasn't asked for, or came from elsewhere, shows nothing.
    assert_eq!(world.route(addr(3), &check(&own)), Route::Unshown);
    let asks = world.table.take_asks();
    let answer = super::super::stun::answer(&asks[0].contents, &own.client_pwd, addr(3));
    assert_ne!(world.route(addr(2), &answer), Route::Unshown);
    assert_eq!(world.route(addr(4), &answer), Route::Stray);
    assert_eq!(world.route(addr(3), &check(&own)), Route::Unshown);
}

#[test]
fn a_forged_first_contact_takes_no_handshake_away() {
    let mut world = World::new(Limits::default());
    let [victims, forgers, _] = names();
    // The forger guessed from where the victim will come.
    let forger = world.begin(&forgers, addr(1));
    let victim = world.begin(&victims, addr(1));
    assert!(forger != victim);
    // Neither has shown that it is there, so neither gets the other's records.
    assert_eq!(world.route(addr(1), &record(22)), Route::Unshown);
    assert_eq!(world.route(addr(1), &check(&victims)), Route::Session(victim));
    assert_eq!(world.answer(&victims, addr(1)), 1);
    assert_eq!(world.route(addr(1), &record(22)), Route::Session(victim));
    // The forger's checks change nothing.
    assert_eq!(world.route(addr(1), &check(&forgers)), Route::Session(forger));
    assert_eq!(world.route(addr(1), &record(22)), Route::Session(victim));
    world.table.establish(victim);
    assert_eq!(
        world.route(addr(1), &record(23)),
        Route::Shared(vec![forger, victim])
    );
    world.table.remove(forger, world.now);
    assert_eq!(world.route(addr(1), &record(23)), Route::Session(victim));
}

#[test]
fn an_address_has_a_few_claims_and_those_that_are_not_shown_grow_old() {
    let mut world = World::new(Limits::default());
    let own = Credentials::random(Version::V2);
    let first = world.established(&own, addr(1));
    let mut forged = Vec::new();
    for _ in 1..super::super::claims::MAX_CLAIMS {
        forged.push(world.begin(&Credentials::random(Version::V2), addr(1)));
    }
    let another = Credentials::random(Version::V2);
    assert_eq!(world.route(addr(1), &check(&another)), Route::Refused);
    // The peer that is there answers, and keeps its place; one that isn't there loses it.
    assert_eq!(world.route(addr(1), &check(&own)), Route::Session(first));
    assert_eq!(world.answer(&own, addr(1)), 1);
    world.now += super::super::claims::GRACE;
    let id = world.begin(&another, addr(1));
    let Route::Shared(ids) = ({
        world.table.establish(id);
        world.route(addr(1), &record(23))
    }) else {
        panic!("two are established there")
    };
    assert_eq!(ids, [first, id]);
    assert!(!world.table.sessions[&forged[0]].addresses.contains(&addr(1)));
    assert_eq!(world.table.sessions(), 5, "it only lost the address");
}

#[test]
fn half_open_sessions_take_no_place_of_established_ones() {
    let limits = Limits {
        max_sessions: 3,
        max_half_open: 4,
        max_half_open_per_source: 2,
        ..Limits::default()
    };
    let mut world = World::new(limits);
    let kept: Vec<_> = (0..2)
        .map(|n| world.established(&Credentials::random(Version::V2), addr(n)))
        .collect();
    for n in 0..100 {
        world.now += ANSWERS_WITHIN;
        world.begin(&Credentials::random(Version::V2), addr(100 + n));
    }
    assert_eq!((world.table.sessions(), world.table.half_open()), (6, 4));
    assert!(kept.iter().all(|id| world.table.sessions.contains_key(id)));
    // There is a place left for one that is authenticated, and then none.
    let last = world.established(&Credentials::random(Version::V2), addr(50));
    let late = check(&Credentials::random(Version::V2));
    assert_eq!(world.route(addr(51), &late), Route::Refused);
    world.table.remove(last, world.now);
    // Forged contacts from one's own source make place, too, unless they answer.
    let from = |port| SocketAddr::from(([10, 9, 9, 9], port));
    let honest = Credentials::random(Version::V2);
    let first = world.begin(&honest, from(1));
    assert_eq!(world.route(from(1), &check(&honest)), Route::Session(first));
    assert_eq!(world.answer(&honest, from(1)), 1, "everyone is asked");
    for port in 2..50 {
        world.now += ANSWERS_WITHIN;
        world.begin(&Credentials::random(Version::V2), from(port));
        world.table.take_asks();
    }
    assert!(world.table.sessions.contains_key(&first));
}

#[test]
fn alerts_in_the_clear_are_seen_wherever_they_stand() {
    let record = |kind: u8, epoch: u8, length: u8| {
        let mut record = vec![kind, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 1, 0, length];
        record.resize(13 + usize::from(length), 2);
        record
    };
    assert!(has_plain_alert(&record(21, 0, 2)));
    assert!(!has_plain_alert(&record(21, 1, 2)));
    assert!(!has_plain_alert(&record(22, 0, 60)));
    assert!(has_plain_alert(&[record(22, 0, 60), record(21, 0, 2)].concat()));
    assert!(!has_plain_alert(&[record(22, 0, 60), record(21, 1, 2)].concat()));
    assert!(!has_plain_alert(&[]) && !has_plain_alert(&record(21, 0, 2)[..12]));
}

#[test]
fn a_flood_costs_a_fixed_amount() {
    let limits = Limits {
        max_half_open: 16,
        max_half_open_per_source: 4,
        max_sessions: 32,
        max_first_contacts: 10_000,
        ..Limits::default()
    };
    let mut world = World::new(limits);
    let mut refused = 0;
    for n in 0..5000u16 {
        world.now += Duration::from_millis(1);
        let credentials = Credentials::random(Version::V2);
        match world.route(addr(n), &check(&credentials)) {
            Route::First {
                credentials,
                instead_of,
            } => {
                if let Some(old) = instead_of {
                    world.table.remove(old, world.now);
                }
                world.table.enter(&credentials, addr(n), world.now);
            }
            Route::Refused => refused += 1,
            other => panic!("{other:?}"),
        }
        assert!(world.table.half_open() <= 16 && world.table.sessions() <= 32);
        assert!(world.table.names() <= 32 && world.table.addresses() <= 32);
        assert!(world.table.order.len() <= 2 * 16 + 17 && world.table.sources.len() <= 32);
    }
    assert!(refused > 4000, "each has a second to answer");
    world.now += ANSWERS_WITHIN;
    world.begin(&Credentials::random(Version::V2), addr(7000));
    // Those that show where they are don't.
    world.now += Duration::from_secs(1);
    world.table.take_asks();
    let ids: Vec<_> = world
        .table
        .sessions
        .values()
        .map(|entry| (entry.credentials.clone(), entry.addresses[0]))
        .collect();
    for (credentials, from) in ids {
        assert!(matches!(
            world.route(from, &check(&credentials)),
            Route::Session(_)
        ));
        assert_eq!(world.answer(&credentials, from), 1);
    }
    world.now += ANSWERS_WITHIN;
    let credentials = Credentials::random(Version::V1);
    assert_eq!(world.route(addr(6000), &check(&credentials)), Route::Refused);
}

#[test]
fn first_contacts_are_taken_at_a_rate() {
    let limits = Limits {
        max_first_contacts: 10,
        ..Limits::default()
    };
    let mut world = World::new(limits);
    let taken = |world: &mut World, n: u16| {
        let check = check(&Credentials::random(Version::V2));
        (0..n)
            .filter(|n| world.route(addr(*n), &check) != Route::Refused)
            .count()
    };
    assert_eq!(taken(&mut world, 50), 10);
    world.now += Duration::from_millis(500);
    assert_eq!(taken(&mut world, 50), 5);
    world.now += Duration::from_secs(60);
    assert_eq!(taken(&mut world, 50), 10);
}

#[test]
fn one_source_gets_its_share_only() {
    let limits = Limits {
        max_half_open_per_source: 4,
        max_sessions_per_source: 6,
        ..Limits::default()
    };
    let mut world = World::new(limits);
    let from = |port| SocketAddr::from(([10, 0, 0, 1], port));
    let mut established = 0;
    for port in 0..6 {
        let id = world.begin(&Credentials::random(Version::V2), from(4000 + port));
        world.table.establish(id);
        established += 1;
    }
    assert_eq!(established, 6);
    let check = check(&Credentials::random(Version::V2));
    assert_eq!(world.route(from(5000), &check), Route::Refused);
    assert!(matches!(world.route(addr(77), &check), Route::First { .. }));
    // All of a /64 are one source.
    let v6 = |host: u16| SocketAddr::from(([0x2001, 0xdb8, 0, 1, 0, 0, 0, host], 4000));
    for host in 0..4 {
        world.begin(&Credentials::random(Version::V2), v6(host));
    }
    assert_eq!(world.route(v6(9), &check), Route::Refused);
    world.now += ANSWERS_WITHIN;
    assert!(matches!(
        world.route(v6(9), &check),
        Route::First {
            instead_of: Some(_),
            ..
        }
    ));
}

#[test]
fn names_of_the_past_are_not_answered_for_a_while() {
    let mut world = World::new(Limits::default());
    let credentials = Credentials::random(Version::V2);
    let id = world.begin(&credentials, addr(1));
    world.table.remove(id, world.now);
    assert_eq!(world.route(addr(1), &check(&credentials)), Route::Stray);
    world.now += REFUSED_FOR + Duration::from_secs(1);
    assert!(matches!(
        world.route(addr(1), &check(&credentials)),
        Route::First { .. }
    ));
    for _ in 0..2 * MAX_REFUSED {
        world.now += Duration::from_millis(5);
        let id = world.begin(&Credentials::random(Version::V2), addr(2));
        world.table.remove(id, world.now);
    }
    assert_eq!(world.table.refused.len(), MAX_REFUSED);
}

#[test]
fn a_session_notes_a_few_addresses() {
    let mut world = World::new(Limits::default());
    let credentials = Credentials::random(Version::V2);
    let id = world.begin(&credentials, addr(0));
    for n in 1..100 {
        let route = match usize::from(n) < MAX_ADDRESSES {
            true => Route::Session(id),
            false => Route::Refused,
        };
        assert_eq!(world.route(addr(n), &check(&credentials)), route);
    }
    assert_eq!(world.table.addresses(), MAX_ADDRESSES);
}

#[derive(Clone, Debug)]
enum Step {
    Check(usize, u16),
    Record(u8, u16),
    Answer(usize, u16),
    Establish(usize),
    Remove(usize, bool),
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever happens: the tables agree with each other, limits hold, and after the last session nothing is left.
    #[test]
    fn tables_agree(steps in proptest::collection::vec(prop_oneof![
        4 => (0usize..12, 0u16..6).prop_map(|(c, a)| Step::Check(c, a)),
        2 => (20u8..24, 0u16..6).prop_map(|(k, a)| Step::Record(k, a)),
        2 => (0usize..12, 0u16..6).prop_map(|(c, a)| Step::Answer(c, a)),
        1 => (0usize..12).prop_map(Step::Establish),
        1 => (0usize..12, any::<bool>()).prop_map(|(i, r)| Step::Remove(i, r)),
    ], 0..150)) {
        let limits = Limits { max_sessions: 8, max_half_open: 4, ..Limits::default() };
        let names: Vec<_> = (0..12).map(|i| {
            Credentials::random(if i % 2 == 0 { Version::V1 } else { Version::V2 })
        }).collect();
        let mut world = World::new(limits);
        let mut live: Vec<SessionId> = Vec::new();
        for step in steps {
            match step {
                Step::Check(c, a) => match world.route(addr(a), &check(&names[c])) {
                    Route::First { credentials, instead_of } => {
                        if let Some(old) = instead_of {
                            world.table.remove(old, world.now);
                            live.retain(|id| *id != old);
                        }
                        live.push(world.table.enter(&credentials, addr(a), world.now));
                    }
                    Route::Session(id) => prop_assert!(live.contains(&id)),
                    Route::Shared(_) => prop_assert!(false, "a check says whose it is"),
                    Route::Unshown | Route::Refused | Route::Stray => {}
                },
                Step::Record(k, a) => match world.route(addr(a), &record(k)) {
                    Route::Session(id) => prop_assert!(live.contains(&id)),
                    Route::Shared(ids) => {
                        prop_assert!(ids.iter().all(|id| live.contains(id)));
                        prop_assert!(ids.len() > 1 && ids.len() <= super::super::claims::MAX_CLAIMS);
                    }
                    _ => {}
                },
                Step::Answer(c, a) => {
                    world.answer(&names[c], addr(a));
                }
                // None that is established goes by what others do.
                Step::Establish(i) => if let Some(&id) = live.get(i) {
                    world.table.establish(id);
                },
                Step::Remove(i, forgets) => if i < live.len() {
                    world.table.remove(live.swap_remove(i), world.now);
                    if forgets {
                        world.now += REFUSED_FOR + Duration::from_secs(1);
                    }
                },
            }
            let table = &world.table;
            prop_assert_eq!(table.sessions(), live.len());
            prop_assert!(table.sessions() <= 8 + 4 && table.half_open() <= 4);
            prop_assert_eq!(table.names(), live.len());
            prop_assert_eq!(table.half_open(), table.sessions.values().filter(|e| e.half_open).count());
            prop_assert_eq!(
                table.sources.values().map(|s| s.established + s.half_open).sum::<usize>(),
                live.len()
            );
            for (address, place) in &table.addresses {
                prop_assert!(!place.is_empty());
                for claim in place.claims() {
                    prop_assert!(table.sessions[&claim.id].addresses.contains(address));
                }
            }
            let claims: usize = table.addresses.values().map(|place| place.claims().len()).sum();
            prop_assert_eq!(claims, table.sessions.values().map(|e| e.addresses.len()).sum::<usize>());
        }
        for id in live {
            world.table.remove(id, world.now);
        }
        prop_assert_eq!((world.table.names(), world.table.addresses(), world.table.half_open()), (0, 0, 0));
        prop_assert!(world.table.sources.is_empty());
    }
}

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

    fn begin(&mut self, credentials: &Credentials, from: SocketAddr) -> SessionId {
        match self.route(from, &check(credentials)) {
            Route::First {
                credentials,
                instead_of,
            } => {
                if let Some(old) = instead_of {
                    self.table.remove(old, self.now);
                }
                self.table.enter(&credentials, from)
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

#[test]
fn a_new_session_of_an_address_replaces_the_old_one_once_it_is_established() {
    let mut world = World::new(Limits::default());
    let (first, second) = (Credentials::random(Version::V2), Credentials::random(Version::V2));
    let old = world.begin(&first, addr(1));
    assert!(world.table.establish(old).is_empty());
    let new = world.begin(&second, addr(1));
    // Until then the old one keeps what is its own, so that a forged check takes nothing away.
    assert_eq!(world.route(addr(1), &record(23)), Route::Session(old));
    assert_eq!(world.route(addr(1), &record(21)), Route::Session(old));
    assert_eq!(world.route(addr(1), &record(22)), Route::Session(new));
    assert_eq!(world.route(addr(1), &record(20)), Route::Session(new));
    assert_eq!(world.table.establish(new), [old]);
    assert!(world.table.establish(new).is_empty(), "once");
    assert_eq!(world.route(addr(1), &record(23)), Route::Session(new));
    world.table.remove(old, world.now);
    assert_eq!(world.route(addr(1), &record(23)), Route::Session(new));
    world.table.remove(new, world.now);
    assert_eq!(world.table.addresses(), 0);
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
        let credentials = Credentials::random(Version::V2);
        match world.route(addr(n), &check(&credentials)) {
            Route::First {
                credentials,
                instead_of,
            } => {
                if let Some(old) = instead_of {
                    world.table.remove(old, world.now);
                }
                world.table.enter(&credentials, addr(n));
            }
            Route::Refused => refused += 1,
            other => panic!("{other:?}"),
        }
        assert!(world.table.half_open() <= 16 && world.table.sessions() <= 32);
        assert!(world.table.names() <= 32 && world.table.addresses() <= 32);
        assert!(world.table.order.len() <= 2 * 16 + 17 && world.table.sources.len() <= 32);
    }
    assert_eq!(refused, 0, "the oldest give way");
    // Those whose handshake has begun don't.
    let ids: Vec<_> = world
        .table
        .sessions
        .iter()
        .map(|(id, e)| (*id, e.addresses[0]))
        .collect();
    for (id, from) in ids {
        assert_eq!(world.route(from, &record(22)), Route::Session(id));
    }
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
        assert_eq!(world.route(addr(n), &check(&credentials)), Route::Session(id));
    }
    assert_eq!(world.table.addresses(), MAX_ADDRESSES);
}

#[derive(Clone, Debug)]
enum Step {
    Check(usize, u16),
    Record(u8, u16),
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
                        live.push(world.table.enter(&credentials, addr(a)));
                    }
                    Route::Session(id) => prop_assert!(live.contains(&id)),
                    Route::Refused | Route::Stray => {}
                },
                Step::Record(k, a) => if let Route::Session(id) = world.route(addr(a), &record(k)) {
                    prop_assert!(live.contains(&id));
                },
                Step::Establish(i) => if let Some(&id) = live.get(i) {
                    for old in world.table.establish(id) {
                        prop_assert!(old != id);
                        world.table.remove(old, world.now);
                        live.retain(|id| *id != old);
                    }
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
            prop_assert!(table.sessions() <= 8 && table.half_open() <= 4);
            prop_assert_eq!(table.names(), live.len());
            prop_assert_eq!(table.half_open(), table.sessions.values().filter(|e| e.half_open).count());
            prop_assert_eq!(table.sources.values().map(|s| s.sessions).sum::<usize>(), live.len());
            for place in table.addresses.values() {
                let of = [place.established, place.half_open];
                prop_assert!(of.iter().flatten().all(|id| live.contains(id)));
                prop_assert!(of.iter().flatten().next().is_some());
            }
        }
        for id in live {
            world.table.remove(id, world.now);
        }
        prop_assert_eq!((world.table.names(), world.table.addresses(), world.table.half_open()), (0, 0, 0));
        prop_assert!(world.table.sources.is_empty());
    }
}

//! Votes drawn at random, in integers only, so that a seed gives the same pool on every machine.
//!
//! The generator is SplitMix64. The Pareto distribution is drawn by inversion, u^(−1/α), with a logarithm and a power
//! of two in fixed point.

use std::fmt;

/// How a random pool's votes are distributed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, clap::ValueEnum)]
pub(super) enum Distribution {
    /// All have the same.
    Equal,
    /// A few have most: Pareto's distribution, of the exponent α.
    Pareto,
    /// Anything from nothing to twice the mean, equally likely.
    Uniform,
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "equal",
            Self::Pareto => "pareto",
            Self::Uniform => "uniform",
        })
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
pub(super) struct SplitMix64(u64);

impl SplitMix64 {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Bits of the number that is drawn for u: the largest Pareto weight is at most 2^40.
const DRAWN: u32 = 40;
/// Bits behind the point of a weight.
const WEIGHT: u32 = 20;

/// `total` whole votes for `count` candidates; the sum is exact.
pub(super) fn votes(
    distribution: Distribution,
    alpha_percent: u32,
    seed: u64,
    count: usize,
    total: u64,
) -> Vec<u64> {
    let mut random = SplitMix64::new(seed);
    let weights: Vec<u64> = match distribution {
        Distribution::Equal => vec![1; count],
        Distribution::Uniform => (0..count).map(|_| (random.next() >> 32) + 1).collect(),
        Distribution::Pareto => {
            let roots = roots();
            let mut draw = || pareto((random.next() >> (64 - DRAWN)) + 1, alpha_percent, &roots);
            (0..count).map(|_| draw()).collect()
        }
    };
    let sum: u128 = weights.iter().map(|w| u128::from(*w)).sum();
    // A weight has at most 61 bits and a total at most 63; a part is no more than the whole.
    let part = |weight: &u64| (u128::from(*weight) * u128::from(total) / sum) as u64;
    let mut votes: Vec<u64> = weights.iter().map(part).collect();
    // Rounding leaves less than one vote a candidate.
    let given: u64 = votes.iter().sum();
    votes
        .iter_mut()
        .take((total - given) as usize)
        .for_each(|v| *v += 1);
    votes
}

/// (u / 2^40)^(−1/α) with [`WEIGHT`] bits behind the point, for 1 ≤ u ≤ 2^40 and α > 1.
fn pareto(u: u64, alpha_percent: u32, roots: &[u64; 32]) -> u64 {
    let exponent = (u64::from(DRAWN) << 32) - log2(u);
    // 40 × 2^32 × 100 has 45 bits.
    exp2(exponent * 100 / u64::from(alpha_percent.max(1)), roots)
}

/// The logarithm of x ≥ 1 to base 2, with 32 bits behind the point.
fn log2(x: u64) -> u64 {
    let whole = x.max(1).ilog2();
    // Between one and two, with 63 bits behind the point: each squaring gives the next bit.
    let mut mantissa = u128::from(x) << (63 - whole);
    let mut fraction = 0u64;
    for _ in 0..32 {
        mantissa = (mantissa * mantissa) >> 63;
        fraction <<= 1;
        if mantissa >> 64 != 0 {
            fraction |= 1;
            mantissa >>= 1;
        }
    }
    (u64::from(whole) << 32) | fraction
}

/// 2^(1/2), 2^(1/4), …, with 62 bits behind the point.
fn roots() -> [u64; 32] {
    let mut root: u128 = 2 << 62;
    std::array::from_fn(|_| {
        root = (root << 62).isqrt();
        root as u64
    })
}

/// Two to the power of `exponent` (32 bits behind the point, at most 40), with [`WEIGHT`] bits behind the point.
fn exp2(exponent: u64, roots: &[u64; 32]) -> u64 {
    let mut power: u128 = 1 << 62;
    for (i, root) in roots.iter().enumerate() {
        if exponent >> (31 - i) & 1 == 1 {
            power = (power * u128::from(*root)) >> 62;
        }
    }
    ((power >> (62 - WEIGHT)) as u64) << (exponent >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_splitmix64() {
        // The published reference's first numbers for the seed 1234567.
        let mut random = SplitMix64::new(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn logarithm_and_power_agree_with_floating_point() {
        let roots = roots();
        for x in [1u64, 2, 3, 7, 1_000, 123_456_789, 1 << 40] {
            let exact = (x as f64).log2() * f64::from(1u32 << 16) * f64::from(1u32 << 16);
            assert!((log2(x) as f64 - exact).abs() < 64.0, "log2({x})");
        }
        for exponent in [0u64, 1 << 31, 1 << 32, 5 << 31, 123_456_789_012] {
            let exact = (exponent as f64 / 2f64.powi(32)).exp2();
            let got = exp2(exponent, &roots) as f64 / f64::from(1u32 << WEIGHT);
            assert!((got / exact - 1.0).abs() < 2e-6, "{got} {exact}");
        }
    }

    #[test]
    fn every_vote_is_given_out_and_a_seed_gives_the_same_pool() {
        for distribution in [Distribution::Equal, Distribution::Pareto, Distribution::Uniform] {
            for total in [0, 7, 1_000_003, 92_233_720_368] {
                let drawn = votes(distribution, 116, 5, 1_201, total);
                assert_eq!(drawn.iter().sum::<u64>(), total);
                assert_eq!(drawn, votes(distribution, 116, 5, 1_201, total));
            }
            let other = votes(distribution, 116, 6, 1_201, 1_000_000_000);
            let differs = other != votes(distribution, 116, 5, 1_201, 1_000_000_000);
            assert_eq!(differs, distribution != Distribution::Equal);
        }
    }

    #[test]
    fn pareto_has_its_tail_and_uniform_its_spread() {
        let drawn = votes(Distribution::Pareto, 116, 1, 20_000, 90_000_000_000);
        let least = drawn.iter().min().copied().unwrap();
        // A share 2^−α of all has more than twice the least, 10^−α more than ten times.
        let above = |times: u64| drawn.iter().filter(|v| **v > least * times).count();
        assert!((8_700..9_250).contains(&above(2)), "{}", above(2));
        assert!((1_250..1_520).contains(&above(10)), "{}", above(10));
        let drawn = votes(Distribution::Uniform, 116, 1, 10_000, 10_000_000);
        let below = drawn.iter().filter(|v| **v < 500).count();
        assert!((2_300..2_700).contains(&below), "{below}");
        assert!(drawn.iter().all(|v| *v < 2_100));
    }
}

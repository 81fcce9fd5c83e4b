//! Who sits when, coarse enough to be drawn: candidates in rows, rounds in columns.

/// Most rows of a map.
const MAX_ROWS: usize = 60;
/// Most columns.
const MAX_COLUMNS: u64 = 144;

/// Seats held by neighbours in the order of votes, in neighbouring rounds.
#[derive(Clone, Debug)]
pub(super) struct SeatMap {
    /// Rounds that it covers.
    pub(super) rounds: u64,
    /// Candidates in each row.
    pub(super) members: Vec<u32>,
    /// Columns.
    pub(super) columns: usize,
    /// Seats held, row by row.
    pub(super) seats: Vec<u32>,
    /// The row of each place.
    rows: Vec<u32>,
}

impl SeatMap {
    /// A map of the first `rounds` rounds. `by_votes` are the places, in the order of the rows.
    pub(super) fn new(by_votes: &[usize], rounds: u64) -> Self {
        let candidates = by_votes.len();
        let height = candidates.min(MAX_ROWS);
        let columns = rounds.min(MAX_COLUMNS) as usize;
        let (mut rows, mut members) = (vec![0; candidates], vec![0; height]);
        for (rank, place) in by_votes.iter().enumerate() {
            let row = rank * height / candidates;
            rows[*place] = row as u32;
            members[row] += 1;
        }
        Self {
            rounds,
            members,
            columns,
            seats: vec![0; height * columns],
            rows,
        }
    }

    /// Notes that the candidate at `place` sat in `round`, counted from 0.
    pub(super) fn mark(&mut self, place: usize, round: u64) {
        if round >= self.rounds {
            return;
        }
        // Less than `columns`, since the round is less than the rounds.
        let column = (round * self.columns as u64 / self.rounds) as usize;
        self.seats[self.rows[place] as usize * self.columns + column] += 1;
    }

    /// Rounds in a column.
    pub(super) fn width(&self, column: usize) -> u64 {
        let start = |column: usize| (column as u64 * self.rounds).div_ceil(self.columns as u64);
        start(column + 1) - start(column)
    }

    /// Seats held in a cell, of those that its members could hold.
    pub(super) fn cell(&self, row: usize, column: usize) -> (u32, u64) {
        let seats = self.seats[row * self.columns + column];
        (seats, u64::from(self.members[row]) * self.width(column))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_pool_has_a_row_each_and_a_large_one_shares_rows() {
        let mut map = SeatMap::new(&[2, 0, 1], 9);
        assert_eq!((map.members.as_slice(), map.columns), ([1, 1, 1].as_slice(), 9));
        map.mark(2, 0);
        map.mark(1, 8);
        map.mark(1, 9);
        assert_eq!(map.cell(0, 0), (1, 1), "most votes stand on top");
        assert_eq!(map.cell(2, 8), (1, 1));
        assert_eq!(map.seats.iter().sum::<u32>(), 2, "what lies beyond isn't drawn");
        let places: Vec<usize> = (0..130).collect();
        let mut map = SeatMap::new(&places, 1_000);
        assert_eq!(map.members.iter().sum::<u32>(), 130);
        assert_eq!((0..map.columns).map(|c| map.width(c)).sum::<u64>(), 1_000);
        for round in 0..1_000 {
            map.mark(129, round);
        }
        for column in 0..map.columns {
            let (seats, most) = map.cell(59, column);
            assert_eq!(u64::from(seats) * u64::from(map.members[59]), most);
        }
    }
}

//! One direction of the way to a simulated host, on which every byte takes its time.

use crate::base::limits::{SIMULATED_CONNECTION_BYTES, SIMULATED_PIECE, SIMULATED_PIECE_BYTES_MIN};
use crate::base::time::{Duration, Instant};

/// Tells when bytes have passed.
#[derive(Debug)]
pub struct Way {
    /// Bytes a second.
    bandwidth: f64,
    /// When the last of those before has passed.
    free_at: Option<Instant>,
}

impl Way {
    /// `bandwidth`: bytes a second, and not 0.
    pub fn new(bandwidth: u64) -> Self {
        Self { bandwidth: bandwidth as f64, free_at: None }
    }

    /// When the last of these bytes has passed, which set out at `now` or behind those before. `waited`: they were there
    /// when those before had passed, whenever that was noticed.
    pub fn pass(&mut self, bytes: usize, now: Instant, waited: bool) -> Instant {
        let begin = self.free_at.filter(|free| waited || *free > now).unwrap_or(now);
        let passed = begin + Duration::from_secs_f64(bytes as f64 / self.bandwidth);
        self.free_at = Some(passed);
        passed
    }

    /// How many bytes arrive at a time.
    fn piece(&self) -> usize {
        ((self.bandwidth * SIMULATED_PIECE.as_secs_f64()) as usize).max(SIMULATED_PIECE_BYTES_MIN)
    }
}

/// What is on its way to the client, piece by piece.
#[derive(Debug)]
pub struct Departure {
    way: Way,
    bytes: Vec<u8>,
    arrived: usize,
    /// When the next piece has passed, and where it ends.
    next: Option<(Instant, usize)>,
}

impl Departure {
    pub fn new(way: Way) -> Self {
        Self { way, bytes: Vec::new(), arrived: 0, next: None }
    }

    /// Whether nothing is on its way.
    pub fn is_over(&self) -> bool {
        self.next.is_none()
    }

    /// When the next piece arrives.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.next.map(|(at, _)| at)
    }

    /// What sets out now. Only when nothing is on its way.
    pub fn send(&mut self, bytes: &mut Vec<u8>, now: Instant) {
        std::mem::swap(&mut self.bytes, bytes);
        self.arrived = 0;
        self.set_out(now);
    }

    /// Appends what has arrived by now.
    pub fn poll_transmit(&mut self, out: &mut Vec<u8>, now: Instant) {
        while let Some((at, end)) = self.next.take_if(|(at, _)| *at <= now) {
            out.extend_from_slice(self.bytes.get(self.arrived..end).unwrap_or_default());
            self.arrived = end;
            self.set_out(at);
        }
    }

    fn set_out(&mut self, now: Instant) {
        let piece = (self.bytes.len() - self.arrived).min(self.way.piece());
        self.next = match piece {
            0 => None,
            _ => Some((self.way.pass(piece, now, false), self.arrived + piece)),
        };
        if piece == 0 {
            self.bytes.clear();
            self.bytes.shrink_to(SIMULATED_CONNECTION_BYTES);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::now;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn bytes_pass_one_behind_the_other() {
        let begun = now();
        let mut way = Way::new(1_000_000);
        assert_eq!(way.pass(1_000, begun, false), begun + MS);
        assert_eq!(way.pass(2_000, begun, false), begun + 3 * MS, "behind those before");
        assert_eq!(way.pass(1_000, begun + 5 * MS, true), begun + 4 * MS, "they had waited");
        assert_eq!(way.pass(1_000, begun + 10 * MS, false), begun + 11 * MS, "what was not used is lost");
    }

    #[test]
    fn all_arrives_in_order_and_in_time() {
        let begun = now();
        let sent: Vec<u8> = (0..10_500_u32).map(|n| n.to_le_bytes()[0]).collect();
        let mut departure = Departure::new(Way::new(1_000_000));
        departure.send(&mut sent.clone(), begun);
        let (mut received, mut at) = (Vec::new(), begun);
        while let Some(next) = departure.poll_timeout() {
            departure.poll_transmit(&mut received, next - Duration::from_nanos(1));
            assert_eq!(received.len() as u128, (at - begun).as_nanos() / 1_000, "nothing is early");
            departure.poll_transmit(&mut received, next);
            at = next;
        }
        assert!(departure.is_over() && received == sent);
        assert_eq!((at - begun).as_micros(), 10_500);
    }
}

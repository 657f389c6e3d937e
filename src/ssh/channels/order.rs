//! The numbers that the server gives to its ends of the channels. OpenSSH takes the lowest that is free
//! (`channels.c`, `channel_new`), so those of the first channels are their places in the order in which they were asked
//! for: known before they are told.

/// Places count from 0.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Order {
    /// The place of the next channel.
    next: u32,
    /// So many of the first channels got their place for a number.
    kept: u32,
    /// So many are expected to get it.
    believed: u32,
}

impl Order {
    /// The place of a channel that is asked for now.
    pub fn next(&mut self) -> u32 {
        let place = self.next;
        self.next = place.wrapping_add(1);
        place
    }

    /// The channel at `place` got `number`.
    pub fn confirmed(&mut self, place: u32, number: u32) {
        if place == number && place == self.kept {
            self.kept += 1;
        }
    }

    pub fn kept(self) -> u32 {
        self.kept
    }

    pub fn believe(&mut self, count: u32) {
        self.believed = count;
    }

    /// Whether the number of any channel is believed to be known.
    pub fn is_believed(self) -> bool {
        self.believed > 0
    }

    /// Whether that of the channel at `place` is.
    pub fn believes(self, place: u32) -> bool {
        place < self.believed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_unbroken_order_counts() {
        let mut order = Order::default();
        assert_eq!([order.next(), order.next(), order.next()], [0, 1, 2]);
        order.confirmed(0, 0);
        order.confirmed(1, 7);
        order.confirmed(2, 2);
        assert_eq!(order.kept(), 1);
        assert!(!order.is_believed());
        order.believe(1);
        assert!(order.is_believed() && order.believes(0) && !order.believes(1));
    }
}

//! The SSH client between two streams: what the network brings and what its owner does. See
//! [`ssh_play`](crate::testing::ssh_play).

use crate::testing::ssh_play::play;

pub fn run(data: &[u8]) {
    play(data);
}

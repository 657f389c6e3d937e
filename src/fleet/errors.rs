//! Where the errors of the protocols become ours: who is at fault, and what to tell the person who asked.

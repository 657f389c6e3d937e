//! How many descriptors this process may have: one for each file, socket and pipe that it holds open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Has the process be given so many, or as many as an administrator lets it have; how many they then are. Shells and
/// service managers begin with 1,024, which programs that use `select` need (systemd.exec(5), "LimitNOFILE"). More than
/// are wanted are not taken, as the programs that we start inherit the limit, and some go through all there could be.
pub fn raise(wanted: u64) -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = maximum.map_or(wanted, |maximum| wanted.min(maximum));
    if current.is_some_and(|current| current < raised) {
        // Where it is refused, what there is is what counts.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum });
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

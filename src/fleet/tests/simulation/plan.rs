//! What a seed makes of a world: its cores, bounds and hosts, and how those behave.

use std::fmt::Write;

use crate::base::time::Duration;
use crate::testing::choices::Choices;

/// See the module's documentation.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub cores: usize,
    /// How long mail between cores is under way.
    pub mail: Duration,
    pub connections: usize,
    pub rights: usize,
    pub places: usize,
    pub clients: u64,
    /// The longest that work takes on a host that is well.
    pub work_max: Duration,
    pub hosts: Vec<HostPlan>,
}

#[derive(Debug, Clone)]
pub(super) struct HostPlan {
    pub nature: Nature,
    /// The host before it, which has a smaller number.
    pub hop: Option<usize>,
    pub delay: Duration,
    /// Sessions on one connection.
    pub sessions: usize,
    pub has_files: bool,
    /// It lets few log in at once.
    pub is_crowded: bool,
    /// A login is computed, and not only waited for.
    pub logs_in: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nature {
    Well,
    /// Dials never end.
    Dead,
    /// Dials fail at once.
    Refusing,
    /// It lets everybody in and says nothing more.
    Mute,
    /// Any of these for a while, and connections break.
    Flapping,
}

impl Plan {
    /// A world in which anything may happen.
    pub fn draw(choices: &mut Choices<'_>) -> Self {
        use Nature::{Dead, Flapping, Mute, Refusing, Well};
        let mut plan = Self::bounds(choices);
        let count = 3 + usize::from(choices.u8() % 8);
        let natures = [Well, Well, Well, Well, Well, Dead, Refusing, Mute, Flapping, Flapping];
        plan.hosts = (0..count).map(|number| HostPlan::draw(choices, number, &natures)).collect();
        plan
    }

    /// A world in which nothing breaks, for those who keep it busy all the time.
    pub fn draw_siege(choices: &mut Choices<'_>) -> Self {
        use Nature::{Dead, Refusing, Well};
        let mut plan = Self { places: 100, ..Self::bounds(choices) };
        let count = 2 + usize::from(choices.u8() % 4);
        let natures = [Well, Well, Well, Well, Well, Well, Dead, Refusing];
        plan.hosts = (0..count).map(|number| HostPlan::draw(choices, number, &natures)).collect();
        // However many cores have got hold of all but one of the connections that a way takes, there is one for one of them.
        plan.connections = plan.connections.max(plan.cores * (plan.legs_max() - 1) + 1);
        plan
    }

    fn bounds(choices: &mut Choices<'_>) -> Self {
        Self {
            cores: 1 + usize::from(choices.u8() % 3),
            mail: Duration::from_micros(choices.pick(&[0, 10, 1_000])),
            connections: 1 + usize::from(choices.u8() % 6),
            rights: 1 + usize::from(choices.u8() % 6),
            places: 2 + usize::from(choices.u8() % 20),
            clients: 2 + u64::from(choices.u8() % 4),
            work_max: Duration::from_millis(choices.pick(&[50, 300, 1_000, 2_000])),
            hosts: Vec::new(),
        }
    }

    /// The SSH configuration, with every host at its port.
    pub fn config(&self, ports: &[u16]) -> String {
        let mut text = String::new();
        for (number, (host, port)) in self.hosts.iter().zip(ports).enumerate() {
            let hop = host.hop.map_or_else(String::new, |hop| format!(" ProxyJump h{hop}\n"));
            writeln!(text, "Host h{number}\n Port {port}\n{hop}").expect("a string takes everything");
        }
        text
    }

    /// A host and those before it.
    pub fn way(&self, host: usize) -> Vec<usize> {
        std::iter::successors(Some(host), |host| self.hosts[*host].hop).collect()
    }

    /// Of the longest way.
    pub fn legs_max(&self) -> usize {
        (0..self.hosts.len()).map(|host| self.way(host).len()).max().unwrap_or_default()
    }

    /// Whether nothing is ever wrong with a host or with the way there.
    pub fn is_well(&self, host: usize) -> bool {
        self.way(host).into_iter().all(|leg| {
            let leg = &self.hosts[leg];
            leg.nature == Nature::Well && leg.sessions > 1 && leg.has_files
        })
    }
}

impl HostPlan {
    fn draw(choices: &mut Choices<'_>, number: usize, natures: &[Nature]) -> Self {
        Self {
            nature: choices.pick(natures),
            hop: (number > 0 && choices.u8().is_multiple_of(4))
                .then(|| usize::from(choices.u8() % 2) % number),
            delay: Duration::from_millis(choices.pick(&[1, 5, 5, 20, 20, 250])),
            sessions: choices.pick(&[10, 10, 10, 10, 3, 2, 1]),
            has_files: !choices.u8().is_multiple_of(4),
            is_crowded: choices.u8().is_multiple_of(8),
            logs_in: choices.u8().is_multiple_of(8),
        }
    }
}

//! A world that does what its seed says, and is looked at whenever it pauses.

use std::cell::{Cell, RefCell};
use std::iter;
use std::rc::Rc;
use std::sync::Arc;

use super::CLASSES;
use super::model::Model;
use super::plan::{HostPlan, Nature, Plan};
use super::request::{Answer, Request, What, Work, Works, files, name};
use super::trace::Trace;
use crate::base::time::{Duration, Instant};
use crate::base::{Error, Kind};
use crate::config::Settings;
use crate::fleet::{Claim, Class, ClientId, Fleet, Quota, Quotas, Repeat, Shards};
use crate::testing::choices::Choices;
use crate::testing::cores::Cores;
use crate::testing::ssh_server::ServerConfig;
use crate::testing::world::{Daemon, SimHost, World};
use crate::testing::{self, Crypto, Logins};

/// After this everything that was begun is over: deadlines, idle times, and what is ended by force.
const NIGHT: Duration = Duration::from_secs(400);
/// Nobody waits longer for an answer.
const DEADLINES: [u64; 5] = [500, 3_000, 10_000, 20_000, 60_000];

/// Where a host lets itself be dialled, and where else.
const PORT: u16 = 22;
const OTHER_PORT: u16 = 2222;

/// What was seen of a host.
#[derive(Debug, Clone, Copy)]
struct Seen {
    port: u16,
    /// When the configuration gave it this port.
    moved: Instant,
    dials: usize,
}

/// See the module's documentation.
pub(super) struct Site<'a> {
    world: World,
    plan: Plan,
    cores: Rc<Cores>,
    shards: Vec<Rc<Shards>>,
    settings: Settings,
    hosts: RefCell<Vec<Seen>>,
    works: Arc<Works>,
    requests: RefCell<Vec<Request>>,
    model: RefCell<Model>,
    asked: Cell<usize>,
    began: Instant,
    trace: &'a Trace,
}

impl<'a> Site<'a> {
    pub fn new(plan: Plan, trace: &'a Trace) -> Self {
        let count = plan.hosts.len();
        let world = World::with_config(&plan.config(&vec![PORT; count]));
        let daemon = Rc::new(Daemon::default());
        daemon.begin.set(2);
        daemon.full.set(4);
        for (number, host) in plan.hosts.iter().enumerate() {
            host.apply(world.host(&format!("h{number}")), &daemon);
        }
        let mut settings = testing::settings();
        settings.max_pool_size = plan.connections;
        settings.max_concurrency = plan.rights;
        settings.max_queue = plan.places;
        let cores = Cores::new(&world, &settings, plan.cores, plan.mail);
        let shards = (0..plan.cores).map(|core| cores.shards(core)).collect();
        let began = world.now();
        trace.note(Duration::ZERO, format_args!("{plan:?}"));
        Self {
            world,
            plan,
            cores,
            shards,
            settings,
            hosts: RefCell::new(vec![Seen { port: PORT, moved: began, dials: 0 }; count]),
            works: Arc::default(),
            requests: RefCell::default(),
            model: RefCell::default(),
            asked: Cell::default(),
            began,
            trace,
        }
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    // --- what happens --------------------------------------------------------------------------------------------

    /// One thing.
    pub fn act(&self, choices: &mut Choices<'_>) {
        match choices.u8() % 16 {
            0..6 => {
                let host = self.any_host(choices);
                self.ask_for(host, choices);
            }
            6..8 => {
                let host = self.any_host(choices);
                (0..1 + choices.u8() % 16).for_each(|_| self.ask_for(host, choices));
            }
            8..10 => (0..1 + choices.u8() % 4).for_each(|_| self.cancel(usize::from(choices.u8()))),
            10..13 => self.trouble(choices),
            13 => self.reload(choices),
            _ => {}
        }
    }

    /// Requests that are not answered.
    pub fn open(&self, of: impl Fn(&Request) -> bool) -> usize {
        self.requests.borrow().iter().filter(|request| of(request)).count()
    }

    /// Somebody asks for something.
    fn ask_for(&self, host: usize, choices: &mut Choices<'_>) {
        let class = choices.pick(&CLASSES);
        let deadline = Duration::from_millis(choices.pick(&DEADLINES));
        self.ask_as(u64::from(choices.u8()) % self.plan.clients, class, host, deadline, choices);
    }

    pub fn ask_as(
        &self,
        client: u64,
        class: Class,
        host: usize,
        deadline: Duration,
        choices: &mut Choices<'_>,
    ) {
        let what = self.what(choices);
        let claim = Claim { class, client: ClientId(client), deadline: self.world.now() + deadline };
        self.ask(usize::from(choices.u8()), host, what, claim, false);
    }

    /// Somebody who has nothing else under way asks a host that is well, and has the time that this may take.
    pub fn ask_politely(&self, class: Class, host: usize, choices: &mut Choices<'_>) {
        let deadline = self.world.now() + self.plan.wait_max(class);
        let claim = Claim { class, client: ClientId(self.plan.clients), deadline };
        self.ask(usize::from(choices.u8()), host, self.what(choices), claim, true);
    }

    fn what(&self, choices: &mut Choices<'_>) -> What {
        let takes = self.plan.work_max * u32::from(choices.u8()) / 255;
        match choices.u8() % 3 {
            0 => What::Read,
            1 => What::Command { takes, repeat: Repeat::Safe },
            _ => What::Command { takes, repeat: Repeat::Never },
        }
    }

    fn ask(&self, core: usize, host: usize, what: What, claim: Claim, is_polite: bool) {
        let number = self.asked.get();
        self.asked.set(number + 1);
        self.model.borrow_mut().note_asked();
        let core = core % self.plan.cores;
        let time = claim.deadline - self.world.now();
        let Claim { class, client, .. } = claim;
        self.note(format_args!(
            "r{number}: {client:?} {class:?} at core {core}: {what:?} on h{host} in {time:?}"
        ));
        let (shards, work) =
            (Rc::clone(&self.shards[core]), Work { number, host, what, works: Arc::clone(&self.works) });
        let handle = self
            .world
            .spawn(async move { shards.on(&format!("h{host}"), claim, |caller| work.perform(caller)).await });
        self.requests.borrow_mut().push(Request { number, host, what, claim, is_polite, handle });
    }

    fn cancel(&self, which: usize) {
        let mut requests = self.requests.borrow_mut();
        if requests.is_empty() {
            return;
        }
        let place = which % requests.len();
        let request = requests.remove(place);
        request.handle.cancel();
        self.note(format_args!("r{} is taken back", request.number));
        self.model.borrow_mut().note_cancelled(&request);
    }

    /// Something happens to a host that is made for it.
    fn trouble(&self, choices: &mut Choices<'_>) {
        let number = self.any_host(choices);
        if self.plan.hosts[number].nature != Nature::Flapping {
            return;
        }
        let host = self.world.host(&format!("h{number}"));
        let (what, flag) = (choices.u8() % 6, choices.flag());
        self.note(format_args!("h{number}: trouble {what} {flag}"));
        match what {
            0 => host.never_answers.set(flag),
            1 => drop(host.refusal.replace(flag.then(unreachable))),
            2 => host.is_mute.set(flag),
            3 => host.cut.set(Some(usize::from(choices.u16() % 4_000))),
            4 if host.open() > 0 => host.last().end_subsystems(),
            _ if host.open() > 0 => host.last().break_off(),
            _ => {}
        }
    }

    /// A host gets another port, or none does.
    fn reload(&self, choices: &mut Choices<'_>) {
        let changed = choices.flag().then(|| self.any_host(choices));
        if let Some(host) = changed {
            let seen = &mut self.hosts.borrow_mut()[host];
            seen.port = if seen.port == PORT { OTHER_PORT } else { PORT };
            seen.moved = self.world.now();
        }
        self.note(format_args!("reload, with another port for {changed:?}"));
        let ports: Vec<_> = self.hosts.borrow().iter().map(|seen| seen.port).collect();
        let config = World::config(&self.plan.config(&ports));
        // It is read by one core, so that the others hear of one change after the other.
        self.shards[0].reconfigure(&config, &self.settings);
    }

    fn any_host(&self, choices: &mut Choices<'_>) -> usize {
        usize::from(choices.u8()) % self.plan.hosts.len()
    }

    // --- what is looked at ---------------------------------------------------------------------------------------

    /// Time goes by.
    pub fn pass(&self, time: Duration) {
        self.world.watch(time, || self.look());
    }

    /// Nobody asks any more, and some do not wait for their answers.
    pub fn end(&self, choices: &mut Choices<'_>) {
        (0..choices.u8() % 8).for_each(|_| self.cancel(usize::from(choices.u8())));
        let last = self.requests.borrow().iter().map(|request| request.claim.deadline).max();
        self.pass(last.map_or(NIGHT, |last| NIGHT + (last - self.world.now())));
        assert_eq!(self.requests.borrow().len(), 0, "requests without an answer");
        for (core, fleet) in self.cores.fleets().iter().enumerate() {
            let held = quotas(fleet).map(|quota| quota.held());
            assert_eq!(held, [0; 3], "core {core} holds connections, rights, places");
        }
        let bounds = [self.plan.connections, self.plan.rights, self.plan.rights + self.plan.places];
        let left = quotas(self.shards[0].own()).map(|quota| iter::from_fn(|| quota.try_take()).collect());
        assert_eq!(left.map(|grants: Vec<_>| grants.len()), bounds, "connections, rights, places are left");
        // Some of them go to a core that has wanted them once.
        self.pass(NIGHT);
        assert_eq!(self.connections(), 0, "connections");
        assert_eq!(self.world.left(), (0, 0), "tasks and timers");
        self.cores.end();
        self.model.borrow().check_unsafe_work(&self.world);
        self.model.borrow().check_answers();
        self.check_refusals();
    }

    /// Everything has happened that can happen now.
    fn look(&self) {
        self.take_answers();
        self.works.take_losses().iter().for_each(|loss| {
            self.note(format_args!("r{} lost: {}", loss.request, loss.error));
            self.plan.check_loss(loss);
        });
        self.check_bounds();
        self.check_ways();
    }

    fn take_answers(&self) {
        let mut requests = self.requests.borrow_mut();
        let (now, mut is_refused) = (self.world.now(), false);
        for request in requests.extract_if(.., |request| request.handle.is_done()) {
            let answer = request.handle.output();
            self.note(format_args!("{} -> {answer:?}", name(request.number)));
            self.model.borrow_mut().note_answered(&request, &answer);
            assert!(!request.is_due(self.plan.mail, now), "r{} was answered too late", request.number);
            let is_served = !request.is_polite || answer == Ok(Answer::Done);
            assert!(is_served, "r{} had the time it may take, and got {answer:?}", request.number);
            is_refused |= answer.is_err_and(|error| error.reason().is_some());
        }
        if is_refused {
            self.check_refusals();
        }
        for request in requests.iter() {
            assert!(!request.is_due(self.plan.mail, now), "r{} has no answer", request.number);
        }
    }

    fn check_refusals(&self) {
        self.model.borrow().check_refusals(&self.shards[0].own().snapshot(), self.plan.mail);
    }

    fn check_bounds(&self) {
        let fleets = self.cores.fleets();
        let held = |bound: usize| fleets.iter().map(|fleet| quotas(fleet)[bound].held()).sum::<usize>();
        let [connections, executing, admitted] = [0, 1, 2].map(held);
        assert!(connections <= self.plan.connections, "{connections} connections");
        assert!(executing <= self.plan.rights, "{executing} execute");
        assert!(admitted <= self.plan.rights + self.plan.places, "{admitted} are taken on");
        let open = self.connections();
        assert!(open <= connections, "{open} connections at the hosts, {connections} counted");
        assert_eq!(executing, self.works.inside(), "rights held, and work under way");
        let arrived = self.works.arrived();
        // Who can begin at once does so even where all places are taken.
        assert!((admitted..=admitted + executing).contains(&arrived), "{admitted} are taken on of {arrived}");
        assert!(arrived <= self.requests.borrow().len(), "{arrived} are there");
        self.trace.note_change(self.world.now() - self.began, [open, executing, arrived - executing]);
    }

    /// Nobody goes the way of an old configuration, once all cores have heard of the new one.
    fn check_ways(&self) {
        let mut hosts = self.hosts.borrow_mut();
        for (number, seen) in hosts.iter_mut().enumerate() {
            let host = self.world.host(&format!("h{number}"));
            if host.dials() == seen.dials {
                continue;
            }
            seen.dials = host.dials();
            let is_told = self.world.now() > seen.moved + self.plan.mail;
            assert!(!is_told || host.port() == seen.port, "h{number} was dialled at port {}", host.port());
        }
    }

    /// Those that hosts know of.
    fn connections(&self) -> usize {
        let hosts = (0..self.plan.hosts.len()).map(|number| self.world.host(&format!("h{number}")));
        hosts.map(|host| host.open() + host.dialling()).sum()
    }

    fn note(&self, what: std::fmt::Arguments<'_>) {
        self.trace.note(self.world.now() - self.began, what);
    }
}

fn quotas(fleet: &Fleet) -> [&Rc<Quota>; 3] {
    let Quotas { connections, executing, admitted } = fleet.quotas();
    [connections, executing, admitted]
}

impl HostPlan {
    fn apply(&self, host: &SimHost, crowded: &Rc<Daemon>) {
        let server = ServerConfig {
            sftp: self.has_files.then_some(files),
            sessions_max: self.sessions,
            ..ServerConfig::default()
        };
        host.delay.set(self.delay);
        if self.is_crowded {
            host.daemon.replace(Rc::clone(crowded));
        }
        if !self.logs_in {
            let logins = Logins::new(server.clone(), 10 * self.delay, Crypto::None { stock: 0 });
            host.logins.replace(Some(Rc::new(logins)));
        }
        host.server.replace(server);
        match self.nature {
            Nature::Dead => host.never_answers.set(true),
            Nature::Refusing => drop(host.refusal.replace(Some(unreachable()))),
            Nature::Mute => host.is_mute.set(true),
            Nature::Well | Nature::Flapping => {}
        }
    }
}

fn unreachable() -> Error {
    Error::new(Kind::Unreachable, "Cannot connect: connection refused")
}

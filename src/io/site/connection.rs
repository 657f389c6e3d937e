//! The connections to the hosts of a fleet: who is let in, and what carries the bytes.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener as StdListener};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_channel::Receiver;
use futures_util::future::{Either, select};
use monoio::io::{AsyncReadRent, AsyncWriteRentExt, OwnedReadHalf, OwnedWriteHalf, Splitable};
use monoio::net::{TcpListener, TcpStream};

use super::Fleet;
use super::counts::Core;
use crate::base::jitter::Jitter;
use crate::base::limits::{
    SIMULATED_ACCEPT_PAUSE, SIMULATED_CONNECTION_BYTES, SIMULATED_SLACK, SIMULATED_WAIT,
};
use crate::base::time;
use crate::io::alarm::Alarm;
use crate::io::runtime;
use crate::simulated::host::Installed;
use crate::simulated::plan;
use crate::simulated::server::{Fate, Server, Tally};
use crate::simulated::way::Way;
use crate::simulated::weather::Sky;

/// What one core plays with.
struct Stage {
    fleet: Arc<Fleet>,
    core: usize,
    alarm: Rc<Alarm>,
    /// Draws the weather of every connection, and who is dropped.
    luck: Jitter,
}

impl Stage {
    fn counters(&self) -> &Core {
        self.fleet.counters.core(self.core)
    }
}

/// Serves until it is told to stop.
///
/// Errors: the event loop does not take the socket.
pub(super) async fn accept(
    listener: StdListener,
    fleet: Arc<Fleet>,
    core: usize,
    stopped: Receiver<()>,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let luck = Jitter::new(fleet.plan.seed.wrapping_add(core as u64));
    let stage = Rc::new(Stage { fleet, core, alarm: Alarm::start(SIMULATED_SLACK)?, luck });
    let accept = pin!(async {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => runtime::spawn(play(stream, Rc::clone(&stage))),
                // Descriptors may be there again in a moment.
                Err(_) => runtime::sleep_until(time::now() + SIMULATED_ACCEPT_PAUSE).await,
            }
        }
    });
    select(accept, pin!(stopped.recv())).await;
    Ok(())
}

/// How a connection ends is the client's affair.
async fn play(stream: TcpStream, stage: Rc<Stage>) {
    let Some(n) = host_of(&stream).filter(|n| *n <= stage.fleet.plan.hosts) else { return };
    let counters = stage.counters();
    Core::count(&counters.connections);
    Core::count(&counters.open);
    let lost = match stage.fleet.plan.is_silent(n) {
        true => ignore(stream).await.map(|()| Fate::Closed),
        false => serve(stream, &stage, n).await,
    };
    match lost {
        Ok(Fate::Lost) => Core::count(&counters.lost),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Core::count(&counters.faults),
        _ => {}
    }
    counters.open.fetch_sub(1, Ordering::Relaxed);
}

/// The host that was called. Nobody outside this machine can have called one.
fn host_of(stream: &TcpStream) -> Option<usize> {
    match stream.local_addr() {
        Ok(SocketAddr::V4(address)) => {
            let peer = stream.peer_addr().ok()?.ip();
            plan::host_at(*address.ip()).filter(|_| matches!(peer, IpAddr::V4(peer) if peer.is_loopback()))
        }
        _ => None,
    }
}

/// Says nothing until the client has enough of it.
async fn ignore(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(1024);
    loop {
        let (read, filled) = stream.read(buffer).await;
        if read? == 0 {
            return Ok(());
        }
        buffer = filled;
    }
}

async fn serve(stream: TcpStream, stage: &Stage, n: usize) -> io::Result<Fate> {
    let fleet = &stage.fleet;
    let Some(startup) = Startup::begin(fleet, n, &stage.luck) else {
        Core::count(&stage.counters().dropped);
        return Ok(Fate::Closed);
    };
    let (Some(keys), name) = (fleet.key(n), plan::name(n)) else { return Ok(Fate::Closed) };
    let programs = Arc::new(Installed::new(Arc::clone(&fleet.tree), name));
    let sky = Sky::new(fleet.plan.weather, stage.luck.seed());
    let mut server = Server::new(Arc::clone(&fleet.terms), Arc::clone(keys), programs, sky, time::now());
    server.start_exchange();
    let (reader, writer) = stream.into_split();
    let (startup, way, told, output) = (Some(startup), server.way(), Tally::default(), Vec::new());
    Wire { server, reader, writer, startup, way, told, output }.carry(stage).await
}

/// The bytes of one connection.
struct Wire {
    server: Server,
    reader: OwnedReadHalf<TcpStream>,
    writer: OwnedWriteHalf<TcpStream>,
    /// Until it has logged in.
    startup: Option<Startup>,
    /// The client's; `None` where bytes take no time.
    way: Option<Way>,
    /// What was counted already.
    told: Tally,
    output: Vec<u8>,
}

impl Wire {
    async fn carry(mut self, stage: &Stage) -> io::Result<Fate> {
        let mut buffer = Vec::with_capacity(SIMULATED_CONNECTION_BYTES);
        loop {
            self.send().await?;
            self.tell(stage);
            if self.server.is_over() {
                return Ok(self.server.fate());
            }
            let (read, filled) = self.read(buffer, stage).await?;
            if read == 0 {
                let is_lost = self.server.fate() == Fate::Lost;
                return Ok(if is_lost { Fate::Lost } else { Fate::Closed });
            }
            let handled = self.server.handle_input(&filled, time::now());
            handled.map_err(|fault| io::Error::new(io::ErrorKind::InvalidData, fault))?;
            buffer = filled;
            buffer.clear();
        }
    }

    /// What comes next of the client; meanwhile what is due is said.
    async fn read(&mut self, buffer: Vec<u8>, stage: &Stage) -> io::Result<(usize, Vec<u8>)> {
        let Self { server, reader, writer, way, output, .. } = self;
        // A read is not dropped while the connection lives: what it has read would be lost.
        let mut reading = pin!(async {
            let asked = time::now();
            let (read, filled) = reader.read(buffer).await;
            if let Some(way) = way {
                let now = time::now();
                let arrival = way.pass(filled.len(), now, now - asked < SIMULATED_WAIT);
                stage.alarm.sleep_until(arrival).await;
            }
            (read, filled)
        });
        let (read, filled) = loop {
            let Some(at) = server.poll_timeout() else { break reading.await };
            match select(reading.as_mut(), stage.alarm.sleep_until(at)).await {
                Either::Left((read, _)) => break read,
                Either::Right(_) => {
                    server.handle_timeout(time::now());
                    send(server, writer, output).await?;
                    if server.is_over() {
                        return Ok((0, Vec::new()));
                    }
                }
            }
        };
        Ok((read?, filled))
    }

    async fn send(&mut self) -> io::Result<()> {
        if self.server.fate() == Fate::Lost {
            return Ok(());
        }
        send(&mut self.server, &mut self.writer, &mut self.output).await
    }

    fn tell(&mut self, stage: &Stage) {
        let tally = self.server.tally();
        if tally != self.told {
            stage.counters().add(tally, self.told);
            self.told = tally;
        }
        if self.server.is_logged_in() {
            self.startup = None;
        }
    }
}

/// Everything that may be said at one moment leaves in one write.
async fn send(
    server: &mut Server,
    writer: &mut OwnedWriteHalf<TcpStream>,
    output: &mut Vec<u8>,
) -> io::Result<()> {
    while server.poll_transmit(output, time::now()) {
        let (sent, given) = writer.write_all(std::mem::take(output)).await;
        sent?;
        *output = given;
        output.clear();
        // What a large answer needed is not kept for the next.
        output.shrink_to(SIMULATED_CONNECTION_BYTES);
    }
    Ok(())
}

/// A connection that has not logged in yet.
struct Startup {
    fleet: Arc<Fleet>,
    n: usize,
}

impl Startup {
    /// `None` when it is dropped.
    fn begin(fleet: &Arc<Fleet>, n: usize, luck: &Jitter) -> Option<Self> {
        let before = fleet.counters.startups(n)?.fetch_add(1, Ordering::Relaxed);
        let startup = Self { fleet: Arc::clone(fleet), n };
        let is_dropped = fleet.plan.startups.is_some_and(|startups| startups.drops(before, luck));
        (!is_dropped).then_some(startup)
    }
}

impl Drop for Startup {
    fn drop(&mut self) {
        if let Some(startups) = self.fleet.counters.startups(self.n) {
            AtomicUsize::fetch_sub(startups, 1, Ordering::Relaxed);
        }
    }
}

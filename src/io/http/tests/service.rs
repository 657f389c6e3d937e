//! A server in a thread, and what it is asked for.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use async_channel::{Receiver, Sender};
use futures_util::future::{self, LocalBoxFuture};
use futures_util::{FutureExt, StreamExt, stream};

use super::super::{Options, Places, Server, Tls, bind, serve};
use super::PATIENCE;
use crate::base::time::Duration;
use crate::http::{Peer, Refusal, Request, Response, Service, Status, Terms};
use crate::io::runtime;

/// More than sockets hold for a reader who does not come.
pub(super) const LONG: usize = 24 * 1024 * 1024;

/// How the server is to be.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pub(super) terms: Terms,
    pub(super) places: usize,
    pub(super) tls: Option<Tls>,
}

impl Default for Site {
    fn default() -> Self {
        Self { terms: Terms::default(), places: 1000, tls: None }
    }
}

/// The server as a test sees it.
pub(super) struct Running {
    pub(super) address: SocketAddr,
    refusals: Arc<Mutex<Vec<Refusal>>>,
    begun: mpsc::Receiver<()>,
    dropped: mpsc::Receiver<()>,
    orders: Sender<Order>,
    told: mpsc::Receiver<usize>,
}

/// What the test wants of the server's thread.
enum Order {
    Drain(Duration),
    Count,
}

impl Running {
    pub(super) fn refusals(&self) -> Vec<Refusal> {
        self.refusals.lock().unwrap().clone()
    }

    /// A request that takes its time has begun, or has been dropped unfinished.
    pub(super) fn begun(&self) {
        self.begun.recv_timeout(PATIENCE).unwrap();
    }

    pub(super) fn dropped(&self) {
        self.dropped.recv_timeout(PATIENCE).unwrap();
    }

    /// Begins to drain; whether everybody had left by then is told by [`Self::drained`].
    pub(super) fn drain(&self, patience: Duration) {
        self.orders.send_blocking(Order::Drain(patience)).unwrap();
    }

    pub(super) fn drained(&self) -> bool {
        self.told.recv_timeout(PATIENCE).unwrap() == 1
    }

    pub(super) fn until_connections(&self, count: usize) {
        let begun = crate::base::time::now();
        loop {
            self.orders.send_blocking(Order::Count).unwrap();
            if self.told.recv_timeout(PATIENCE).unwrap() == count {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "connections stay");
            thread::yield_now();
        }
    }
}

/// Runs the test with a server beside it: on io_uring, or what the kernel offers instead, and on epoll.
pub(super) fn serving(site: Site, test: impl Fn(&Running)) {
    serving_with(site.clone(), runtime::run, &test);
    serving_with(site, runtime::run_on_epoll, &test);
}

fn serving_with(
    site: Site,
    run: fn(LocalBoxFuture<'static, ()>) -> io::Result<()>,
    test: &impl Fn(&Running),
) {
    let mut sockets = bind("127.0.0.1:0".parse().unwrap(), 1).unwrap();
    let socket = sockets.pop().unwrap();
    let address = socket.address().unwrap();
    let refusals = Arc::<Mutex<Vec<_>>>::default();
    let ((begins, begun), (drops, dropped)) = (mpsc::channel(), mpsc::channel());
    let ((orders, ordered), (tell, told)) = (async_channel::unbounded(), mpsc::channel());
    let counted = Arc::clone(&refusals);
    let thread = thread::spawn(move || {
        let serves = async move {
            let service = Rc::new(Tester { refusals: counted, begins, drops });
            let options = Options { terms: site.terms, places: Places::new(site.places), tls: site.tls };
            obey(serve(socket, service, options).unwrap(), ordered, tell).await;
        };
        run(serves.boxed_local()).unwrap();
    });
    let running = Running { address, refusals, begun, dropped, orders, told };
    test(&running);
    drop(running);
    thread.join().unwrap();
}

/// Until the test is over.
async fn obey(server: Server, ordered: Receiver<Order>, tell: mpsc::Sender<usize>) {
    while let Ok(order) = ordered.recv().await {
        let told = match order {
            Order::Drain(patience) => usize::from(server.drain(patience).await),
            Order::Count => server.connections(),
        };
        tell.send(told).unwrap();
    }
}

struct Tester {
    refusals: Arc<Mutex<Vec<Refusal>>>,
    begins: mpsc::Sender<()>,
    drops: mpsc::Sender<()>,
}

/// Tells when it is dropped.
struct Tells(mpsc::Sender<()>);

impl Drop for Tells {
    fn drop(&mut self) {
        // At the end of a test nobody listens any more.
        let _ = self.0.send(());
    }
}

impl Service for Tester {
    fn call(&self, request: Request, peer: Peer) -> LocalBoxFuture<'static, Response> {
        assert!(peer.address.is_loopback());
        let ok = Response::new(Status::OK);
        match request.path() {
            "/echo" => future::ready(ok.body("text/plain", request.body)).boxed_local(),
            "/tls" => future::ready(ok.body("text/plain", peer.is_encrypted.to_string())).boxed_local(),
            "/hang" => {
                let tells = Tells(self.drops.clone());
                self.begins.send(()).unwrap();
                async move {
                    future::pending::<()>().await;
                    drop(tells);
                    ok
                }
                .boxed_local()
            }
            "/slow" => {
                self.begins.send(()).unwrap();
                let wake = crate::base::time::now() + Duration::from_millis(200);
                async move {
                    runtime::sleep_until(wake).await;
                    ok
                }
                .boxed_local()
            }
            "/events" => {
                let events = ["one", "two\nlines"].map(|data| {
                    let mut out = Vec::new();
                    crate::http::sse::Event { data: Some(data), ..Default::default() }.write(&mut out);
                    out
                });
                future::ready(ok.events(stream::iter(events))).boxed_local()
            }
            "/long" => future::ready(ok.body("text/plain", vec![b'x'; LONG])).boxed_local(),
            "/endless" => {
                let tells = Tells(self.drops.clone());
                self.begins.send(()).unwrap();
                let endless = stream::repeat(vec![b'x'; 10_000]).map(move |piece| {
                    let _ = &tells;
                    piece
                });
                future::ready(ok.events(endless)).boxed_local()
            }
            "/one-event" => {
                let tells = Tells(self.drops.clone());
                self.begins.send(()).unwrap();
                let one = stream::iter([b"data: 1\n\n".to_vec()]).chain(stream::pending());
                let one = one.map(move |piece| {
                    let _ = &tells;
                    piece
                });
                future::ready(ok.events(one)).boxed_local()
            }
            _ => future::ready(Response::new(Status::NOT_FOUND)).boxed_local(),
        }
    }

    fn handle_refusal(&self, refusal: Refusal, _: Peer) {
        self.refusals.lock().unwrap().push(refusal);
    }
}

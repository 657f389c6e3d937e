//! What HTTP costs: `cargo bench --bench http`.
//!
//! First a request of 300 bytes through the machine alone, without sockets. Then the same through the listener, and
//! through hyper on tokio in the same run: a thread each, the client of both in another one that keeps 64 connections
//! busy. The CPU time is that of the server's thread, with what the kernel does for it.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, clippy::cast_precision_loss)]

use std::convert::Infallible;
use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use futures_util::FutureExt;
use futures_util::future::{self, LocalBoxFuture};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::time::{ClockId, clock_gettime};
use scout_mcp::http::{
    Body, Connection, Date, Intake, Peer, Request, Response, Service, Status, Step, Terms,
};
use scout_mcp::io::{http, runtime};

const CONNECTIONS: usize = 64;
/// Rounds of one request on each connection.
const ROUNDS: usize = 5_000;
/// What is answered: a small result.
const ANSWER: &[u8] = &[b'x'; 200];

fn main() {
    machine(&mut Criterion::default().configure_from_args());
    // `cargo test --benches` runs this as a test: once through, to see that it works.
    let rounds = if std::env::args().any(|argument| argument == "--bench") { ROUNDS } else { ROUNDS / 100 };
    println!("| server | requests/s | its CPU each |");
    println!("|---|---|---|");
    for _ in 0..3 {
        measure("ours", rounds, ours);
        measure("hyper on tokio", rounds, hypers);
    }
}

/// A POST of 300 bytes to this target.
fn request(target: &str) -> Vec<u8> {
    let head = format!(
        "POST {target} HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nAccept: application/json, text/event-stream\r\n\
         Content-Type: application/json\r\nMCP-Protocol-Version: 2025-11-25\r\nUser-Agent: bench\r\n"
    );
    let body = "x".repeat(300 - head.len() - "Content-Length: 100\r\n\r\n".len());
    format!("{head}Content-Length: {:03}\r\n\r\n{body}", body.len()).into_bytes()
}

fn machine(criterion: &mut Criterion) {
    let (request, date, now) = (request("/mcp"), Date::at(0), Instant::now());
    let mut connection =
        Connection::new(Rc::new(Intake::new(Terms { requests_max: u32::MAX, ..Terms::default() })), now);
    let mut out = Vec::new();
    let mut group = criterion.benchmark_group("http");
    group.throughput(Throughput::Bytes(request.len() as u64));
    group.bench_function("a request of 300 bytes, read and answered", |bencher| {
        bencher.iter(|| {
            connection.handle_input(black_box(&request), now);
            let Step::Request(request) = connection.poll(now) else { panic!("it is a request") };
            black_box(request.headers.get("mcp-protocol-version"));
            let response = Response::new(Status::OK).body("application/json", ANSWER);
            out.clear();
            connection.respond(&response, &date, &mut out);
            if let Body::Full(body) = &response.body {
                out.extend_from_slice(body);
            }
            connection.handle_responded(now);
            black_box(&out);
        });
    });
    group.finish();
}

/// What one server does in so many rounds. `serve` serves in this thread until the sender of addresses is dropped.
fn measure(name: &str, rounds: usize, serve: fn(mpsc::Sender<SocketAddr>)) {
    let (tell, told) = mpsc::channel();
    // It ends with the process.
    thread::spawn(move || serve(tell));
    let address = told.recv().unwrap();
    let mut streams: Vec<_> = (0..CONNECTIONS).map(|_| TcpStream::connect(address).unwrap()).collect();
    let request = request("/mcp");
    let round = |streams: &mut Vec<TcpStream>| {
        streams.iter_mut().for_each(|stream| stream.write_all(&request).unwrap());
        streams.iter_mut().for_each(|stream| drop(answer(stream)));
    };
    (0..rounds / 10).for_each(|_| round(&mut streams));
    let (begun, before) = (Instant::now(), spent(&mut streams[0]));
    (0..rounds).for_each(|_| round(&mut streams));
    let (took, spent) = (begun.elapsed(), spent(&mut streams[0]) - before);
    let requests = rounds * CONNECTIONS;
    let rate = requests as f64 / took.as_secs_f64();
    println!("| {name} | {rate:.0} | {:.2} µs |", spent.as_secs_f64() * 1e6 / requests as f64);
}

/// The CPU time of the server's thread, as it tells itself.
fn spent(stream: &mut TcpStream) -> Duration {
    stream.write_all(&request("/spent")).unwrap();
    Duration::from_nanos(String::from_utf8(answer(stream)).unwrap().parse().unwrap())
}

/// The body of one answer, which comes in one piece or two.
fn answer(stream: &mut TcpStream) -> Vec<u8> {
    let (mut buffer, mut filled) = ([0; 2048], 0);
    loop {
        filled += stream.read(&mut buffer[filled..]).unwrap();
        let text = str::from_utf8(&buffer[..filled]).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
        if body.len() == length.parse::<usize>().unwrap() {
            return body.as_bytes().to_vec();
        }
    }
}

/// What both answer.
fn body(path: &str) -> Vec<u8> {
    if path == "/mcp" {
        return ANSWER.to_vec();
    }
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    (spent.tv_sec * 1_000_000_000 + spent.tv_nsec).to_string().into_bytes()
}

struct Answers;

impl Service for Answers {
    fn call(&self, request: Request, _: Peer) -> LocalBoxFuture<'static, Response> {
        let body = body(request.path());
        future::ready(Response::new(Status::OK).body("application/json", body)).boxed_local()
    }
}

fn ours(tell: mpsc::Sender<SocketAddr>) {
    let socket = http::bind("127.0.0.1:0".parse().unwrap(), 1).unwrap().pop().unwrap();
    tell.send(socket.address().unwrap()).unwrap();
    let options = http::Options { terms: Terms::default(), places: http::Places::new(1000), tls: None };
    runtime::run(async {
        let _server = http::serve(socket, Rc::new(Answers), options).unwrap();
        future::pending::<()>().await;
    })
    .unwrap();
}

fn hypers(tell: mpsc::Sender<SocketAddr>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(tokio::task::LocalSet::new().run_until(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        tell.send(listener.local_addr().unwrap()).unwrap();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let service = service_fn(async |request: hyper::Request<Incoming>| {
                let (head, received) = request.into_parts();
                black_box(received.collect().await.unwrap().to_bytes());
                let answer = hyper::Response::new(Full::new(Bytes::from(body(head.uri.path()))));
                Ok::<_, Infallible>(answer)
            });
            let mut http = http1::Builder::new();
            let connection = http.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
            tokio::task::spawn_local(async { connection.await.unwrap() });
        }
    }));
}

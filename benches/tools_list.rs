//! `tools/list` over HTTP, asked by wrk, beside hyper on tokio that answers the same bytes: `cargo bench --bench tools_list`.
//!
//! Each server is a process with one thread on one processor, wrk has the others, and they take turns. Ours reads what is
//! asked, in JSON, and looks up the answer; hyper's reads the body and answers without a look at it.
//!
//! Needs wrk and taskset (Debian: `apt-get install wrk util-linux`).

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, clippy::cast_precision_loss)]

#[path = "support/cpu.rs"]
#[allow(dead_code)]
mod cpu;

use std::convert::Infallible;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::{env, fs};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};

/// Names the file with the body that hyper's server, which is this program again, answers with.
const ANSWER: &str = "BENCH_HYPER_ANSWER";

const QUESTION: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"wrk","version":"4"},"io.modelcontextprotocol/clientCapabilities":{}}}}"#;
const HEADERS: [(&str, &str); 4] = [
    ("Content-Type", "application/json"),
    ("Accept", "application/json, text/event-stream"),
    ("MCP-Protocol-Version", "2026-07-28"),
    ("Mcp-Method", "tools/list"),
];

fn main() {
    if let Some(file) = env::var_os(ANSWER) {
        return hyper_serves(&fs::read(file).unwrap());
    }
    // `cargo test --benches` runs this as a test: once through, to see that it works.
    let is_bench = env::args().any(|argument| argument == "--bench");
    let folder = tempfile::tempdir().unwrap();
    let ours = Server::ours(folder.path());
    let answer = folder.path().join("answer");
    let body = ours.ask();
    assert!(String::from_utf8_lossy(&body).contains("inputSchema"));
    fs::write(&answer, &body).unwrap();
    let hypers = Server::hypers(&answer);
    assert_eq!(hypers.ask(), body);
    if !is_bench {
        return;
    }
    let script = script(folder.path());
    for connections in [64, 400] {
        println!("\n{connections} connections, answers of {} bytes:\n", body.len());
        println!("| server | requests/s | its CPU each | p50 | p95 | p99 |\n|---|---|---|---|---|---|");
        let mut best = [0.0_f64; 2];
        for _ in 0..5 {
            for ((name, server), best) in [("ours", &ours), ("hyper on tokio", &hypers)].iter().zip(&mut best)
            {
                *best = best.max(server.measure(name, &script, connections));
            }
        }
        println!("\nbest of ours / best of hyper: {:.2}", best[0] / best[1]);
    }
}

/// A server that is ended with us.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Server {
    fn ours(folder: &Path) -> Self {
        let config = folder.join("ssh_config");
        fs::write(&config, "Host web1\n HostName 127.0.0.1\n").unwrap();
        let mut command = on_one_processor(Path::new(env!("CARGO_BIN_EXE_scout-mcp")));
        command.args(["serve", "--transport", "http", "--port", "0", "--cores", "1", "--ssh-config"]);
        command.arg(config).env("SCOUT_RATE_LIMIT_PER_MINUTE", "0").env("HOME", folder);
        let mut process = command.stderr(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap();
        let log = BufReader::new(process.stderr.take().unwrap());
        let mut lines = log.lines().map(Result::unwrap);
        let port =
            lines.find_map(|line| line.split_once("http://127.0.0.1:").map(|(_, port)| port.to_owned()));
        let port: String = port.unwrap().chars().take_while(char::is_ascii_digit).collect();
        Self { process, address: format!("127.0.0.1:{port}").parse().unwrap() }
    }

    fn hypers(answer: &Path) -> Self {
        let mut command = on_one_processor(&env::current_exe().unwrap());
        let mut process = command.env(ANSWER, answer).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, address: line.trim().parse().unwrap() }
    }

    /// The body of one answer.
    fn ask(&self) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let headers: String = HEADERS.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!("POST /mcp HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}", self.address);
        write!(stream, "{head}Content-Length: {}\r\n\r\n{QUESTION}", QUESTION.len()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let head = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        answer.split_off(head + 4)
    }

    /// Lets wrk ask for five seconds. Requests in each of them.
    fn measure(&self, name: &str, script: &Path, connections: usize) -> f64 {
        let before = cpu::of(self.process.id());
        let url = format!("http://{}/mcp", self.address);
        let mut wrk = Command::new("taskset");
        let others = if processors() > 1 { format!("1-{}", processors() - 1) } else { "0".to_owned() };
        wrk.args(["-c", &others, "wrk", "-t2", "-d5s", &format!("-c{connections}"), "-s"])
            .arg(script)
            .arg(&url);
        let out = wrk.output().expect("taskset can be started: apt-get install util-linux");
        let text = String::from_utf8(out.stdout).unwrap();
        let spent = cpu::of(self.process.id()) - before;
        let line = text.lines().find_map(|line| line.strip_prefix("figures "));
        let line = line.unwrap_or_else(|| panic!("wrk is needed: apt-get install wrk\n{text}"));
        let figures: Vec<f64> = line.split(' ').map(|figure| figure.parse().unwrap()).collect();
        let [requests, seconds, p50, p95, p99, errors] = figures[..] else { panic!("{line}") };
        assert_eq!(errors, 0.0, "{name} made errors");
        let (rate, each) = (requests / seconds, spent.as_secs_f64() * 1e6 / requests);
        println!("| {name} | {rate:.0} | {each:.2} µs | {p50:.2} ms | {p95:.2} ms | {p99:.2} ms |");
        rate
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().unwrap().get()
}

fn on_one_processor(program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(program);
    command
}

/// What wrk sends, and how it tells its figures.
fn script(folder: &Path) -> std::path::PathBuf {
    let headers: String =
        HEADERS.iter().map(|(name, value)| format!("wrk.headers[\"{name}\"] = \"{value}\"\n")).collect();
    let script = format!(
        "wrk.method = \"POST\"\nwrk.body = [[{QUESTION}]]\n{headers}\
         function done(summary, latency, requests)\n\
         local e = summary.errors\n\
         io.write(string.format(\"figures %d %f %f %f %f %d\\n\", summary.requests, summary.duration / 1e6,\n\
         latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3,\n\
         e.connect + e.read + e.write + e.status + e.timeout))\nend\n"
    );
    let path = folder.join("tools_list.lua");
    fs::write(&path, script).unwrap();
    path
}

fn hyper_serves(body: &[u8]) {
    let body = Bytes::copy_from_slice(body);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(tokio::task::LocalSet::new().run_until(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let body = body.clone();
            let service = service_fn(move |request: hyper::Request<Incoming>| {
                let body = body.clone();
                async move {
                    request.into_body().collect().await.unwrap();
                    let answer = hyper::Response::builder().header("content-type", "application/json");
                    Ok::<_, Infallible>(answer.body(Full::new(body)).unwrap())
                }
            });
            let mut http = http1::Builder::new();
            let connection = http.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
            // Who leaves in the middle of a request is an error of the connection.
            tokio::task::spawn_local(async { drop(connection.await) });
        }
    }));
}

//! The built server and OpenSSH with stock limits, which shares the processors with it.

use std::time::{Duration, Instant};

use serde_json::json;

use super::cpu;
use super::figures::{Scale, Times, median, millis, ms, rate, row};
use super::serve::{Held, address, read_all, scout_of, sshd};
use super::support::{McpPipe, Sshd};

/// After this a process without work has given back what it does not need.
const REST: Duration = Duration::from_secs(3);

pub fn all(scale: Scale) {
    let sshd = sshd();
    let file = sshd.write("file", "content of a small file\n");
    one_by_one(scale, &sshd, &file);
    one_host(scale, &sshd, &file);
    many_hosts(scale, &sshd, &file);
    broadcast(scale, &sshd, &file);
    directory(scale, &sshd);
    sustained(scale, &sshd, &file);
}

fn one_by_one(scale: Scale, sshd: &Sshd, file: &str) {
    let hosts = scale.of(20, 2);
    let mut client = scout_of(sshd, hosts).client();
    let mut times = Times::new();
    for n in 0..hosts {
        times.add(read_all(&mut client, [format!("{}:{file}", address(n))]).0);
    }
    row(
        "PB-1, sshd",
        "cold start, one host: connect, log in, read",
        "",
        "≤ 35 ms",
        format!("{} (p95 {})", ms(times.median()), ms(times.at(0.95))),
        times.median() <= millis(35),
    );
}

fn one_host(scale: Scale, sshd: &Sshd, file: &str) {
    let before = sshd.connections();
    let mut client = scout_of(sshd, 1).client();
    let target = format!("{}:{file}", address(0));
    let (cold, _) = read_all(&mut client, vec![target.clone(); 1_000]);
    let dials = sshd.connections() - before;
    row(
        "PB-25, sshd",
        "1,000 reads at once of one cold host",
        "",
        "1 connection, 0 errors",
        format!("{dials} connection, 0 errors, all in {}", ms(cold)),
        dials == 1,
    );
    let fifty: Vec<Duration> =
        (0..scale.of(21, 1)).map(|_| read_all(&mut client, vec![target.clone(); 50]).0).collect();
    let fifty = median(fifty);
    row(
        "PB-17, sshd",
        "50 reads at once, warm",
        "2,186/s",
        "≥ 5,000/s",
        format!("{}, {:.0}/s", ms(fifty), rate(50, fifty)),
        rate(50, fifty) >= 5_000.0,
    );
    let (reads, commands) = (scale.of(500, 20), scale.of(100, 4));
    let begun = Instant::now();
    let command = json!({ "target": format!("{}:/", address(0)), "query": format!("cat {file}") });
    let all_reads = std::iter::repeat_n(json!({ "target": target }), reads);
    let calls = all_reads.chain(std::iter::repeat_n(command, commands));
    let ids: Vec<u64> = calls.map(|call| client.post_scout(call)).collect();
    ids.into_iter().for_each(|id| drop(client.wait(id).text()));
    row(
        "F-3, sshd",
        &format!("{reads} reads and {commands} commands at once, one host, stock limits"),
        "91 of 100 failed",
        "0 errors",
        format!("0 errors, {}, {} connections", ms(begun.elapsed()), sshd.connections() - before),
        true,
    );
}

fn many_hosts(scale: Scale, sshd: &Sshd, file: &str) {
    let hosts = scale.of(100, 4);
    let targets = || (0..hosts).map(|n| format!("{}:{file}", address(n)));
    let mut warm = Vec::new();
    let cold = (0..scale.of(5, 1)).map(|_| {
        let mut client = scout_of(sshd, hosts).client();
        let cold = read_all(&mut client, targets()).0;
        warm.extend((0..5).map(|_| read_all(&mut client, targets()).0));
        cold
    });
    let cold = median(cold.collect());
    row(
        "PB-5, sshd",
        &format!("{hosts} cold hosts at once: connect and read"),
        "1,000 ms",
        "≤ 800 ms",
        format!("{}, 0 errors", ms(cold)),
        cold <= millis(800),
    );
    let warm = median(warm);
    row("PB-18, sshd", &format!("{hosts} warm hosts at once"), "", "≤ 25 ms", ms(warm), warm <= millis(25));
}

/// The same file of all hosts in one call, and of each by itself.
fn broadcast(scale: Scale, sshd: &Sshd, file: &str) {
    let hosts = scale.of(100, 4);
    let mut client = scout_of(sshd, hosts).client();
    let each = |n| [format!("{}:{file}", address(n))];
    read_all(&mut client, (0..hosts).flat_map(each));
    let (mut slowest, mut all) = (Vec::new(), Vec::new());
    for _ in 0..scale.of(21, 1) {
        slowest.extend((0..hosts).map(|n| read_all(&mut client, each(n)).0).max());
        let begun = Instant::now();
        let text = client.read(&format!("*,!localhost:{file}"));
        all.push(begun.elapsed());
        assert!(text.starts_with(&format!("{hosts} hosts agree\n")), "{text}");
    }
    let (slowest, all) = (median(slowest), median(all));
    let most = slowest.mul_f64(1.5) + millis(10);
    row(
        "broadcast, sshd",
        &format!("a file of {hosts} warm hosts in one call; the slowest of them alone"),
        "",
        "≤ 1.5 × the slowest + 10 ms",
        format!("{}; {} (so ≤ {})", ms(all), ms(slowest), ms(most)),
        all <= most,
    );
}

fn directory(scale: Scale, sshd: &Sshd) {
    let entries = scale.of(100_000, 500);
    let name = "d".repeat(100);
    for n in 0..entries {
        sshd.write(&format!("many/{name}{n}"), "");
    }
    let mut client = scout_of(sshd, 1).client();
    let target = format!("{}:{}", address(0), sshd.path("many"));
    client.read(&format!("{}:/", address(0)));
    let before = Held::by(client.pid());
    let begun = Instant::now();
    let text = client.read(&target);
    let took = begun.elapsed();
    let after = Held::by(client.pid());
    std::thread::sleep(REST);
    let [grown, stays] =
        [after, Held::by(client.pid())].map(|held| held.resident_kib.saturating_sub(before.resident_kib));
    let told = format!("{grown} KiB more resident after it, {stays} at rest");
    row(
        "PB-24, sshd",
        &format!("directory of {entries} files"),
        "about 10 MB",
        "cut at 10 MB, memory bounded",
        format!("{:.1} MB in {}, {told}", text.len() as f64 / 1e6, ms(took)),
        text.len() < 10_010_000 && grown < 64 * 1024 && stays < 8 * 1024,
    );
}

/// A hundred requests a second for long: reads, lists and commands of ten hosts.
fn sustained(scale: Scale, sshd: &Sshd, file: &str) {
    let seconds = scale.seconds.unwrap_or(scale.of(30, 1) as u64);
    let mut client = scout_of(sshd, 10).client();
    read_all(&mut client, (0..10).map(|n| format!("{}:{file}", address(n))));
    let mut samples = vec![Sample::of(&client)];
    let begun = Instant::now();
    let mut times = Times::new();
    for second in 0..seconds {
        let mut posted = Vec::new();
        for n in 0..100 {
            let due = begun + Duration::from_secs(second) + millis(10 * n);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let id = client.post_scout(request(n as usize, file));
            posted.push((due, id));
            // Answers are looked at a while after they came, so only those of reads that were waited for count.
            if n % 10 == 9 {
                let (due, id) = posted.pop().unwrap();
                client.wait(id).text();
                times.add(due.elapsed());
            }
        }
        posted.into_iter().for_each(|(_, id)| drop(client.wait(id).text()));
        if second % (seconds / 4).max(1) == 0 {
            samples.push(Sample::of(&client));
        }
    }
    samples.push(Sample::of(&client));
    let (first, last) = (samples[1], samples[samples.len() - 1]);
    let share = |from: Sample, to: Sample| {
        (to.cpu - from.cpu).as_secs_f64() * 100.0 / (to.at - from.at).as_secs_f64()
    };
    let half = samples.len() / 2;
    row(
        "PB-23, sshd",
        &format!("100 requests a second for {seconds} s, 10 hosts: after the first second, at the end"),
        "",
        "no drift",
        format!(
            "{} and {} KiB, {} and {} descriptors, {:.1} % and {:.1} % of a CPU in either half, p50 {}, p99 {}",
            first.held.resident_kib,
            last.held.resident_kib,
            first.held.descriptors,
            last.held.descriptors,
            share(samples[0], samples[half]),
            share(samples[half], last),
            ms(times.median()),
            ms(times.at(0.99)),
        ),
        last.held.resident_kib <= first.held.resident_kib + 2_048
            && last.held.descriptors <= first.held.descriptors + 2,
    );
}

fn request(n: usize, file: &str) -> serde_json::Value {
    let host = address(n % 10);
    match n % 20 {
        7 => json!({ "target": format!("{host}:/"), "query": format!("cat {file}") }),
        13 => json!({ "target": format!("{host}:/") }),
        _ => json!({ "target": format!("{host}:{file}") }),
    }
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    at: Instant,
    cpu: Duration,
    held: Held,
}

impl Sample {
    fn of(client: &McpPipe) -> Self {
        Self { at: Instant::now(), cpu: cpu::of(client.pid()), held: Held::by(client.pid()) }
    }
}

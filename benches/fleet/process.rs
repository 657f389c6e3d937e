//! The built server with many connections: what it holds, and what it does while nobody asks. Its hosts fork nothing,
//! so a thousand of them fit on one machine.

use std::thread::sleep;
use std::time::Duration;

use super::cpu;
use super::figures::{Scale, median, millis, ms, row};
use super::serve::{Held, Played, read_all};
use super::support::McpPipe;

pub fn all(scale: Scale) {
    let played = Played::start(scale.of(1_000, 20));
    memory(scale, &played);
    idle(scale, &played);
    sweep(scale, &played);
    cold(scale, &played);
}

/// Reads a file of these hosts, a few at once.
fn warm(client: &mut McpPipe, played: &Played, hosts: std::ops::Range<usize>) {
    for from in hosts.clone().step_by(50) {
        read_all(client, (from..hosts.end.min(from + 50)).map(|n| played.file(n)));
    }
}

fn memory(scale: Scale, played: &Played) {
    let steps: &[usize] = if scale.is_full { &[10, 100, 200, 500, 1_000] } else { &[2, 4] };
    let most = steps[steps.len() - 1];
    let mut client =
        played.scout(most).env("SCOUT_MAX_POOL_SIZE", most).env("SCOUT_IDLE_TIMEOUT", 600).client();
    let empty = Held::by(client.pid());
    let mut held = Vec::new();
    let mut connected = 0;
    for &step in steps {
        warm(&mut client, played, connected..step);
        connected = step;
        sleep(millis(scale.of(1_500, 10) as u64));
        held.push(Held::by(client.pid()));
    }
    let (first, last) = (held[0], held[held.len() - 1]);
    let each = (last.resident_kib - first.resident_kib) as f64 / (most - steps[0]) as f64;
    let shown: Vec<String> =
        steps.iter().zip(&held).map(|(step, held)| format!("{step}: {}", held.resident_kib)).collect();
    row(
        "PB-6",
        &format!(
            "resident memory of a pooled connection, SFTP open: slope of {} connections to {most}",
            steps[0]
        ),
        "8,128 B of bookkeeping for 100",
        "≤ 40 KiB each",
        format!("{each:.1} KiB each ({} KiB; 0: {})", shown.join(", "), empty.resident_kib),
        each <= 40.0,
    );
    let mut reads = || {
        for _ in 0..scale.of(20, 1) {
            read_all(&mut client, (0..50).map(|n| played.file(n % most)));
        }
        Held::by(client.pid())
    };
    let (before, after) = (reads(), reads());
    row(
        "PB-6",
        "1,000 further reads, after as many",
        "leak 0",
        "0",
        format!(
            "{:+} KiB, {:+} descriptors",
            after.resident_kib as i64 - before.resident_kib as i64,
            after.descriptors as i64 - before.descriptors as i64
        ),
        after.resident_kib <= before.resident_kib + 256 && after.descriptors <= before.descriptors,
    );
}

fn idle(scale: Scale, played: &Played) {
    let hosts = scale.of(100, 4);
    let mut client = played.scout(hosts).env("SCOUT_IDLE_TIMEOUT", 600).client();
    warm(&mut client, played, 0..hosts);
    sleep(Duration::from_secs(scale.of(2, 0) as u64));
    let time = millis(scale.of(30_000, 100) as u64);
    let before = cpu::of(client.pid());
    sleep(time);
    let spent = (cpu::of(client.pid()) - before).as_secs_f64() / time.as_secs_f64();
    row(
        "F-10",
        &format!("idle server with {hosts} warm connections, keepalives and all"),
        "",
        "< 1 % of a CPU",
        format!("{:.2} %", spent * 100.0),
        spent < 0.01,
    );
}

fn sweep(scale: Scale, played: &Played) {
    let (hosts, pool, sweeps) = (scale.of(1_000, 20), scale.of(50, 5), scale.of(30, 2));
    // What the last client has left open is closed by then, and not inherited by this one.
    sleep(millis(scale.of(1_000, 10) as u64));
    let mut client = played.scout(hosts).env("SCOUT_MAX_POOL_SIZE", pool).client();
    let mut held = Vec::new();
    let mut peak = 0;
    for _ in 0..sweeps {
        for from in (0..hosts).step_by(100) {
            read_all(&mut client, (from..hosts.min(from + 100)).map(|n| played.file(n)));
            peak = peak.max(Held::by(client.pid()).descriptors);
        }
        held.push(Held::by(client.pid()));
    }
    let (first, middle, last) = (held[0], held[held.len() / 2], held[held.len() - 1]);
    row(
        "PB-22",
        &format!(
            "{hosts} hosts swept {sweeps} times with a pool of {pool}: after the first sweep, after the last"
        ),
        "expected to fail",
        "flat, 0 errors",
        format!(
            "{}, {}, {} KiB; {}, {}, {} descriptors (at most {peak}); 0 errors",
            first.resident_kib,
            middle.resident_kib,
            last.resident_kib,
            first.descriptors,
            middle.descriptors,
            last.descriptors
        ),
        last.resident_kib <= middle.resident_kib + middle.resident_kib / 50
            && last.descriptors <= middle.descriptors,
    );
}

fn cold(scale: Scale, played: &Played) {
    let hosts = scale.of(100, 4);
    let mut warm = Vec::new();
    let cold = (0..scale.of(5, 1)).map(|_| {
        let mut client = played.scout(hosts).client();
        let (cold, _) = read_all(&mut client, (0..hosts).map(|n| played.file(n)));
        warm.extend((0..5).map(|_| read_all(&mut client, (0..hosts).map(|n| played.file(n))).0));
        cold
    });
    let cold = median(cold.collect());
    row(
        "F-1",
        &format!(
            "{hosts} cold hosts that fork nothing, real sockets, crypto of both sides on this machine: connect and read"
        ),
        "",
        "≤ 60 ms",
        ms(cold),
        cold <= millis(60),
    );
    let warm = median(warm);
    row("F-1", "the same, warm", "", "≤ 25 ms", ms(warm), warm <= millis(25));
}

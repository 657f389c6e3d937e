//! What several tests of the rig look at.

use super::plan::{Extent, Load, Mix, Operation, Plan};
use super::results::{Machine, Results, Spent, Step};
use super::tally::{Failure, Tally};
use crate::base::time::{Duration, now};

/// A measurement of made-up figures: `slower` makes every time that much longer.
pub fn sample(loads: &[Load], rounds: u32, slower: f64) -> Results {
    let plan = Plan {
        subject: "engine".to_owned(),
        mix: Mix::of(Operation::Read),
        details: vec!["read /etc/hostname".to_owned()],
        hosts: 3,
        cold: false,
        loads: loads.to_vec(),
        extent: Extent::Seconds(2.0),
        warmup_seconds: 1.0,
        timeout_seconds: 30.0,
        in_flight_max: 1_000,
    };
    let machine = Machine { system: "Linux <6.18>".into(), processors: 2, ..Machine::default() };
    let command = ["scout-mcp", "bench", "run", "--hosts", "a&b"].map(str::to_owned).to_vec();
    let mut results = Results::new(1_795_284_540, command, machine, plan);
    let begin = now();
    let end = begin + Duration::from_secs(2);
    for round in 1..=rounds {
        for load in loads {
            let mut tally = Tally::new(begin, Some(end), 3);
            for number in 0..3_000_u64 {
                let due = begin + Duration::from_micros(number * 600);
                let host = usize::try_from(number % 3).unwrap();
                let took = Duration::from_micros(100 + number % 97 + 40 * (number % 3)).mul_f64(slower);
                tally.start(due, due);
                let failure = || Failure { kind: "refused".into(), message: "<b>no</b> \"room\"".to_owned() };
                tally.end(host, due, due + took, if number % 500 == 0 { Err(failure()) } else { Ok(()) });
            }
            let mut step = Step::new(*load, round, &tally, &["<b>&\"x'", "web1", "web2"], end);
            let spent = Spent { processor: Duration::from_secs(1), memory_bytes: 10_000_000 };
            step.generator = step.costs(spent);
            results.steps.push(step);
        }
    }
    results
}

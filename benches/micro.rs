//! Small pieces of work, timed one by one (`scout_mcp::testing::chores`):
//!
//!     cargo bench --bench micro                  all of them, six minutes
//!     cargo bench --bench micro -- 'packet aes'  those whose names contain this

use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use scout_mcp::testing::chores;

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1));
    targets = all
}
criterion_main!(benches);

fn all(criterion: &mut Criterion) {
    for chore in chores::all() {
        let (group, name) = chore.name.split_once(": ").unwrap_or((&chore.name, "whole"));
        let mut group = criterion.benchmark_group(group);
        if let Some(bytes) = chore.bytes {
            group.throughput(Throughput::Bytes(bytes));
        }
        let mut work = None;
        group.bench_function(name, |bencher| bencher.iter(work.get_or_insert_with(|| chore.prepare())));
        group.finish();
    }
}

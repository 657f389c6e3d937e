//! Axes: where a value stands, from 0 to 1, and which values are written beside them.

use crate::rig::unit::{count, duration};

/// One of the two axes of a chart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    kind: Kind,
    unit: Unit,
}

/// What its values are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Unit {
    Microseconds,
    PerSecond,
    Seconds,
    Number,
    /// A quantile, from 0 to 1.
    Share,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// From zero.
    Linear { max: f64 },
    /// By powers of ten.
    Log { min: f64, max: f64 },
    /// By how little is left to 1: 90 %, 99 %, 99.9 %, each as far from the one before.
    Nines { count: f64 },
}

/// Labels at most, about; further ones would touch each other.
const LABELS: f64 = 7.0;

impl Axis {
    /// From zero to a round number that is not below `max`.
    pub(super) fn linear(max: f64, unit: Unit) -> Self {
        let max = if max > 0.0 && max.is_finite() { max } else { 1.0 };
        let step = step(max);
        Self { kind: Kind::Linear { max: (max / step).ceil() * step }, unit }
    }

    /// Around all values above zero, by powers of ten.
    pub(super) fn log(values: impl Iterator<Item = f64>, unit: Unit) -> Self {
        let (mut min, mut max) = (f64::INFINITY, 0.0_f64);
        for value in values.filter(|value| *value > 0.0 && value.is_finite()) {
            (min, max) = (min.min(value), max.max(value));
        }
        if max <= 0.0 {
            (min, max) = (1.0, 10.0);
        }
        Self { kind: Kind::Log { min: below(min), max: above(max).max(below(min) * 10.0) }, unit }
    }

    /// Up to so many nines.
    pub(super) fn nines(count: u32) -> Self {
        Self { kind: Kind::Nines { count: f64::from(count.max(1)) }, unit: Unit::Share }
    }

    /// Where a value stands, `None` where it has no place.
    pub(super) fn place(&self, value: f64) -> Option<f64> {
        let place = match self.kind {
            Kind::Linear { max } => value / max,
            Kind::Log { min, max } if value > 0.0 => (value / min).log10() / (max / min).log10(),
            Kind::Log { .. } => return None,
            // The largest of all stands at the end.
            Kind::Nines { count } => (-(1.0 - value).max(1e-12).log10() / count).min(1.0),
        };
        place.is_finite().then(|| place.clamp(0.0, 1.0))
    }

    /// The values that are written, with what is written.
    pub(super) fn labels(&self) -> Vec<(f64, String)> {
        let values: Vec<f64> = match self.kind {
            Kind::Linear { max } => {
                let step = step(max);
                (0..=12)
                    .map(|number| f64::from(number) * step)
                    .take_while(|value| *value <= max * 1.001)
                    .collect()
            }
            Kind::Log { min, max } => {
                let decades = (max / min).log10();
                let parts: &[f64] = if decades <= 2.5 { &[1.0, 2.0, 5.0] } else { &[1.0] };
                let first = min.log10().floor();
                let powers = (0..24).map(|number| 10_f64.powf(first + f64::from(number)));
                let all = powers.flat_map(|power| parts.iter().map(move |part| part * power));
                all.filter(|value| *value >= min * 0.999 && *value <= max * 1.001).collect()
            }
            Kind::Nines { count } => (0..=6)
                .map(f64::from)
                .take_while(|nines| *nines <= count)
                .map(|nines| 1.0 - 10_f64.powf(-nines))
                .collect(),
        };
        values.into_iter().map(|value| (value, self.unit.shown(value))).collect()
    }
}

impl Unit {
    pub(super) fn shown(self, value: f64) -> String {
        match self {
            Self::Microseconds => duration(value).replace(".00 ", " ").replace(".0 ", " "),
            Self::PerSecond => format!("{}/s", short(value)),
            Self::Seconds => format!("{} s", short(value)),
            Self::Number => short(value),
            Self::Share => percent(value),
        }
    }
}

/// Without digits that say nothing.
fn short(value: f64) -> String {
    let text = count(value);
    match text.strip_suffix(".00").or_else(|| text.strip_suffix(".0")) {
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

/// `99.9 %`, with as many digits as there are nines.
pub(super) fn percent(quantile: f64) -> String {
    let text = format!("{:.4}", quantile * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A round number of which a few make up the whole.
fn step(max: f64) -> f64 {
    let rough = max / LABELS;
    let power = 10_f64.powf(rough.log10().floor());
    let part = [1.0, 2.0, 5.0].into_iter().find(|part| part * power >= rough * 0.999).unwrap_or(10.0);
    part * power
}

/// The next of 1, 2, 5, 10 … below, and above.
fn below(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    let part = [5.0, 2.0, 1.0].into_iter().find(|part| part * power <= value * 1.001).unwrap_or(1.0);
    part * power
}

fn above(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    let part = [1.0, 2.0, 5.0].into_iter().find(|part| part * power >= value * 0.999).unwrap_or(10.0);
    part * power
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: Axis) -> Vec<String> {
        axis.labels().into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn axes_have_round_numbers() {
        assert_eq!(
            labels(Axis::linear(17_300.0, Unit::PerSecond)),
            ["0/s", "5,000/s", "10,000/s", "15,000/s", "20,000/s"]
        );
        assert_eq!(
            labels(Axis::log([85.0, 2_100.0].into_iter(), Unit::Microseconds)),
            ["50 µs", "100 µs", "200 µs", "500 µs", "1 ms", "2 ms", "5 ms"]
        );
        assert_eq!(
            labels(Axis::log([3.0, 40_000_000.0].into_iter(), Unit::Microseconds))[..3],
            ["10 µs", "100 µs", "1 ms"]
        );
        assert_eq!(labels(Axis::nines(3)), ["0 %", "90 %", "99 %", "99.9 %"]);
    }

    #[test]
    fn values_have_places() {
        let nines = Axis::nines(4);
        let places = [0.0, 0.9, 0.99, 1.0].map(|value| nines.place(value).unwrap());
        let expected = [0.0, 0.25, 0.5, 1.0];
        assert!(
            places.iter().zip(expected).all(|(place, expected)| (place - expected).abs() < 1e-9),
            "{places:?}"
        );
        let log = Axis::log([10.0, 1_000.0].into_iter(), Unit::Number);
        assert!((log.place(100.0).unwrap() - 0.5).abs() < 1e-9);
        assert_eq!((log.place(0.0), log.place(1e9)), (None, Some(1.0)));
    }

    #[test]
    fn nothing_to_show_is_an_axis_all_the_same() {
        for axis in
            [Axis::linear(0.0, Unit::Number), Axis::log(std::iter::empty(), Unit::Number), Axis::nines(0)]
        {
            assert!(axis.labels().len() >= 2, "{axis:?}");
            assert!(axis.labels().iter().all(|(value, _)| axis.place(*value).is_some()));
        }
    }
}

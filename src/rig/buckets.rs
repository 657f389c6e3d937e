//! Histograms of times, and the form in which HdrHistogram's tools exchange them.

use base64ct::{Base64, Encoding};
use hdrhistogram::{Counter, Histogram};

use crate::base::limits::HISTOGRAM_TIME_MAX;
use crate::base::time::Duration;

/// Times in nanoseconds. What is below a microsecond is told apart by half of one.
pub(super) type Times = Histogram<u64>;
/// The same in less memory.
pub(super) type FewTimes = Histogram<u32>;

const LOWEST_NANOSECONDS: u64 = 1_000;

/// Empty. Times are kept with so many digits.
pub(super) fn times<C: Counter>(digits: u8) -> Histogram<C> {
    Histogram::new_with_bounds(LOWEST_NANOSECONDS, nanoseconds(HISTOGRAM_TIME_MAX), digits)
        .expect("the bounds are in order")
}

pub(super) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Adds what another one of the same bounds holds.
pub(super) fn add<C: Counter>(own: &mut Histogram<C>, other: &Histogram<C>) {
    own.add(other).expect("histograms of times have the same bounds");
}

const V2_COOKIE: u32 = 0x1c84_9303;
/// Counts are variable-length integers, in the cookie's fourth byte.
const VARINT_COUNTS: u32 = 0x10;

/// The histogram as `HdrHistogram` encodes it in its version 2, not compressed, in Base64: what
/// `Histogram.decodeFromByteBuffer` of Java and its likes in other languages read. Values are nanoseconds.
pub(super) fn encoded<C: Counter>(times: &Histogram<C>) -> String {
    let counts = counts(times);
    let mut bytes = Vec::with_capacity(40 + counts.len());
    let length = u32::try_from(counts.len()).unwrap_or(u32::MAX);
    // The index that values are shifted by, which is always 0.
    for word in [V2_COOKIE | VARINT_COUNTS, length, 0, u32::from(times.sigfig())] {
        bytes.extend_from_slice(&word.to_be_bytes());
    }
    bytes.extend_from_slice(&times.low().to_be_bytes());
    bytes.extend_from_slice(&times.high().to_be_bytes());
    // What integers are multiplied by to be the values that were recorded.
    bytes.extend_from_slice(&1.0_f64.to_be_bytes());
    bytes.extend_from_slice(&counts);
    Base64::encode_string(&bytes)
}

/// Counts in their order up to the last that is not zero; zeros in a row are one negative number.
fn counts<C: Counter>(times: &Histogram<C>) -> Vec<u8> {
    let (mut bytes, mut zeros, max) = (Vec::new(), 0_i64, times.max());
    for bucket in times.iter_all() {
        match bucket.count_at_value().as_u64() {
            0 => zeros += 1,
            count => {
                if zeros > 0 {
                    zigzag(&mut bytes, -zeros);
                    zeros = 0;
                }
                zigzag(&mut bytes, i64::try_from(count).unwrap_or(i64::MAX));
            }
        }
        if bucket.value_iterated_to() >= max {
            break;
        }
    }
    bytes
}

/// `ZigZag` in LEB128 of at most nine bytes, the last of which is whole.
fn zigzag(bytes: &mut Vec<u8>, number: i64) {
    let mut rest = (number << 1 ^ number >> 63).cast_unsigned();
    for _ in 0..8 {
        let [low, ..] = rest.to_le_bytes();
        rest >>= 7;
        if rest == 0 {
            bytes.push(low & 0x7f);
            return;
        }
        bytes.push(low | 0x80);
    }
    let [low, ..] = rest.to_le_bytes();
    bytes.push(low);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The counts by their places, as the specification of the format has them.
    fn decoded(text: &str) -> (Vec<u8>, Vec<u64>) {
        let bytes = Base64::decode_vec(text).unwrap();
        let (head, mut body) = bytes.split_at(40);
        let mut counts = Vec::new();
        while !body.is_empty() {
            let (mut value, mut shift) = (0_u64, 0);
            loop {
                let (byte, rest) = body.split_first().unwrap();
                body = rest;
                let is_ninth = shift == 56;
                value |= u64::from(if is_ninth { *byte } else { byte & 0x7f }) << shift;
                shift += 7;
                if byte & 0x80 == 0 || is_ninth {
                    break;
                }
            }
            let signed = (value >> 1).cast_signed() ^ -(value & 1).cast_signed();
            match u64::try_from(signed) {
                Ok(count) => counts.push(count),
                Err(_) => counts.resize(counts.len() + usize::try_from(-signed).unwrap(), 0),
            }
        }
        (head.to_vec(), counts)
    }

    proptest! {
        #[test]
        fn what_is_encoded_holds_every_count(values in prop::collection::vec((0_u64..4_000_000_000_000, 1_u64..1 << 40), 0..40)) {
            let mut times: Times = times(3);
            values.iter().for_each(|(value, count)| times.saturating_record_n(*value, *count));
            let (head, counts) = decoded(&encoded(&times));
            prop_assert_eq!(&head[..4], &0x1c84_9313_u32.to_be_bytes());
            prop_assert_eq!(&head[8..24], &[[0, 0, 0, 0, 0, 0, 0, 3].as_slice(), &1_000_u64.to_be_bytes()].concat());
            let expected: Vec<u64> = times.iter_all().map(|bucket| bucket.count_at_value()).collect();
            prop_assert_eq!(&counts[..], &expected[..counts.len()]);
            prop_assert!(expected[counts.len()..].iter().all(|count| *count == 0));
        }
    }
}

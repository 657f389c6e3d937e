//! The report, in a browser.

use super::measure;
use crate::support::{Scout, browser};

#[test]
fn every_chart_is_drawn_and_nothing_is_fetched() {
    let scout = Scout::new();
    let page = scout.home().join("report.html");
    let path = page.to_str().expect("a UTF-8 path");
    measure(&scout, &["--fleet", "50", "-c", "1,4,16", "--rate", "100", "--export-html", path]).check();
    for is_dark in [false, true] {
        let rendered = browser::open(&page, is_dark);
        let found = &rendered.found;
        assert!(rendered.complaints.is_empty(), "{:?}", rendered.complaints);
        assert_eq!((&found["fetched"], &found["failed"]), (&serde_json::json!([]), &serde_json::json!([])));
        let charts = found["charts"].as_array().expect("charts");
        let shapes: Vec<_> = charts
            .iter()
            .map(|chart| {
                (chart["id"].as_str().expect("an id"), chart["lines"].as_u64(), chart["bars"].as_u64())
            })
            .collect();
        let expected = [
            ("percentiles", Some(4), Some(0)),
            ("latency-over-time", Some(3), Some(0)),
            ("rate-over-time", Some(2), Some(0)),
            ("hosts", Some(0), Some(80)),
            ("host-ranks", Some(2), Some(0)),
            ("throughput", Some(1), Some(0)),
            ("latency-by-rate", Some(2), Some(0)),
        ];
        assert_eq!(shapes, expected, "{found}");
        for chart in charts {
            assert!(
                chart["width"].as_f64() > Some(300.0) && chart["height"].as_f64() > Some(100.0),
                "{chart}"
            );
            assert!(chart["texts"].as_u64() > Some(4) && chart["outside"].as_u64() == Some(0), "{chart}");
            let says = |name: &str| chart[name].as_str().is_some_and(|text| text.len() > 10);
            assert!(says("title") && says("description"), "{chart}");
        }
        assert!(found["tables"].as_u64() >= Some(7), "{found}");
        let colours = (found["paper"].as_str(), found["ink"].as_str());
        match is_dark {
            false => assert_eq!(colours, (Some("rgb(255, 255, 255)"), Some("rgb(27, 31, 36)"))),
            true => assert_eq!(colours, (Some("rgb(20, 23, 26)"), Some("rgb(230, 233, 236)"))),
        }
    }
    let picture = browser::picture(&page);
    assert!(picture.starts_with(b"\x89PNG") && picture.len() > 20_000, "{} bytes", picture.len());
}

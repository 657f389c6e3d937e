//! Bars, one below the other, each with its name.

use std::fmt::Write;

use super::markup::escaped;
use super::scale::{Axis, Unit};
use crate::base::text::on_one_line;

/// Two times of one thing: the lighter bar reaches further.
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) inner_us: f64,
    pub(super) outer_us: f64,
    /// What is said of it beside the bar.
    pub(super) remark: String,
}

pub(super) struct Bars {
    pub(super) id: &'static str,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) bars: Vec<Bar>,
}

const WIDTH: f64 = 860.0;
const LEFT: f64 = 190.0;
const RIGHT: f64 = 720.0;
const TOP: f64 = 26.0;
const ROW: f64 = 20.0;
/// Chars of a name that have room to the left.
const NAME_CHARS: usize = 26;

impl Bars {
    pub(super) fn drawing(&self) -> String {
        let axis =
            Axis::linear(self.bars.iter().map(|bar| bar.outer_us).fold(0.0, f64::max), Unit::Microseconds);
        let rows = f64::from(u32::try_from(self.bars.len()).unwrap_or(u32::MAX));
        let bottom = TOP + rows * ROW;
        let id = self.id;
        let mut out = format!(
            "<svg class=\"chart\" id=\"{id}\" viewBox=\"0 0 {WIDTH} {:.1}\" role=\"img\" \
             aria-labelledby=\"{id}-title {id}-desc\">\n<title id=\"{id}-title\">{}</title>\n\
             <desc id=\"{id}-desc\">{}</desc>\n<g class=\"axes\">\n",
            bottom + 10.0,
            escaped(&self.title),
            escaped(&self.description)
        );
        for (value, text) in axis.labels() {
            let Some(at) = axis.place(value).map(|place| LEFT + place * (RIGHT - LEFT)) else { continue };
            let text = escaped(&text);
            let _ = writeln!(
                out,
                "<path class=\"grid\" d=\"M{at:.1} {TOP}V{bottom:.1}\"/><text class=\"middle\" x=\"{at:.1}\" y=\"{:.1}\">{text}</text>",
                TOP - 8.0
            );
        }
        out.push_str("</g>\n");
        let mut top = TOP;
        for bar in &self.bars {
            draw(bar, &axis, top, &mut out);
            top += ROW;
        }
        out.push_str("</svg>\n");
        out
    }
}

fn draw(bar: &Bar, axis: &Axis, top: f64, out: &mut String) {
    let width = |us: f64| axis.place(us).unwrap_or(0.0) * (RIGHT - LEFT);
    let (inner, outer) = (width(bar.inner_us), width(bar.outer_us));
    let shown = escaped(&on_one_line(&bar.name, NAME_CHARS));
    let (name, remark) = (escaped(&bar.name), escaped(&bar.remark));
    let (base, upper) = (top + 14.0, top + 4.0);
    let _ = writeln!(
        out,
        "<g class=\"bar\"><title>{name}: {remark}</title>\
         <text class=\"end\" x=\"{:.1}\" y=\"{base:.1}\">{shown}</text>\
         <rect class=\"outer\" x=\"{LEFT}\" y=\"{upper:.1}\" width=\"{outer:.1}\" height=\"13\"/>\
         <rect class=\"inner\" x=\"{LEFT}\" y=\"{upper:.1}\" width=\"{inner:.1}\" height=\"13\"/>\
         <text x=\"{:.1}\" y=\"{base:.1}\">{remark}</text></g>",
        LEFT - 8.0,
        LEFT + outer + 6.0
    );
}

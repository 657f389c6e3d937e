//! Lines over two axes.

use std::fmt::Write;

use super::markup::escaped;
use super::scale::Axis;

/// A chart. Colours of lines are those of their places.
pub(super) struct Chart {
    /// Names its parts; there is one of it in a page.
    pub(super) id: &'static str,
    pub(super) title: String,
    /// What one sees, for those who do not.
    pub(super) description: String,
    pub(super) x: (Axis, &'static str),
    pub(super) y: (Axis, &'static str),
    pub(super) lines: Vec<Line>,
    /// Where something else begins, and what.
    pub(super) marks: Vec<(f64, String)>,
}

pub(super) struct Line {
    pub(super) name: String,
    /// From left to right. Where one has no place on an axis, the line has a gap.
    pub(super) points: Vec<(f64, f64)>,
    /// The points themselves are shown.
    pub(super) has_dots: bool,
}

/// Lines of one chart that are told apart.
pub(super) const LINES_MAX: usize = 8;
/// Points of one line: more than a screen shows.
const POINTS_MAX: usize = 1_500;

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 380.0;
/// Of the field between the axes.
const LEFT: f64 = 84.0;
const RIGHT: f64 = 830.0;
const TOP: f64 = 22.0;
const BOTTOM: f64 = 326.0;

impl Chart {
    pub(super) fn legend(&self) -> Vec<String> {
        self.lines.iter().map(|line| line.name.clone()).collect()
    }

    pub(super) fn drawing(&self) -> String {
        let id = self.id;
        let mut out = format!(
            "<svg class=\"chart\" id=\"{id}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
             aria-labelledby=\"{id}-title {id}-desc\">\n<title id=\"{id}-title\">{}</title>\n\
             <desc id=\"{id}-desc\">{}</desc>\n",
            escaped(&self.title),
            escaped(&self.description)
        );
        self.draw_axes(&mut out);
        self.draw_marks(&mut out);
        for (number, line) in self.lines.iter().enumerate() {
            self.draw_line(number, line, &mut out);
        }
        out.push_str("</svg>\n");
        out
    }

    fn draw_axes(&self, out: &mut String) {
        let (x, y) = (&self.x.0, &self.y.0);
        out.push_str("<g class=\"axes\">\n");
        for (value, text) in y.labels() {
            let Some(at) = vertical(y, value) else { continue };
            let (text, base) = (escaped(&text), at + 4.0);
            let _ = writeln!(
                out,
                "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{RIGHT}\"/><text class=\"end\" x=\"{:.1}\" y=\"{base:.1}\">{text}</text>",
                LEFT - 8.0
            );
        }
        for (value, text) in x.labels() {
            let Some(at) = horizontal(x, value) else { continue };
            let (text, base) = (escaped(&text), BOTTOM + 18.0);
            let _ = writeln!(
                out,
                "<path class=\"grid\" d=\"M{at:.1} {TOP}V{BOTTOM}\"/><text class=\"middle\" x=\"{at:.1}\" y=\"{base:.1}\">{text}</text>"
            );
        }
        let middle = f64::midpoint(LEFT, RIGHT);
        let _ = writeln!(
            out,
            "<path class=\"axis\" d=\"M{LEFT} {TOP}V{BOTTOM}H{RIGHT}\"/>\n\
             <text class=\"name middle\" x=\"{middle:.1}\" y=\"{:.1}\">{}</text>\n\
             <text class=\"name\" x=\"4\" y=\"13\">{}</text>\n</g>",
            BOTTOM + 42.0,
            escaped(self.x.1),
            escaped(self.y.1)
        );
    }

    fn draw_marks(&self, out: &mut String) {
        for (value, text) in &self.marks {
            let Some(at) = horizontal(&self.x.0, *value) else { continue };
            let _ = writeln!(
                out,
                "<g class=\"mark\"><path d=\"M{at:.1} {TOP}V{BOTTOM}\"/><text x=\"{:.1}\" y=\"{:.1}\">{}</text></g>",
                at + 4.0,
                TOP - 6.0,
                escaped(text)
            );
        }
    }

    fn draw_line(&self, number: usize, line: &Line, out: &mut String) {
        let points = thinned(&line.points);
        let place = |(x, y): (f64, f64)| Some((horizontal(&self.x.0, x)?, vertical(&self.y.0, y)?));
        let (mut path, mut dots, mut is_drawing) = (String::new(), String::new(), false);
        for point in points {
            let Some((x, y)) = place(point) else {
                is_drawing = false;
                continue;
            };
            let _ = write!(path, "{}{x:.1} {y:.1}", if is_drawing { 'L' } else { 'M' });
            is_drawing = true;
            if line.has_dots {
                let _ =
                    writeln!(dots, "<circle class=\"dot s{number}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\"/>");
            }
        }
        let name = escaped(&line.name);
        let _ = writeln!(
            out,
            "<g><title>{name}</title><path class=\"line s{number}\" d=\"{path}\"/>\n{dots}</g>"
        );
    }
}

/// As many points as can be seen, the highest of those that stand together.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let together = points.len().div_ceil(POINTS_MAX).max(1);
    let highest =
        |points: &[(f64, f64)]| points.iter().copied().max_by(|one, other| one.1.total_cmp(&other.1));
    points.chunks(together).filter_map(highest).collect()
}

fn horizontal(axis: &Axis, value: f64) -> Option<f64> {
    axis.place(value).map(|place| LEFT + place * (RIGHT - LEFT))
}

fn vertical(axis: &Axis, value: f64) -> Option<f64> {
    axis.place(value).map(|place| BOTTOM - place * (BOTTOM - TOP))
}

#[cfg(test)]
mod tests {
    use super::super::scale::Unit;
    use super::*;

    fn chart(points: Vec<(f64, f64)>) -> Chart {
        Chart {
            id: "test",
            title: "A <chart>".to_owned(),
            description: "points & lines".to_owned(),
            x: (Axis::linear(10.0, Unit::Number), "x"),
            y: (Axis::log([1.0, 100.0].into_iter(), Unit::Number), "y"),
            lines: vec![Line { name: "one".to_owned(), points, has_dots: true }],
            marks: vec![(5.0, "half".to_owned())],
        }
    }

    #[test]
    fn points_are_where_the_axes_say() {
        let drawing = chart(vec![(0.0, 1.0), (10.0, 100.0)]).drawing();
        assert!(drawing.contains("d=\"M84.0 326.0L830.0 22.0\""), "{drawing}");
        assert!(drawing.contains("A &lt;chart&gt;") && drawing.contains("points &amp; lines"));
        assert_eq!(drawing.matches("<circle").count(), 2);
    }

    #[test]
    fn what_has_no_place_is_a_gap() {
        let drawing = chart(vec![(0.0, 1.0), (2.0, 1.0), (4.0, 0.0), (6.0, 1.0)]).drawing();
        assert!(drawing.contains("d=\"M84.0 326.0L233.2 326.0M531.6 326.0\""), "{drawing}");
    }

    #[test]
    fn many_points_keep_their_peaks() {
        let points = (0..100_000).map(|x| (f64::from(x), if x == 77_777 { 9.0 } else { 1.0 }));
        let thinned = thinned(&points.collect::<Vec<_>>());
        assert!(thinned.len() <= POINTS_MAX && thinned.contains(&(77_777.0, 9.0)));
    }
}

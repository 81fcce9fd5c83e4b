//! Just enough SVG for plots: a frame with axes, and shapes in colours that follow the reader's light or dark theme.

use std::fmt::Write as _;

/// Width of every plot.
pub(super) const WIDTH: f64 = 960.0;
/// Where the plotted area begins.
pub(super) const LEFT: f64 = 120.0;
/// Where it ends.
pub(super) const RIGHT: f64 = 936.0;
/// Its upper end.
pub(super) const TOP: f64 = 74.0;
/// Room under it for the axis.
const BOTTOM: f64 = 58.0;

const STYLE: &str = "svg{--bg:#fff;--ink:#1b1f24;--dim:#667080;--grid:#dfe3e8;--one:#1f6feb;--two:#c2410c}\
@media(prefers-color-scheme:dark){svg{--bg:#14181d;--ink:#e8ecf1;--dim:#97a1ae;--grid:#2c333c;--one:#6aa6ff;--two:#ff9a5c}}\
text{font:13px system-ui,sans-serif;fill:var(--dim)}\
.title{font-size:18px;font-weight:600;fill:var(--ink)}\
.bg{fill:var(--bg)}.grid{stroke:var(--grid)}.axis{stroke:var(--dim)}.end{text-anchor:end}.mid{text-anchor:middle}\
.one{fill:var(--one)}.two{fill:var(--two)}.line-one{stroke:var(--one);stroke-width:1.5;fill:none}.line-two{stroke:var(--two);stroke-width:1.5;fill:none}\
.dash{stroke-dasharray:6 4}.dots{stroke:var(--one);stroke-linecap:round;stroke-width:6;stroke-opacity:.6;fill:none}";

/// A plot being drawn.
pub(super) struct Plot {
    text: String,
    /// Height of the plotted area.
    pub(super) height: f64,
}

/// Where a text ends up beside its point.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Plot {
    /// An empty plot. The title is what it shows, the subtitle of what.
    pub(super) fn new(title: &str, subtitle: &str, height: f64) -> Self {
        let whole = TOP + height + BOTTOM;
        let mut plot = Self {
            text: format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {whole}\" role=\"img\">\n\
                 <title>{}</title>\n<desc>{}</desc>\n<style>{STYLE}</style>\n\
                 <rect class=\"bg\" width=\"100%\" height=\"100%\"/>\n",
                escaped(title),
                escaped(subtitle)
            ),
            height,
        };
        plot.text_at(24.0, 30.0, Anchor::Start, "title", title);
        plot.text_at(24.0, 52.0, Anchor::Start, "", subtitle);
        plot
    }

    /// The lower end of the plotted area.
    pub(super) fn bottom(&self) -> f64 {
        TOP + self.height
    }

    pub(super) fn text_at(&mut self, x: f64, y: f64, anchor: Anchor, class: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => "mid",
            Anchor::End => "end",
        };
        let class = format!("{class} {anchor}");
        self.push(format_args!(
            "<text class=\"{}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>",
            class.trim(),
            escaped(text)
        ));
    }

    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        self.push(format_args!(
            "<path class=\"{class}\" d=\"M{:.1} {:.1}L{:.1} {:.1}\"/>",
            from.0, from.1, to.0, to.1
        ));
    }

    pub(super) fn rect(&mut self, class: &str, x: f64, y: f64, width: f64, height: f64) {
        self.push(format_args!(
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
        ));
    }

    /// Any path; `more` are further attributes.
    pub(super) fn path(&mut self, class: &str, more: &str, d: &str) {
        self.push(format_args!("<path class=\"{class}\"{more} d=\"{d}\"/>"));
    }

    /// A number under the area, with a line up through it.
    pub(super) fn tick_x(&mut self, x: f64, label: &str, line: bool) {
        if line {
            self.line("grid", (x, TOP), (x, self.bottom()));
        }
        self.text_at(x, self.bottom() + 20.0, Anchor::Middle, "", label);
    }

    /// A number left of the area, with a line through it.
    pub(super) fn tick_y(&mut self, y: f64, label: &str, line: bool) {
        if line {
            self.line("grid", (LEFT, y), (RIGHT, y));
        }
        self.text_at(LEFT - 10.0, y + 4.5, Anchor::End, "", label);
    }

    /// The two axes and what they show.
    pub(super) fn axes(&mut self, x: &str, y: &str) {
        let bottom = self.bottom();
        self.line("axis", (LEFT, bottom), (RIGHT, bottom));
        self.line("axis", (LEFT, TOP), (LEFT, bottom));
        self.text_at((LEFT + RIGHT) / 2.0, bottom + 44.0, Anchor::Middle, "", x);
        let middle = TOP + self.height / 2.0;
        self.push(format_args!(
            "<text class=\"mid\" transform=\"translate(26 {middle:.1}) rotate(-90)\">{}</text>",
            escaped(y)
        ));
    }

    fn push(&mut self, element: std::fmt::Arguments<'_>) {
        let written = self.text.write_fmt(element);
        debug_assert!(written.is_ok(), "a string takes everything");
        self.text.push('\n');
    }

    pub(super) fn finish(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// A round step (1, 2 or 5 times a power of ten) that divides `range` into at most `most` parts.
pub(super) fn step(range: u64, most: u64) -> u64 {
    let mut power = 1u64;
    loop {
        for factor in [1, 2, 5] {
            let step = power.saturating_mul(factor);
            if range / step <= most.max(1) {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

/// Numbers from 1 to `count` that an axis names: the first, and round ones.
pub(super) fn ordinals(count: u64, most: u64) -> Vec<u64> {
    let step = step(count, most);
    let first = if step <= 2 { 1 } else { step };
    let round = (first..=count).step_by(step as usize);
    [1].into_iter().filter(|_| first > 1).chain(round).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        assert_eq!([step(9, 10), step(144, 10), step(1_000, 10)], [1, 20, 100]);
        assert_eq!(step(u64::MAX, 1), 10u64.pow(19));
        assert_eq!(step(0, 0), 1);
        assert_eq!(ordinals(3, 16), [1, 2, 3]);
        assert_eq!(ordinals(5, 3), [1, 3, 5]);
        assert_eq!(ordinals(30, 4), [1, 10, 20, 30]);
    }

    #[test]
    fn names_cannot_leave_their_text() {
        let plot = Plot::new("a<b>&\"c\"", "", 10.0).finish();
        assert!(plot.contains("<title>a&lt;b&gt;&amp;&quot;c&quot;</title>"));
        assert!(!plot.contains("a<b>"));
    }
}

//! Every figure and every page of the project: charts as SVG, reports as HTML.
//!
//! A [`Chart`], [`StackedBars`], [`GroupedBars`] or [`ImageGrid`] becomes a [`Drawing`]. A drawing is written as a file of its
//! own ([`Drawing::to_file`], with a style inside), into a [`Page`] ([`Drawing::to_svg`], which takes the page's style), or below
//! others ([`stacked`]). Output depends on the input alone: the same figures give the same bytes.
#![cfg_attr(
    not(test),
    deny(
        clippy::print_stdout,
        clippy::print_stderr,
        reason = "they panic where nobody reads; a library tells its caller"
    )
)]

mod bars;
mod chart;
mod drawing;
mod images;
mod markup;
mod page;
mod scale;
mod style;

pub use bars::{Bar, BarPart, Group, GroupedBars, StackedBars};
pub use chart::{Axis, Chart, IntervalPoint, Mark, Scale, Series};
pub use drawing::{Drawing, stacked};
pub use images::{Image, ImageGrid};
pub use markup::escape;
pub use page::Page;
pub use scale::span;
pub use style::{DEFAULT_STYLE, PALETTE, hues, line_colours, palette_style};

/// Width of a panel in pixels.
pub const WIDTH: f64 = 860.0;
/// Height of a panel in pixels.
pub const HEIGHT: f64 = 220.0;

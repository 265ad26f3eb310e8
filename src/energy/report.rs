//! Files that the energy commands write.

use super::args::ReportArgs;
use crate::output::write_atomically;
use charts::{DEFAULT_STYLE, Drawing, Page, palette_style};

/// Writes the report and the picture where they are asked for. The report holds the texts, then the picture.
pub fn write(
    args: &ReportArgs,
    title: &str,
    texts: &[(&str, String)],
    (caption, drawing): (&str, &Drawing),
) -> anyhow::Result<()> {
    if let Some(path) = &args.svg {
        let svg = drawing.to_file(&format!("{DEFAULT_STYLE}{}", palette_style()));
        write_atomically(path, svg.as_bytes())?;
    }
    if let Some(path) = &args.report {
        let mut page = Page::new(title, title);
        for (heading, text) in texts {
            page.heading(heading).preformatted(text);
        }
        page.heading(caption).figure(drawing);
        write_atomically(path, page.finish().as_bytes())?;
    }
    Ok(())
}

/// Whether a picture has to be drawn at all.
pub fn wanted(args: &ReportArgs) -> bool {
    args.svg.is_some() || args.report.is_some()
}

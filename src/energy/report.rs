//! Files that the energy commands write.

use super::args::ReportArgs;
use crate::output::write_atomically;
use energy::picture::{Section, report_html};

/// Writes the report and the picture where they are asked for. The report holds the texts, then the picture.
pub fn write(args: &ReportArgs, title: &str, texts: &[(&str, String)], picture: (&str, &str)) -> anyhow::Result<()> {
    let (caption, svg) = picture;
    if let Some(path) = &args.svg {
        write_atomically(path, svg.as_bytes())?;
    }
    if let Some(path) = &args.report {
        let sections: Vec<(&str, Section)> = texts
            .iter()
            .map(|(heading, text)| (*heading, Section::Text(text.clone())))
            .chain([(caption, Section::Svg(svg.to_owned()))])
            .collect();
        write_atomically(path, report_html(title, &sections).as_bytes())?;
    }
    Ok(())
}

/// Whether a picture has to be drawn at all.
pub fn wanted(args: &ReportArgs) -> bool {
    args.svg.is_some() || args.report.is_some()
}

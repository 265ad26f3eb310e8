//! `skiprnn data describe`

use super::DescribeArgs;
use crate::{
    output::{self, Output},
    train::recordings,
};
use anyhow::Context;
use experiments::recordings as report;

/// Runs the command.
pub fn run(args: &DescribeArgs, out: Output) -> anyhow::Result<()> {
    let config = recordings::config(&args.source(), &args.recordings, args.sample_period_s)?;
    let summary = dataset::describe(&config)?;
    if let Some(path) = &args.svg {
        output::write_atomically(path, report::figure(&summary).as_bytes())?;
    }
    let mut value = serde_json::to_value(&summary).context("the summary as JSON")?;
    output::merge(&mut value, serde_json::json!({ "data": args.data, "svg": args.svg }));
    out.print(&value, || report::text(&summary));
    Ok(())
}

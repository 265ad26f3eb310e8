//! Where the charge of a simulated run went: by account, for people, for machines and as a picture.

use super::args::EmulateArgs;
use crate::output::{Usage, write_atomically};
use board_host::{
    boards::Board,
    on_board::{
        ChargeOptions, Observed, books_charge,
        power::{Account, Balance, Figure, Figures},
    },
};
use charts::{Bar, BarPart, DEFAULT_STYLE, StackedBars, palette_style};
use energy::Simulated;
use serde::Serialize;
use std::fmt;

/// By what a run is charged: the profile of the board's chip.
pub struct Prices {
    profile: energy::Board,
    simulated: Simulated,
}

impl Prices {
    /// Of a board; none where its chip's model does not tell what draws, or its profile has no figures of it.
    ///
    /// # Errors
    /// An option asks for what cannot be told of this board.
    pub fn of(board: &Board, args: &EmulateArgs) -> anyhow::Result<Option<Self>> {
        let profile = books_charge(board).then(|| energy::board(board.profile)).transpose()?;
        let prices = profile.and_then(|profile| {
            let simulated = profile.simulated.clone()?;
            Some(Self { profile, simulated })
        });
        match prices {
            None => refuse(args, &format!("what {} draws is not modelled yet", board.name)).map(|()| None),
            some => Ok(some),
        }
    }

    /// As the virtual board takes them. With `traced` it keeps the current over time.
    pub fn options(&self, traced: bool) -> ChargeOptions {
        let state = |draw: &energy::Draw| Figure {
            consumer: draw.consumer.clone(),
            state: draw.state.clone(),
            current_pa: whole(draw.current_ua.mid * 1e6),
        };
        let wake_ma = match &self.profile.wake_current_ma {
            Some(figure) => figure.mid,
            None => self.profile.active_power_uw(energy::Corner::Mid) / self.profile.supply_v.mid * 1e-3,
        };
        let light_us = self
            .simulated
            .light_wake_us
            .as_ref()
            .unwrap_or(&self.simulated.wake_us)
            .mid;
        let figures = Figures {
            supply_uv: whole(self.profile.supply_v.mid * 1e6),
            states: self.simulated.draws.iter().map(state).collect(),
            wake_ps: whole(self.simulated.wake_us.mid * 1e6),
            light_wake_ps: whole(light_us * 1e6),
            wake_pa: whole(wake_ma * 1e9),
            update_ppm: whole(self.profile.effective_workload_factor().mid * 1e6),
        };
        ChargeOptions { figures, traced }
    }
}

/// The profile's figures are checked to be positive and below 1e12.
fn whole(value: f64) -> u64 {
    value.round() as u64
}

/// Refuses the options of this file where nothing tells what is drawn.
pub fn refuse(args: &EmulateArgs, why: &str) -> anyhow::Result<()> {
    let given = [
        ("--power-trace", args.power_trace.is_some()),
        ("--power-svg", args.power_svg.is_some()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(Usage::error(format!(
            "{option}: {why}; take --board nrf52840-dk, or leave it out"
        ))),
        None => Ok(()),
    }
}

/// One account.
#[derive(Debug, Clone, Serialize)]
struct Booked {
    account: &'static str,
    uj: f64,
    share: f64,
    /// From the first decision to the last one; null where fewer than two were made one after the other.
    uj_per_decision: Option<f64>,
}

/// Where the charge of a run went.
#[derive(Debug, Clone, Serialize)]
pub struct Charge {
    /// Always "simulated".
    label: &'static str,
    /// The profile that the figures are of.
    profile: String,
    supply_v: f64,
    seconds: f64,
    uj: f64,
    mean_uw: f64,
    decisions: usize,
    /// From the first decision to the last one; null where fewer than two were made one after the other.
    uj_per_decision: Option<f64>,
    /// What core and bus drew for each used sample, beside the update and the sensor's own current.
    uj_per_sample_core_and_bus: Option<f64>,
    wakes: u64,
    updates: u64,
    accounts: Vec<Booked>,
    /// States that were drawn in and have no figure.
    without_figure: Vec<String>,
}

impl Charge {
    /// What a run drew, in which so many decisions were made; none where nothing was booked.
    pub fn new(prices: &Prices, observed: &Observed, decisions: usize) -> Option<Self> {
        let balance = observed.charge.as_ref()?;
        let uj = balance.uj(balance.total());
        let one = observed.per_decision();
        let booked = |account: Account| {
            let charge = balance.uj(balance.charge(account));
            Booked {
                account: account.name(),
                uj: charge,
                share: charge / uj.max(f64::MIN_POSITIVE),
                uj_per_decision: one.map(|one| uj_of(balance, one.charges[account as usize])),
            }
        };
        let seconds = balance.time.as_s();
        Some(Self {
            label: "simulated",
            profile: prices.profile.name.clone(),
            supply_v: balance.supply_uv as f64 * 1e-6,
            seconds,
            uj,
            mean_uw: uj / seconds.max(f64::MIN_POSITIVE),
            decisions,
            uj_per_decision: one.map(|one| uj_of(balance, one.total())),
            uj_per_sample_core_and_bus: one
                .and_then(|one| one.core_and_bus_of_a_sample())
                .map(|charge| uj_of(balance, charge)),
            wakes: balance.wakes,
            updates: balance.updates,
            accounts: Account::ALL.into_iter().map(booked).collect(),
            without_figure: balance.without_figure.clone(),
        })
    }

    /// Writes the picture where it is asked for.
    pub fn draw(&self, args: &EmulateArgs, board: &Board) -> anyhow::Result<()> {
        let Some(path) = &args.power_svg else { return Ok(()) };
        let title = format!("Where the charge went: {} (simulated)", board.name);
        let bars = self.accounts.iter().map(|booked| Bar {
            label: booked.account.to_owned(),
            parts: vec![BarPart {
                class: "p0",
                name: "uJ at the supply",
                value: booked.uj,
                hover: format!("{}: {:.4} uJ", booked.account, booked.uj),
            }],
            interval: None,
            total: format!("{:.4} uJ, {:.1} %", booked.uj, 100.0 * booked.share),
        });
        let drawing = StackedBars {
            title: &title,
            x_label: &format!("uJ in {:.3} s of board time (simulated)", self.seconds),
            bars: bars.collect(),
        }
        .draw();
        let svg = drawing.to_file(&format!("{DEFAULT_STYLE}{}", palette_style()));
        write_atomically(path, svg.as_bytes())
    }
}

fn uj_of(balance: &Balance, charge: f64) -> f64 {
    charge * 1e-24 * balance.supply_uv as f64
}

impl fmt::Display for Charge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "where the charge went, by the middle figures of profile {} at {} V (simulated):",
            self.profile, self.supply_v
        )?;
        for booked in self.accounts.iter().filter(|booked| booked.uj > 0.0) {
            write!(
                f,
                "  {:<22} {:>12.4} uJ {:>6.2} %",
                booked.account,
                booked.uj,
                100.0 * booked.share
            )?;
            if let Some(uj) = booked.uj_per_decision {
                write!(f, "  {uj:>11.4} uJ a decision")?;
            }
            writeln!(f)?;
        }
        write!(
            f,
            "  {:<22} {:>12.4} uJ in {:.3} s, {:.3} uW; {} wake-ups, {} updates",
            "all", self.uj, self.seconds, self.mean_uw, self.wakes, self.updates
        )?;
        if let Some(uj) = self.uj_per_decision {
            write!(
                f,
                "\n  {uj:.4} uJ a decision, from the first to the last of {}",
                self.decisions
            )?;
        }
        if let Some(uj) = self.uj_per_sample_core_and_bus {
            write!(
                f,
                "; {uj:.3} uJ of core and bus for each used sample, beside its update"
            )?;
        }
        if !self.without_figure.is_empty() {
            write!(
                f,
                "\n  in no account, because the profile has no figure: {}",
                self.without_figure.join(", ")
            )?;
        }
        Ok(())
    }
}

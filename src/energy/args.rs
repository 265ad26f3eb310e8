//! The options of `skiprnn energy`.

use crate::args::{InputArgs, TargetArgs, Task, parsed};
use clap::{Args, Subcommand};
use energy::{
    DutyPoint,
    ppk2::Mode,
    trace::{ColumnOptions, Format, Markers},
};
use std::path::PathBuf;

/// Options of `energy`.
#[derive(Args, Debug)]
pub struct EnergyArgs {
    /// Which figure.
    #[command(subcommand)]
    pub command: EnergyCommand,
}

/// Which figure.
#[derive(Subcommand, Debug)]
pub enum EnergyCommand {
    /// Predict microjoules per sequence from board and sensor profiles, as an interval.
    #[command(
        after_help = "Example: skiprnn energy predict f.srnn --board nrf52840 --sensor lis3dh\n\
                      Example: skiprnn energy predict f.srnn --board nrf52840 --sensor lis3dh --x x.npy --compare --report energy.html"
    )]
    Predict(PredictArgs),
    /// Measure microjoules per sequence from the power trace of an instrument.
    #[command(
        after_help = "Example: skiprnn energy measure run.ppk2 --voltage 3.0 --markers seq=D0,awake=D1,update=D2 --report run.html\n\
                      Example: skiprnn energy measure trace1-energy.bin --timestamps trace1-timestamps.json --count 250\n\
                      Example: skiprnn energy measure scope.csv --columns time=t:ms,current=I:mA --voltage 3.0 --threshold 1.5"
    )]
    Measure(MeasureArgs),
    /// Record a power trace from a Nordic Power Profiler Kit II.
    #[command(
        after_help = "Example: skiprnn energy record --port /dev/ttyACM1 --voltage 3.0 --seconds 60 --out run.ppk2"
    )]
    Record(RecordArgs),
    /// The pause from which sleeping saves energy, and from which switching the sensor off does.
    #[command(after_help = "Example: skiprnn energy break-even --board nrf52840 --sensor lis3dh")]
    BreakEven(BreakEvenArgs),
    /// Accuracy against energy, of several blobs or of several settings of the dial.
    #[command(
        after_help = "Example: skiprnn energy front a.srnn b.srnn --board nrf52840 --sensor lis3dh --svg front.svg"
    )]
    Front(FrontArgs),
    /// Cycles of an update: a histogram of the instructions that the emulated board executes, timed by the core's manual.
    #[command(after_help = "Example: skiprnn energy cycles f.srnn --task frequency --out cycles.json")]
    Cycles(CyclesArgs),
    /// Figures of your own board from a measured run, to predict with.
    #[command(
        after_help = "Example: skiprnn energy calibrate run.ppk2 --voltage 3.0 --markers seq=D0,awake=D1,update=D2 \
                      --cycles-per-update 20000 --out mine.toml"
    )]
    Calibrate(CalibrateArgs),
    /// Idle power from average power and duty.
    #[command(after_help = "Example: skiprnn energy fit --point 0.561:25.62 --active-mw 32.9")]
    Fit(FitArgs),
    /// The list of `skiprnn boards`; of the boards and sensors that are named, every figure with its source.
    #[command(
        after_help = "Example: skiprnn energy boards\nExample: skiprnn energy boards nrf52840 lis3dh my-board.toml"
    )]
    Boards(BoardsArgs),
}

/// The board and the sensor.
#[derive(Args, Debug)]
#[command(next_help_heading = "Board and sensor")]
pub struct PartArgs {
    /// A board of `skiprnn boards`, a built-in profile, or a TOML file.
    #[arg(long)]
    pub board: String,
    /// A sensor of `skiprnn boards`, a built-in profile, or a TOML file; `none` for no sensor. With a board of `skiprnn boards` a
    /// sensor stands for the profile of its driver on that board.
    #[arg(long, default_value = "none")]
    pub sensor: String,
    /// Figures of your own board in place of the profile's, from `energy calibrate`.
    #[arg(long)]
    pub calibration: Option<PathBuf>,
}

/// What an update costs.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Cost of an update")]
pub struct CostArgs {
    /// Instructions per update, as `emulate` counted them. [default: predicted from the MACs]
    #[arg(long)]
    pub instructions: Option<u64>,
    /// Cycles per update, as a cycle counter on the board measured them.
    #[arg(long, conflicts_with = "instructions")]
    pub cycles_per_update: Option<f64>,
    /// Cycles per update as an interval, from a file of `energy cycles --out`.
    #[arg(long, conflicts_with_all = ["instructions", "cycles_per_update"])]
    pub cycles: Option<PathBuf>,
}

/// Where pictures and reports go.
#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub struct ReportArgs {
    /// Write a report, one HTML file that refers to nothing outside it.
    #[arg(long)]
    pub report: Option<PathBuf>,
    /// Write the picture.
    #[arg(long)]
    pub svg: Option<PathBuf>,
}

/// Options of `energy predict`.
#[derive(Args, Debug)]
pub struct PredictArgs {
    /// The blob.
    pub blob: PathBuf,
    /// Board and sensor.
    #[command(flatten)]
    pub parts: PartArgs,
    /// Mean updates per sequence. [default: as measured by `quantize`, from the blob]
    #[arg(help_heading = "Data", long, conflicts_with_all = ["task", "x"])]
    pub updates_mean: Option<f64>,
    /// An update.
    #[command(flatten)]
    pub cost: CostArgs,
    /// Take the samples that the simulator uses on sequences of this task.
    #[arg(help_heading = "Data", long, value_enum)]
    pub task: Option<Task>,
    /// Offset of the skip gate: positive, more updates; negative, fewer.
    #[arg(
        help_heading = "Dial, cap and budget",
        long,
        default_value_t = 0.0,
        allow_negative_numbers = true
    )]
    pub dial: f64,
    /// The data.
    #[command(flatten)]
    pub input: InputArgs,
    /// Also give the sample indices used by each sequence.
    #[arg(help_heading = "Output", long)]
    pub schedules: bool,
    /// Compare five schemes: dense, dense with the sensor's buffer, skip-poll, skip-sleep, and as many samples at equal
    /// distances.
    #[arg(help_heading = "Output", long)]
    pub compare: bool,
    /// The battery.
    #[command(flatten)]
    pub battery: BatteryArgs,
    /// Report, and the picture of where the energy goes.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// A battery.
#[derive(Args, Debug)]
#[command(next_help_heading = "Battery")]
pub struct BatteryArgs {
    /// Rated capacity of a battery in mAh: how many days it lasts.
    #[arg(long)]
    pub battery_mah: Option<f64>,
    /// Decisions per hour; between them the processor sleeps and the sensor is off. [default: one after the other]
    #[arg(long, requires = "battery_mah")]
    pub decisions_per_hour: Option<f64>,
    /// Mean voltage of the battery over its discharge. [default: the board's supply]
    #[arg(long, requires = "battery_mah")]
    pub battery_voltage: Option<f64>,
    /// Share of the rated energy that reaches the board: self-discharge, cut-off voltage, regulator.
    #[arg(long, requires = "battery_mah", default_value_t = 0.8)]
    pub battery_usable: f64,
}

/// How to read and cut a trace.
#[derive(Args, Debug)]
#[command(next_help_heading = "Trace")]
pub struct TraceArgs {
    /// The trace; `.csv.gz` is read as it is.
    #[arg(help_heading = None::<&'static str>)]
    pub trace: PathBuf,
    /// Format. [default: from the content]
    #[arg(long, value_parser = parsed::<Format>)]
    pub format: Option<Format>,
    /// Supply voltage at the pin of the board, in volts, where the trace does not hold it.
    #[arg(long)]
    pub voltage: Option<f64>,
    /// Columns of a table whose header does not say them, or says them wrongly: time, current, voltage, power and shunt as NAME or
    /// NAME:UNIT, or by their numbers from 1; `time=none` leaves the stamps away, `time=NAME:samples` counts samples of --rate.
    #[arg(long, value_name = "time=NAME:UNIT,..", value_parser = parsed::<ColumnOptions>)]
    pub columns: Option<ColumnOptions>,
    /// Samples per second, for a file without time stamps, or in place of uneven ones.
    #[arg(long, value_name = "HZ")]
    pub rate: Option<f64>,
    /// The file holds the voltage across this resistor in place of a current; 1000 for 1 mV a microampere.
    #[arg(long, value_name = "OHM")]
    pub shunt: Option<f64>,
    /// Marker channels: D0 to D7 of a PPK2, columns of a CSV; awake and update may be left out.
    #[arg(help_heading = "Windows", long, value_name = "seq=D0,awake=D1,update=D2", value_parser = parsed::<Markers>)]
    pub markers: Option<Markers>,
    /// Windows from a JSON file of seconds: [start, end, start, end, ...]; an odd first number is the board's start.
    #[arg(help_heading = "Windows", long, conflicts_with_all = ["threshold", "markers"])]
    pub timestamps: Option<PathBuf>,
    /// Windows where the power is above this many times the baseline.
    #[arg(help_heading = "Windows", long, conflicts_with = "markers")]
    pub threshold: Option<f64>,
    /// With --threshold: keep only this many windows, those with the most net energy.
    #[arg(help_heading = "Windows", long, requires = "threshold")]
    pub keep: Option<usize>,
    /// Sequences in each window, where markers and file do not say. [default: 1]
    #[arg(help_heading = "Windows", long)]
    pub count: Option<u64>,
    /// Baseline in microwatts that net figures subtract. [default: none; with --threshold the least positive power]
    #[arg(help_heading = "Windows", long)]
    pub baseline: Option<f64>,
    /// What the report's header says of the setup: a TOML file of key = "value".
    #[arg(long)]
    pub setup: Option<PathBuf>,
}

/// Options of `energy measure`.
#[derive(Args, Debug)]
pub struct MeasureArgs {
    /// The trace.
    #[command(flatten)]
    pub trace: TraceArgs,
    /// Report, and the picture of the trace with its windows and states.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// Options of `energy record`.
#[derive(Args, Debug)]
pub struct RecordArgs {
    /// The kit's serial port, for example /dev/ttyACM1 or COM3.
    #[arg(long)]
    pub port: PathBuf,
    /// Supply voltage in volts, 0.8 to 5; in mode ampere that of the other supply.
    #[arg(long)]
    pub voltage: f64,
    /// Length of the recording.
    #[arg(long)]
    pub seconds: f64,
    /// `source`: the kit supplies the board; `ampere`: it measures the current of another supply.
    #[arg(long, default_value = "source", value_parser = parsed::<Mode>)]
    pub mode: Mode,
    /// The recording to write: .ppk2 or .csv.
    #[arg(long)]
    pub out: PathBuf,
}

/// Options of `energy break-even`.
#[derive(Args, Debug)]
pub struct BreakEvenArgs {
    /// The blob, for its sample period and the cost of an update.
    pub blob: Option<PathBuf>,
    /// Board and sensor.
    #[command(flatten)]
    pub parts: PartArgs,
    /// An update.
    #[command(flatten)]
    pub cost: CostArgs,
    /// Seconds between samples. [default: the blob's; without a blob 0.02]
    #[arg(long, help_heading = "Data")]
    pub sample_period_s: Option<f64>,
}

/// Options of `energy front`.
#[derive(Args, Debug)]
pub struct FrontArgs {
    /// The blobs.
    #[arg(required = true)]
    pub blobs: Vec<PathBuf>,
    /// Board and sensor.
    #[command(flatten)]
    pub parts: PartArgs,
    /// Run on sequences of this task. [default without --task and --x: what `quantize` measured, from the blob]
    #[arg(help_heading = "Data", long, value_enum)]
    pub task: Option<Task>,
    /// The data.
    #[command(flatten)]
    pub input: InputArgs,
    /// With --task, --x or --data-of: settings of the dial, separated by commas. [default: 0]
    #[arg(
        help_heading = "Dial, cap and budget",
        long,
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    pub dials: Vec<f64>,
    /// Report, and the picture.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// Options of `energy cycles`.
#[derive(Args, Debug)]
pub struct CyclesArgs {
    /// The blob.
    pub blob: PathBuf,
    /// The machine and its image.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Generate the sequences of this task.
    #[arg(help_heading = "Data", long, value_enum)]
    pub task: Option<Task>,
    /// The data; one sequence where --n does not say more.
    #[command(flatten)]
    pub input: InputArgs,
    /// Write the result for `energy predict --cycles`.
    #[arg(help_heading = "Output", long)]
    pub out: Option<PathBuf>,
}

/// Options of `energy calibrate`.
#[derive(Args, Debug)]
pub struct CalibrateArgs {
    /// The trace.
    #[command(flatten)]
    pub trace: TraceArgs,
    /// Cycles per update, as a cycle counter on the board measured them.
    #[arg(long, help_heading = "Cost of an update")]
    pub cycles_per_update: f64,
    /// The calibration file to write.
    #[arg(long, help_heading = "Output")]
    pub out: PathBuf,
}

/// Options of `energy fit`.
#[derive(Args, Debug)]
pub struct FitArgs {
    /// Share of the time that is active, and average power in mW; may be given many times.
    #[arg(long = "point", value_name = "DUTY:MW", required = true, value_parser = parsed::<DutyPoint>)]
    pub points: Vec<DutyPoint>,
    /// Power while active in mW. [default: fitted, from two duties or more]
    #[arg(long)]
    pub active_mw: Option<f64>,
}

/// Options of `energy boards`.
#[derive(Args, Debug)]
pub struct BoardsArgs {
    /// Boards or sensors by name, or TOML files of your own. [default: all]
    pub names: Vec<String>,
}

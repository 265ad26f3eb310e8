//! Hostile files, paths and numbers: refused in one sentence that names them, in little memory and time.
//!
//! Each fault that was found once, and the test of its kind; `faults`, `names`, `numbers` and `mutations` are modules here.
//!
//! | fault | test |
//! | --- | --- |
//! | a blob without channels runs into a panic | `faults::a_blob_without_channels_is_refused_by_name_where_it_is_to_run` |
//! | a blob without a dial curve gets a budget | `faults::a_blob_without_a_dial_curve_gets_no_budget` |
//! | names with control characters reach the terminal | `names::words_from_files_are_printed_without_control_characters` |
//! | headers of `.npy` of 4 GB, or of brackets | `tests/cases/arrays.rs`, `headers_that_promise_too_much_are_refused` |
//! | the same in y, lengths, groups, and in `.npz` | `mutations`, kinds `npy of answers` and `npy in npz` |
//! | archives that unpack to far more than they are | `dataset`, `what_unpacks_to_far_more_than_it_is_packed_to_is_refused` |
//! | rates of `channels.toml` of 1e18 Hz | `faults::rates_of_a_description_do_not_make_samples` |
//! | clocks that jump, in a folder and in one table | `tests/cases/tables.rs`, `b01_a_clock_jump_is_refused_by_line` |
//! | stamps of nanoseconds against a period | `tests/cases/tables.rs`, `b02_a_sample_period_against_nanoseconds_is_no_crash` |
//! | steps of 1e-18 s, and gaps of 1e300 s | `faults::a_gap_that_no_number_holds_is_no_period` |
//! | one long sequence among many short ones | `faults::long_and_short_sequences_in_one_table_take_no_padding` |
//! | one long file among many short ones | `tests/cases/arrays.rs`, `b03_one_long_file_among_small_ones_costs_nothing_but_itself` |
//! | as many words as samples | `faults::as_many_words_as_samples_are_no_classes` |
//! | as many sequences as samples | `faults::as_many_sequences_as_samples_are_row_numbers` |
//! | tensors of the shape (0, 2^62) | `tests/cases/models.rs`, `a_shape_without_values_is_refused_before_anything_is_allocated` |
//! | WAV files of 2^31 Hz | `tests/cases/sound.rs`, `rates_that_no_sensor_has_are_refused_before_anything_is_resampled` |
//! | a list that leads out of its folder | `tests/cases/lists.rs`, the last part of `d05_...` |
//! | paths that are not UTF-8 | `names`, three tests |
//! | a mistyped folder to resume | `tests/cases/commands.rs`, `c2_a_resumption_of_nothing_says_so` |
//! | a damaged run in a sweep | `tests/sweep.rs`, `damaged_runs_are_told_and_the_others_go_on` |
//! | huge numbers as options | `numbers` |
//! | recordings beyond memory | `tests/large_data.rs` |
//! | errors that name no file | `mutations` |
mod commands;
#[path = "../common/mod.rs"]
mod common;
mod faults;
mod files;
mod formats;
mod mutate;
mod mutations;
mod names;
mod numbers;

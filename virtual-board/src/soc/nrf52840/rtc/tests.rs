//! The counter by register writes at instants.

use super::*;
use crate::soc::nrf52840::clock::LFCLK_HZ;

const TICKS: Ticks = Ticks::new(LFCLK_HZ);
const CC: u32 = 0x540;
const COUNTER: u32 = 0x504;

/// Shortly after a tick of LFCLK: before it falls.
fn early(tick: u64) -> Time {
    TICKS.time(tick) + Time::from_us(1)
}

/// Late in a tick of LFCLK: after it fell.
fn late(tick: u64) -> Time {
    TICKS.time(tick) + Time::from_us(20)
}

fn write(rtc: &mut Rtc, offset: u32, value: u32, at: Time) {
    rtc.advance(at);
    assert_eq!(rtc.write(offset, value, at), Ok(()), "{offset:#x}");
}

/// COUNTER is `n` in LFCLK's tick 10 + n. COMPARE[0] interrupts.
fn counting() -> Rtc {
    let mut rtc = Rtc::new(4);
    rtc.set_lfclk(Some(TICKS), Time::ZERO);
    write(&mut rtc, 0x304, 1 << COMPARE, Time::ZERO);
    write(&mut rtc, 0x00, 1, early(10));
    rtc
}

fn compared(rtc: &Rtc, now: Time) -> bool {
    rtc.read(0x140, now) == Ok(1)
}

#[test]
fn it_counts_from_the_first_or_second_tick_after_its_start() {
    let mut rtc = counting();
    for (tick, count) in [(10, 0), (11, 1), (12, 2), (1010, 1000)] {
        rtc.advance(early(tick));
        assert_eq!(rtc.read(COUNTER, early(tick)), Ok(count));
    }
    let mut rtc = Rtc::new(4);
    rtc.set_lfclk(Some(TICKS), Time::ZERO);
    write(&mut rtc, 0x00, 1, late(10));
    rtc.advance(late(11));
    assert_eq!(rtc.read(COUNTER, late(11)), Ok(0), "LFCLK had fallen already");
    rtc.advance(late(13));
    assert_eq!(rtc.read(COUNTER, late(13)), Ok(2));
}

#[test]
fn a_compare_value_two_ticks_ahead_always_comes() {
    for written in [early(100), late(100)] {
        let mut rtc = counting();
        write(&mut rtc, CC, 92, written);
        rtc.advance(TICKS.time(102) - Time::from_ps(1));
        assert!(!rtc.line());
        assert_eq!(rtc.due(), TICKS.time(102));
        rtc.advance(TICKS.time(102));
        assert!(rtc.line() && compared(&rtc, TICKS.time(102)));
        assert_eq!(rtc.read(COUNTER, TICKS.time(102)), Ok(92));
    }
}

#[test]
fn a_compare_value_one_tick_ahead_may_be_missed() {
    for (written, comes) in [(early(100), true), (late(100), false)] {
        let mut rtc = counting();
        write(&mut rtc, CC, 91, written);
        rtc.advance(early(200));
        assert_eq!(compared(&rtc, early(200)), comes);
    }
    let mut rtc = counting();
    write(&mut rtc, CC, 90, early(100));
    rtc.advance(early(200));
    assert!(!compared(&rtc, early(200)), "the present count makes no event");
}

#[test]
fn the_old_compare_value_may_still_match_while_a_new_one_waits() {
    let mut rtc = counting();
    write(&mut rtc, CC, 91, early(50));
    write(&mut rtc, CC, 5000, late(100));
    rtc.advance(early(101));
    assert!(compared(&rtc, early(101)));
    assert_eq!(rtc.read(CC, early(101)), Ok(5000), "the register reads as written");
}

#[test]
fn the_counter_wraps_after_24_bits() {
    let mut rtc = counting();
    write(&mut rtc, 0x304, 1 << OVRFLW, early(20));
    write(&mut rtc, 0x0c, 1, early(20));
    rtc.advance(early(21));
    assert_eq!(rtc.read(COUNTER, early(21)), Ok(NEAR_OVERFLOW));
    assert_eq!(rtc.due(), TICKS.time(21 + 16));
    rtc.advance(TICKS.time(37));
    assert_eq!(
        (rtc.read(0x104, early(37)), rtc.read(COUNTER, early(37))),
        (Ok(1), Ok(0))
    );
    assert_eq!(rtc.due(), TICKS.time(37 + (1 << 24)), "COMPARE[0] is 0 too");
}

#[test]
fn clear_makes_no_event_of_a_compare_value_of_zero() {
    let mut rtc = counting();
    write(&mut rtc, 0x08, 1, early(100));
    assert_eq!(rtc.read(COUNTER, early(100)), Ok(90), "not yet");
    rtc.advance(early(101));
    assert_eq!(rtc.read(COUNTER, early(101)), Ok(0));
    assert!(!compared(&rtc, early(101)));
    assert_eq!(rtc.read(COUNTER, early(105)), Ok(4));
}

#[test]
fn stop_keeps_the_count() {
    let mut rtc = counting();
    write(&mut rtc, 0x04, 1, early(100));
    rtc.advance(early(500));
    assert_eq!(rtc.read(COUNTER, early(500)), Ok(90));
    assert_eq!(rtc.due(), Time::NEVER);
    write(&mut rtc, 0x00, 1, early(500));
    rtc.advance(early(503));
    assert_eq!(rtc.read(COUNTER, early(503)), Ok(93));
}

#[test]
fn a_prescaler_divides_the_clock() {
    let mut rtc = Rtc::new(3);
    rtc.set_lfclk(Some(TICKS), Time::ZERO);
    write(&mut rtc, 0x508, 3, Time::ZERO);
    write(&mut rtc, 0x344, 1 << TICK, Time::ZERO);
    write(&mut rtc, 0x00, 1, early(10));
    rtc.advance(early(13));
    assert_eq!(rtc.write(0x508, 1, early(13)), Err(Refused::Unknown), "it runs");
    assert_eq!(
        (rtc.read(COUNTER, early(13)), rtc.read(0x100, early(13))),
        (Ok(0), Ok(0))
    );
    rtc.advance(early(14));
    assert_eq!(
        (rtc.read(COUNTER, early(14)), rtc.read(0x100, early(14))),
        (Ok(1), Ok(1))
    );
    assert_eq!(rtc.read(COUNTER, early(10 + 400)), Ok(100));
}

#[test]
fn events_come_only_where_they_are_enabled() {
    let mut rtc = counting();
    write(&mut rtc, 0x308, 1 << COMPARE, early(20));
    write(&mut rtc, CC, 30, early(20));
    assert!(rtc.due() < TICKS.time(40), "the value is taken over");
    rtc.advance(early(40));
    assert!(!compared(&rtc, early(40)));
    assert_eq!(rtc.due(), Time::NEVER);
    write(&mut rtc, 0x344, 1 << COMPARE, early(50));
    write(&mut rtc, CC, 60, early(50));
    rtc.advance(early(70));
    assert!(
        compared(&rtc, early(70)) && !rtc.line(),
        "EVTEN makes events, INTEN interrupts"
    );
}

#[test]
fn it_counts_only_while_lfclk_runs() {
    let mut rtc = Rtc::new(4);
    write(&mut rtc, 0x00, 1, early(5));
    assert_eq!((rtc.due(), rtc.read(COUNTER, early(50))), (Time::NEVER, Ok(0)));
    rtc.set_lfclk(Some(TICKS), early(50));
    rtc.advance(early(60));
    assert_eq!(rtc.read(COUNTER, early(60)), Ok(10));
    rtc.set_lfclk(None, early(60));
    assert_eq!(rtc.read(COUNTER, early(90)), Ok(10));
    let later = Ticks::starting(early(100), LFCLK_HZ);
    rtc.set_lfclk(Some(later), early(100));
    assert_eq!(rtc.read(COUNTER, later.time(7)), Ok(17));
}

#[test]
fn rtc0_has_three_compare_channels() {
    let mut rtc = Rtc::new(3);
    assert_eq!(rtc.write(CC + 8, 1, Time::ZERO), Ok(()));
    assert_eq!(rtc.write(CC + 12, 1, Time::ZERO), Err(Refused::Unknown));
    assert_eq!(rtc.write(CC, 1 << 24, Time::ZERO), Err(Refused::Unknown));
    assert_eq!(rtc.write(0x304, 1 << (COMPARE + 3), Time::ZERO), Err(Refused::Unknown));
}

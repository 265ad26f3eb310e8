//! A world of its own for the runner: simulated time, a sensor that knows when it may be read, a network whose updates
//! take time, and an interrupt.

use fixed::types::{I16F16, U0F32};
use skiprnn_nostd::{
    Network, Step,
    runner::{Captured, Clock, Instants, Profile, Sensor},
};
use std::{cell::RefCell, collections::VecDeque, convert::Infallible, rc::Rc, task::Poll};

/// What happened when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    On(u64),
    Off(u64),
    /// (sample, tick)
    Read(u64, u64),
    /// (from, to)
    Sleep(u64, u64),
}

/// An interrupt: is told the tick, returns when it wants to come next.
type Interrupt = Box<dyn FnMut(u64) -> Option<u64>>;

/// Time, and what all mocks share.
#[derive(Default)]
pub struct World {
    pub now: u64,
    pub events: Vec<Event>,
    pub alarm: Option<u64>,
}

#[derive(Clone, Default)]
pub struct Shared {
    pub world: Rc<RefCell<World>>,
    pub interrupt: Rc<RefCell<Option<Interrupt>>>,
}

impl Shared {
    pub fn at(now: u64) -> Self {
        let shared = Self::default();
        shared.world.borrow_mut().now = now;
        shared
    }

    pub fn now(&self) -> u64 {
        self.world.borrow().now
    }

    pub fn note(&self, event: Event) {
        self.world.borrow_mut().events.push(event);
    }

    pub fn events(&self) -> Vec<Event> {
        self.world.borrow().events.clone()
    }

    /// (sample, tick) of every read.
    pub fn reads(&self) -> Vec<(u64, u64)> {
        let read = |event| match event {
            Event::Read(sample, at) => Some((sample, at)),
            _ => None,
        };
        self.events().into_iter().filter_map(read).collect()
    }

    /// Lets the time pass that somebody is busy for; interrupts come in between.
    pub fn busy_for(&self, ticks: u64) {
        let end = self.now() + ticks;
        let due = || self.world.borrow().alarm.filter(|at| *at <= end);
        while let Some(at) = due() {
            let at = at.max(self.now());
            self.world.borrow_mut().now = at;
            let next = self.interrupt.borrow_mut().as_mut().and_then(|i| i(at));
            self.world.borrow_mut().alarm = next;
        }
        self.world.borrow_mut().now = end;
    }
}

/// Sleeps by setting the time.
#[derive(Clone)]
pub struct MockClock {
    pub shared: Shared,
    pub rate: u32,
    /// Ticks by which the next wake-ups come too late; the last one stays.
    pub oversleeps: VecDeque<u64>,
    pub fails: bool,
}

impl MockClock {
    pub fn new(shared: &Shared) -> Self {
        MockClock {
            shared: shared.clone(),
            rate: 1000,
            oversleeps: VecDeque::from([0]),
            fails: false,
        }
    }

    fn sleep(&mut self, tick: u64) -> Result<(), &'static str> {
        if self.fails {
            return Err("the alarm does not start");
        }
        let late = if self.oversleeps.len() > 1 {
            self.oversleeps.pop_front()
        } else {
            self.oversleeps.front().copied()
        };
        let mut world = self.shared.world.borrow_mut();
        let from = world.now;
        world.now = from.max(tick) + late.unwrap_or(0);
        let to = world.now;
        world.events.push(Event::Sleep(from, to));
        Ok(())
    }
}

impl Clock for MockClock {
    type Error = &'static str;

    fn ticks_per_second(&self) -> u32 {
        self.rate
    }

    fn now(&mut self) -> u64 {
        self.shared.now()
    }

    fn sleep_until(&mut self, tick: u64) -> Result<(), &'static str> {
        self.sleep(tick)
    }
}

/// What a read comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Good,
    Pending,
    Bad,
}

/// Gives a value that depends on the instant at which it was measured, so that a sample of another instant shows.
#[derive(Clone)]
pub struct MockSensor {
    pub shared: Shared,
    pub profile: Profile,
    /// What the next reads come to; then they are good.
    pub answers: Rc<RefCell<VecDeque<Answer>>>,
    /// Failures of the next attempts to switch on.
    pub dead_for: u32,
    /// Samples that its own FIFO holds.
    pub fifo: usize,
    /// (next sample to be captured, instants, sample and value)
    capture: Option<(u64, Instants)>,
    captured: VecDeque<(u64, [i16; 1])>,
    overflow: bool,
    /// Ready from this tick on, where it is on.
    ready_at: Option<u64>,
}

/// What a sensor measures at a tick.
pub fn measured_at(tick: u64) -> [i16; 1] {
    [(tick.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as i16]
}

impl MockSensor {
    pub fn new(shared: &Shared, profile: Profile) -> Self {
        MockSensor {
            shared: shared.clone(),
            profile,
            answers: Rc::default(),
            dead_for: 0,
            fifo: 0,
            capture: None,
            captured: VecDeque::new(),
            overflow: false,
            ready_at: None,
        }
    }

    /// Fills the FIFO up to the present instant.
    fn fill(&mut self) {
        let now = self.shared.now();
        while let Some((sample, instants)) = self.capture
            && instants.tick(sample) <= now
        {
            if self.captured.len() < self.fifo {
                self.captured.push_back((sample, measured_at(instants.tick(sample))));
            } else {
                self.overflow = true;
            }
            self.capture = Some((sample + 1, instants));
        }
    }
}

impl Sensor for MockSensor {
    type Error = &'static str;
    type Sample = [i16; 1];

    fn profile(&self) -> Profile {
        self.profile
    }

    fn power_up(&mut self) -> Result<(), &'static str> {
        assert!(self.ready_at.is_none(), "switched on twice");
        if self.dead_for > 0 {
            self.dead_for -= 1;
            return Err("no answer");
        }
        let now = self.shared.now();
        self.shared.note(Event::On(now));
        self.ready_at = Some(now + self.profile.turn_on.as_millis() as u64);
        Ok(())
    }

    fn power_down(&mut self) -> Result<(), &'static str> {
        if self.ready_at.take().is_some() {
            self.shared.note(Event::Off(self.shared.now()));
        }
        Ok(())
    }

    fn read(&mut self, sample: u64) -> Poll<Result<[i16; 1], &'static str>> {
        let now = self.shared.now();
        assert!(
            self.ready_at.is_some_and(|ready| now >= ready),
            "read before it is ready"
        );
        match self.answers.borrow_mut().pop_front().unwrap_or(Answer::Good) {
            Answer::Good => {
                self.shared.note(Event::Read(sample, now));
                Poll::Ready(Ok(measured_at(now)))
            }
            Answer::Pending => Poll::Pending,
            Answer::Bad => Poll::Ready(Err("nonsense")),
        }
    }

    fn start_capture(&mut self, from: u64, instants: Instants) -> Result<(), &'static str> {
        assert!(self.ready_at.is_some(), "captures while off");
        self.captured.clear();
        self.overflow = false;
        self.capture = (self.fifo > 0).then_some((from, instants));
        Ok(())
    }

    fn take_captured(&mut self, sample: u64) -> Result<Captured<[i16; 1]>, &'static str> {
        self.fill();
        let queued = self.captured.len() as u32;
        while self.captured.front().is_some_and(|(index, _)| *index < sample) {
            self.captured.pop_front();
        }
        Ok(match self.captured.front() {
            Some((index, counts)) if *index == sample => Captured::Sample {
                counts: *counts,
                queued,
            },
            _ if self.overflow => Captured::Overflow,
            _ => Captured::Empty,
        })
    }

    fn stop_capture(&mut self) -> Result<(), &'static str> {
        self.fill();
        self.capture = None;
        Ok(())
    }
}

/// Skips by what it has seen, or by a script; its updates take time.
#[derive(Clone)]
pub struct MockNetwork {
    pub shared: Shared,
    pub period_ns: u64,
    pub length: u32,
    /// N_skip, update by update, over again with every sequence; empty: from the samples, 0 to 7.
    pub script: Vec<u32>,
    /// Ticks that updates take, in turn.
    pub takes: Vec<u64>,
    /// Updates since the start of the sequence, and ever.
    pub updates: usize,
    pub ever: usize,
    pub state: u32,
    pub dial: I16F16,
}

impl MockNetwork {
    pub fn new(shared: &Shared, length: u32, script: &[u32]) -> Self {
        MockNetwork {
            shared: shared.clone(),
            period_ns: 20_000_000,
            length,
            script: script.to_vec(),
            takes: vec![3],
            updates: 0,
            ever: 0,
            state: 0,
            dial: I16F16::ZERO,
        }
    }
}

impl Network for MockNetwork {
    type Error = Infallible;

    fn inputs(&self) -> usize {
        1
    }

    fn outputs(&self) -> usize {
        2
    }

    fn sample_period_ns(&self) -> u64 {
        self.period_ns
    }

    fn sequence_length(&self) -> u32 {
        self.length
    }

    fn set_dial(&mut self, dial: I16F16) {
        self.dial = dial;
    }

    fn reset(&mut self) -> Result<(), Infallible> {
        (self.updates, self.state) = (0, 0);
        Ok(())
    }

    fn step(&mut self, counts: &[i16]) -> Result<Step, Infallible> {
        self.state = self.state.wrapping_mul(31).wrapping_add(counts[0] as u16 as u32);
        let skip = match self.script.get(self.updates) {
            Some(skip) => *skip,
            None => (self.state.wrapping_mul(0x9e37_79b1) >> 29) & 7,
        };
        let takes = self.takes[self.ever % self.takes.len()];
        self.updates += 1;
        self.ever += 1;
        self.shared.busy_for(takes);
        Ok(Step {
            delta: U0F32::MAX,
            skip,
        })
    }

    fn logits(&self, out: &mut [i32]) -> Result<(), Infallible> {
        out.copy_from_slice(&[0, self.state as i32]);
        Ok(())
    }

    fn decide(&self, logits: &[i32]) -> usize {
        usize::from(logits[1] > logits[0])
    }
}

#[cfg(feature = "async")]
mod asynch {
    use super::*;
    use skiprnn_nostd::runner::asynch;
    use std::{future, pin::pin, task::Context};

    impl asynch::Clock for MockClock {
        type Error = &'static str;

        fn ticks_per_second(&self) -> u32 {
            self.rate
        }

        fn now(&mut self) -> u64 {
            self.shared.now()
        }

        async fn sleep_until(&mut self, tick: u64) -> Result<(), &'static str> {
            self.sleep(tick)
        }
    }

    impl asynch::Sensor for MockSensor {
        type Error = &'static str;
        type Sample = [i16; 1];

        fn profile(&self) -> Profile {
            self.profile
        }

        async fn power_up(&mut self) -> Result<(), &'static str> {
            Sensor::power_up(self)
        }

        async fn power_down(&mut self) -> Result<(), &'static str> {
            Sensor::power_down(self)
        }

        async fn read(&mut self, sample: u64) -> Result<[i16; 1], &'static str> {
            match Sensor::read(self, sample) {
                Poll::Ready(result) => result,
                Poll::Pending => future::pending().await,
            }
        }

        async fn start_capture(&mut self, from: u64, instants: Instants) -> Result<(), &'static str> {
            Sensor::start_capture(self, from, instants)
        }

        async fn take_captured(&mut self, sample: u64) -> Result<Captured<[i16; 1]>, &'static str> {
            Sensor::take_captured(self, sample)
        }

        async fn stop_capture(&mut self) -> Result<(), &'static str> {
            Sensor::stop_capture(self)
        }
    }

    /// Polls a future whose parts are all ready at once.
    pub fn block_on<T>(future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        let mut context = Context::from_waker(std::task::Waker::noop());
        loop {
            if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
                return value;
            }
        }
    }
}

#[cfg(feature = "async")]
pub use asynch::block_on;

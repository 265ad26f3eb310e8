//! A queue between an interrupt that reads the sensor and the runner that is busy with an update.

use super::{Captured, Instants, Profile, Sensor};
use core::{cell::RefCell, fmt, task::Poll};
use critical_section::Mutex;
use heapless::Deque;

/// Room for `N` samples of type `T`, such as `[i16; 3]`; to be placed in a `static`.
///
/// The timer's interrupt calls [`CaptureQueue::capture`]; the runner gets the sensor that [`CaptureQueue::attach`] returns.
/// `N` has to be the number of sample periods that the longest update takes, rounded up. Interrupts are off while a sample is
/// put in or taken out, not while it is read.
pub struct CaptureQueue<T, const N: usize> {
    inner: Mutex<RefCell<Inner<T, N>>>,
}

struct Inner<T, const N: usize> {
    samples: Deque<(u64, T), N>,
    /// The sample that the interrupt captures next.
    wanted: Option<(u64, Instants)>,
    /// Whether a sample found the queue full since capturing began.
    overflow: bool,
}

impl<T, const N: usize> fmt::Debug for CaptureQueue<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaptureQueue").finish_non_exhaustive()
    }
}

impl<T, const N: usize> Default for CaptureQueue<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const N: usize> CaptureQueue<T, N> {
    /// An empty queue.
    #[must_use]
    pub const fn new() -> Self {
        let inner = Inner {
            samples: Deque::new(),
            wanted: None,
            overflow: false,
        };
        CaptureQueue {
            inner: Mutex::new(RefCell::new(inner)),
        }
    }

    /// Calls `f` with interrupts off. Nothing in here calls anything that comes back, so that the cell is always free.
    fn with<R>(&self, f: impl FnOnce(&mut Inner<T, N>) -> R) -> Option<R> {
        critical_section::with(|cs| {
            self.inner
                .borrow(cs)
                .try_borrow_mut()
                .ok()
                .map(|mut inner| f(&mut inner))
        })
    }

    /// Call this from the timer's interrupt. It reads the sample that is due at the present instant, if one is wanted,
    /// and returns the tick at which to come back. `None` from `read`, a sensor that failed, leaves a gap.
    ///
    /// The interrupt needs a handle of its own to the sensor; the board shares the bus between the two, for example by
    /// the `CriticalSectionDevice` of embedded-hal-bus.
    pub fn capture(&self, read: impl FnOnce() -> Option<T>) -> Option<u64> {
        let (sample, instants) = self.with(|inner| {
            let (sample, instants) = inner.wanted?;
            inner.wanted = Some((sample.saturating_add(1), instants));
            Some((sample, instants))
        })??;
        if let Some(counts) = read() {
            self.with(|inner| inner.overflow |= inner.samples.push_back((sample, counts)).is_err());
        }
        Some(instants.tick(sample.saturating_add(1)))
    }

    /// A sensor for the runner whose samples the interrupt captures while an update runs.
    ///
    /// The runner calls `alarm` with the tick at which the interrupt is to come first, and with `None` when it need not
    /// come any more.
    pub fn attach<S, A>(&self, sensor: S, alarm: A) -> Queued<'_, S, A, T, N>
    where
        S: Sensor<Sample = T>,
        A: FnMut(Option<u64>),
    {
        Queued {
            sensor,
            queue: self,
            alarm,
        }
    }
}

/// A sensor with a queue; made by [`CaptureQueue::attach`].
pub struct Queued<'q, S, A, T, const N: usize> {
    sensor: S,
    queue: &'q CaptureQueue<T, N>,
    alarm: A,
}

impl<S: fmt::Debug, A, T, const N: usize> fmt::Debug for Queued<'_, S, A, T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queued")
            .field("sensor", &self.sensor)
            .finish_non_exhaustive()
    }
}

impl<S, A, T, const N: usize> Sensor for Queued<'_, S, A, T, N>
where
    S: Sensor<Sample = T>,
    A: FnMut(Option<u64>),
    T: AsRef<[i16]>,
{
    type Error = S::Error;
    type Sample = T;

    fn profile(&self) -> Profile {
        self.sensor.profile()
    }

    fn power_up(&mut self) -> Result<(), S::Error> {
        self.sensor.power_up()
    }

    fn power_down(&mut self) -> Result<(), S::Error> {
        self.sensor.power_down()
    }

    fn read(&mut self, sample: u64) -> Poll<Result<T, S::Error>> {
        self.sensor.read(sample)
    }

    fn start_capture(&mut self, from: u64, instants: Instants) -> Result<(), S::Error> {
        self.queue.with(|inner| {
            while inner.samples.pop_front().is_some() {}
            inner.overflow = false;
            inner.wanted = Some((from, instants));
        });
        (self.alarm)(Some(instants.tick(from)));
        Ok(())
    }

    fn take_captured(&mut self, sample: u64) -> Result<Captured<T>, S::Error> {
        let taken = self.queue.with(|inner| {
            let queued = inner.samples.len() as u32;
            while inner.samples.front().is_some_and(|(index, _)| *index < sample) {
                inner.samples.pop_front();
            }
            let here = inner.samples.front().is_some_and(|(index, _)| *index == sample);
            match inner.samples.pop_front().filter(|_| here) {
                Some((_, counts)) => Captured::Sample { counts, queued },
                None if inner.overflow => Captured::Overflow,
                None => Captured::Empty,
            }
        });
        Ok(taken.unwrap_or(Captured::Empty))
    }

    fn stop_capture(&mut self) -> Result<(), S::Error> {
        self.queue.with(|inner| inner.wanted = None);
        (self.alarm)(None);
        Ok(())
    }
}

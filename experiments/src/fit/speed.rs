//! How long a step of each training takes on this machine, measured before a fit is planned.

use super::{Data, Event, Method, Observer, method::Training};
use crate::{
    Error,
    baselines::cnn,
    jobs::{self, Task},
};
use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

/// Steps by which the speed of a training is measured, with one evaluation, about as often as later.
const MEASURED_STEPS: u64 = 100;

/// The folder of the trainings that are measured; it goes away.
pub(super) fn folder(of_fit: &Path) -> PathBuf {
    of_fit.join("speed")
}

/// Seconds of a step of each method, by its name; as many are trained at the same time as later.
pub(super) fn measure(
    (data, methods): (&Data, &[Method]),
    (seed, threads): (u64, usize),
    of_fit: &Path,
    observer: Observer<'_>,
) -> Result<HashMap<String, f64>, Error> {
    let place = folder(of_fit);
    remove(&place)?;
    let measured = Arc::new(Mutex::new(HashMap::new()));
    let task = |method: &Method| -> Result<Task, Error> {
        let teacher = method.teacher().map(|teacher| place.join(teacher.name()));
        let training = method.training(data, seed, MEASURED_STEPS, teacher.as_deref())?;
        let (folder, measured, name) = (place.join(method.name()), Arc::clone(&measured), method.name());
        Ok(Task {
            label: name.clone(),
            work: Box::new(move |observer| {
                let seconds = match training {
                    Training::Recurrent(mut config) => {
                        config.eval_every = MEASURED_STEPS;
                        let mut show =
                            |progress: &host_train::Progress| observer(&jobs::Event::Step { label: &name, progress });
                        host_train::train_until(&config, &folder, false, &mut show)?.seconds
                    }
                    Training::Cnn(mut config) => {
                        config.training.eval_every = MEASURED_STEPS;
                        let begun = Instant::now();
                        cnn::train(&config)?;
                        begun.elapsed().as_secs_f64()
                    }
                };
                let mut measured = measured.lock().unwrap_or_else(PoisonError::into_inner);
                measured.insert(name, seconds / MEASURED_STEPS as f64);
                Ok(())
            }),
        })
    };
    let flow = |_: &jobs::Event<'_>| {
        observer(&Event::Progress {
            share: 0.0,
            left_s: None,
        })
    };
    // Those that learn from others come after them.
    for is_taught in [false, true] {
        let now = methods.iter().filter(|m| m.teacher().is_some() == is_taught);
        let failed = jobs::do_all(now.map(task).collect::<Result<_, _>>()?, threads, &flow)?;
        if let Some(problem) = failed.into_iter().next() {
            remove(&place)?;
            return Err(Error::data("a first training", problem));
        }
    }
    remove(&place)?;
    let measured = measured.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(measured.clone())
}

/// Removes a folder, where it is there.
fn remove(folder: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(folder) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io(folder, "deleted")(e)),
        _ => Ok(()),
    }
}

//! `.pt` and `.pth`: archives of `torch.save`, whose pickle says which tensors there are, and whose other entries hold their
//! values.

use crate::{
    Error,
    archive::Archive,
    error::{joined, listed},
    pickle::{Pickle, Place, Value},
};
use float_model::{FloatModel, Numbers, Tensor, printable};
use std::{borrow::Cow, collections::BTreeMap, path::Path};

/// How a state dict is saved that this reader takes.
const MEND: &str = "in Python, save its tensors: torch.save(model.state_dict(), PATH)";
/// Bytes of the longest pickle: it holds names and shapes.
const LONGEST: usize = 32 << 20;
/// Dictionaries around a state dict.
const DEEPEST: usize = 4;

/// Reads an archive, or says why a bare pickle is none.
pub(crate) fn read(path: &Path, bytes: &[u8]) -> Result<(FloatModel, Vec<String>), Error> {
    let refused = |problem: String| Error::refused(path, problem);
    if !bytes.starts_with(b"PK") {
        return Err(refused(
            "is a Python pickle without an archive, as PyTorch wrote it before version 1.6; in Python, save it again: \
             torch.save(torch.load(PATH), PATH)"
                .into(),
        ));
    }
    let mut archive = Archive::open(bytes).map_err(refused)?;
    let Some(pickle) = archive
        .names()
        .iter()
        .find(|n| *n == "data.pkl" || n.ends_with("/data.pkl"))
    else {
        return Err(refused(
            "is a zip archive without data.pkl, which torch.save writes; save it again".into(),
        ));
    };
    let folder = pickle.trim_end_matches("data.pkl").to_owned();
    let has = |name: &str| archive.names().iter().any(|n| *n == format!("{folder}{name}"));
    if has("constants.pkl") || archive.names().iter().any(|n| n.starts_with(&format!("{folder}code/"))) {
        let mend = MEND.replace("model.", "torch.jit.load(PATH).");
        return Err(refused(format!("is a TorchScript program; {mend}")));
    }
    let is_big = has("byteorder");
    let is_big = is_big && archive.read(&format!("{folder}byteorder")).map_err(refused)? == b"big";
    if is_big {
        return Err(refused(
            "was written on a big-endian machine; save it again on another".into(),
        ));
    }
    let text = archive.read(&format!("{folder}data.pkl")).map_err(refused)?;
    if text.len() > LONGEST {
        return Err(refused(format!("data.pkl: has {} bytes; {MEND}", text.len())));
    }
    let pickle = Pickle::parse(&text).map_err(|problem| refused(format!("data.pkl: {problem}")))?;
    let mut notes = Vec::new();
    let state = state_dict(&pickle, &mut notes).map_err(refused)?;
    let mut reader = Storages {
        pickle: &pickle,
        archive,
        folder,
        known: BTreeMap::new(),
        left: (16 << 20) + 4 * bytes.len(),
    };
    let (mut tensors, mut problems) = (Vec::new(), Vec::new());
    for (name, value) in state {
        match reader.tensor(name, value) {
            Ok(tensor) => tensors.push(tensor),
            Err(problem) => problems.push(format!("{}: {problem}", printable(name))),
        }
    }
    if !problems.is_empty() {
        return Err(refused(joined(&problems)));
    }
    let (model, more) = float_model::from_tensors(path, &tensors, BTreeMap::new())?;
    notes.extend(more);
    Ok((model, notes))
}

/// The entries of a state dict: that of the file, or the only one in a dictionary of a checkpoint.
fn state_dict<'p>(pickle: &'p Pickle, notes: &mut Vec<String>) -> Result<Vec<(&'p str, Place)>, String> {
    let mut value = pickle.root();
    for _ in 0..DEEPEST {
        let Value::Dict(entries) = value else { break };
        let named: Vec<(&str, Place)> = entries
            .iter()
            .filter_map(|(key, value)| Some((pickle.text(*key)?, *value)))
            .collect();
        if named.iter().any(|(_, place)| is_tensor(pickle, *place)) {
            return Ok(named);
        }
        let holds_tensors = |place: Place| match pickle.at(place) {
            Value::Dict(inner) => inner.iter().any(|(_, place)| is_tensor(pickle, *place)),
            _ => false,
        };
        let inner: Vec<&(&str, Place)> = named.iter().filter(|(_, place)| holds_tensors(*place)).collect();
        let deeper: Vec<&(&str, Place)> = match inner.is_empty() {
            false => inner,
            // A checkpoint within a checkpoint.
            true => {
                let known = ["state_dict", "model_state_dict", "model", "checkpoint", "net"];
                named.iter().filter(|(name, _)| known.contains(name)).collect()
            }
        };
        match deeper[..] {
            [(name, place)] => {
                let others = named.iter().map(|(n, _)| *n).filter(|n| n != name);
                let beside = match named.len() {
                    1 => String::new(),
                    _ => format!("; beside it, and left aside: {}", listed(others)),
                };
                notes.push(format!("the state dict is {}{beside}", printable(name)));
                value = pickle.at(*place);
            }
            [] => break,
            _ => {
                let names = listed(deeper.iter().map(|(name, _)| *name));
                return Err(format!(
                    "{names}: several state dicts; save the one that is meant, alone: {MEND}"
                ));
            }
        }
    }
    Err(match (pickle.name(value), value) {
        (Some(class), _) => format!(
            "is a whole module (a {}), which only Python with the source of its class can load; {MEND}",
            printable(class)
        ),
        (None, Value::Dict(_)) => format!("holds no state dict, a dictionary of named tensors; {MEND}"),
        (None, _) => format!("holds no dictionary of named tensors; {MEND}"),
    })
}

/// The call that makes a tensor: its name and its arguments.
fn rebuilt(pickle: &Pickle, mut place: Place) -> Option<&[Place]> {
    // A parameter is made of a tensor.
    for _ in 0..2 {
        let Value::Call { arguments, .. } = pickle.at(place) else {
            return None;
        };
        let Value::Tuple(list) = pickle.at(*arguments) else {
            return None;
        };
        match pickle.name(pickle.at(place))? {
            "torch._utils._rebuild_tensor_v2" => return Some(list),
            "torch._utils._rebuild_parameter" => place = *list.first()?,
            _ => return None,
        }
    }
    None
}

fn is_tensor(pickle: &Pickle, place: Place) -> bool {
    rebuilt(pickle, place).is_some()
}

/// The values beside the pickle.
struct Storages<'p, 'b> {
    pickle: &'p Pickle,
    archive: Archive<'b>,
    /// What the names of all entries begin with.
    folder: String,
    /// Those that were read.
    known: BTreeMap<String, Vec<u8>>,
    /// Bytes that the tensors may yet have.
    left: usize,
}

impl<'p> Storages<'p, '_> {
    fn tensor(&mut self, name: &str, place: Place) -> Result<Tensor<'static>, String> {
        const DAMAGED: &str = "its description is not as torch.save writes it; save it again";
        let Some(list) = rebuilt(self.pickle, place) else {
            return Err("is no tensor; leave it out of the state dict".into());
        };
        let [storage, offset, shape, strides, ..] = *list else {
            return Err(DAMAGED.into());
        };
        let offset = self.number(offset).ok_or(DAMAGED)?;
        let (shape, strides) = (
            self.numbers(shape).ok_or(DAMAGED)?,
            self.numbers(strides).ok_or(DAMAGED)?,
        );
        let Value::Persistent(storage) = self.pickle.at(storage) else {
            return Err(DAMAGED.into());
        };
        let Value::Tuple(storage) = self.pickle.at(*storage) else {
            return Err(DAMAGED.into());
        };
        let [_, class, key, ..] = storage[..] else {
            return Err(DAMAGED.into());
        };
        let (Value::Global(class), Some(key)) = (self.pickle.at(class), self.pickle.text(key)) else {
            return Err(DAMAGED.into());
        };
        let (numbers, width) = numbers(class)?;
        if shape.len() != strides.len() {
            return Err(DAMAGED.into());
        }
        let entry = format!("{}data/{key}", self.folder);
        if !self.known.contains_key(&entry) {
            let bytes = self.archive.read(&entry)?;
            self.known.insert(entry.clone(), bytes);
        }
        let bytes = &self.known[&entry];
        let elements = bytes.len() / width;
        let count = count_within(&shape, &strides, offset, elements).ok_or_else(|| {
            format!("has shape {shape:?}, beyond the {elements} values of its storage; save it again")
        })?;
        // Many tensors may be views of one storage.
        self.left = self
            .left
            .checked_sub(count * width)
            .ok_or("is one of too many views of the same values")?;
        let place = |k| place_of(k, &shape, &strides, offset) * width;
        let data: Vec<u8> = (0..count)
            .flat_map(|k| bytes[place(k)..][..width].iter().copied())
            .collect();
        Ok(Tensor::new(name.to_owned(), shape, numbers, Cow::Owned(data)))
    }

    fn number(&self, place: Place) -> Option<usize> {
        match self.pickle.at(place) {
            Value::Int(n) => usize::try_from(*n).ok(),
            _ => None,
        }
    }

    fn numbers(&self, place: Place) -> Option<Vec<usize>> {
        match self.pickle.at(place) {
            Value::Tuple(list) if list.len() <= 8 => list.iter().map(|p| self.number(*p)).collect(),
            _ => None,
        }
    }
}

/// The number of a tensor's values in its storage of `stored` values; `None` where some lie outside, or where the tensor has more
/// values than the storage.
fn count_within(shape: &[usize], strides: &[usize], offset: usize, stored: usize) -> Option<usize> {
    let count = shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d))?;
    let mut steps = shape.iter().zip(strides);
    let last = |at: usize, (n, s): (&usize, &usize)| at.checked_add((n - 1).checked_mul(*s)?);
    match count == 0 || steps.try_fold(offset, last)? < stored && count <= stored {
        true => Some(count),
        false => None,
    }
}

/// The place of value `k` of a tensor in its storage.
fn place_of(mut k: usize, shape: &[usize], strides: &[usize], offset: usize) -> usize {
    let axes = shape.iter().zip(strides).rev();
    axes.fold(offset, |at, (n, stride)| {
        let index = k % n;
        k /= n;
        at + index * stride
    })
}

/// The number format of a storage's class, and its bytes.
fn numbers(class: &str) -> Result<(Numbers, usize), String> {
    Ok(match class {
        "torch.FloatStorage" => (Numbers::F32, 4),
        "torch.DoubleStorage" => (Numbers::F64, 8),
        "torch.HalfStorage" => (Numbers::F16, 2),
        "torch.BFloat16Storage" => (Numbers::BF16, 2),
        "torch.LongStorage" => (Numbers::Other("64-bit integers"), 8),
        "torch.IntStorage" => (Numbers::Other("32-bit integers"), 4),
        "torch.ShortStorage" => (Numbers::Other("16-bit integers"), 2),
        "torch.CharStorage" | "torch.ByteStorage" => (Numbers::Other("8-bit integers"), 1),
        "torch.BoolStorage" => (Numbers::Other("truth values"), 1),
        other => return Err(format!("is a {}; convert it to float before saving", printable(other))),
    })
}

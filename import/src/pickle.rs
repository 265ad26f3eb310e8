//! What a Python pickle says, without doing it: names of classes and functions stay names, and calls stay what would be called
//! with what.
//!
//! The values lie in one list and name each other by their places, so that nothing is copied by a reference to it, however often
//! there is one, and nothing is as deep as its nesting. Opcodes are those of protocols 2 to 4 that `torch.save` writes
//! (Python's `Lib/pickletools.py` defines them).

use std::collections::HashMap;

/// Values of the largest pickle.
const VALUES: usize = 1_000_000;

/// The place of a value.
pub(crate) type Place = u32;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    None,
    Bool(bool),
    Int(i64),
    /// A float or bytes, of which no model needs one.
    Other,
    Text(String),
    Tuple(Vec<Place>),
    List(Vec<Place>),
    /// Keys and values, in order.
    Dict(Vec<(Place, Place)>),
    /// `module.name`.
    Global(String),
    /// What would be called, and with what.
    Call {
        function: Place,
        arguments: Place,
    },
    /// What lies beside the pickle.
    Persistent(Place),
}

/// The values of a pickle.
pub(crate) struct Pickle {
    values: Vec<Value>,
    root: Place,
}

/// Whether a file begins as a pickle of protocol 2 to 5 does.
pub(crate) fn is_pickle(bytes: &[u8]) -> bool {
    matches!(bytes, [0x80, 2..=5, op, ..] if matches!(op, 0x8a | 0x95 | b'c' | b'}' | b']' | b'(' | 0x8c | b'X'))
}

impl Pickle {
    /// Reads a pickle.
    ///
    /// # Errors
    /// It ends early, or holds what `torch.save` does not write.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let mut machine = Machine {
            rest: bytes,
            values: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
        };
        while !machine.step()? {}
        let root = machine.pop()?;
        Ok(Pickle {
            values: machine.values,
            root,
        })
    }

    pub(crate) fn root(&self) -> &Value {
        self.at(self.root)
    }

    pub(crate) fn at(&self, place: Place) -> &Value {
        &self.values[place as usize]
    }

    /// A text.
    pub(crate) fn text(&self, place: Place) -> Option<&str> {
        match self.at(place) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The name of a class or function, or of that of a call.
    pub(crate) fn name<'p>(&'p self, value: &'p Value) -> Option<&'p str> {
        match value {
            Value::Global(name) => Some(name),
            Value::Call { function, .. } => match self.at(*function) {
                Value::Global(name) => Some(name),
                _ => None,
            },
            _ => None,
        }
    }
}

struct Machine<'a> {
    rest: &'a [u8],
    values: Vec<Value>,
    stack: Vec<Place>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: HashMap<u32, Place>,
}

const ENDS_EARLY: &str = "its pickle ends early; save or copy it again";

impl<'a> Machine<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(ENDS_EARLY)?;
        self.rest = rest;
        Ok(taken)
    }

    fn number<const BYTES: usize>(&mut self) -> Result<u64, String> {
        let bytes = self.take(BYTES)?;
        Ok(bytes.iter().rev().fold(0, |n, byte| n << 8 | u64::from(*byte)))
    }

    fn line(&mut self) -> Result<String, String> {
        let end = self.rest.iter().position(|b| *b == b'\n').ok_or(ENDS_EARLY)?;
        let line = String::from_utf8_lossy(self.take(end)?).into_owned();
        self.take(1)?;
        Ok(line)
    }

    fn text<const BYTES: usize>(&mut self) -> Result<(), String> {
        let length = usize::try_from(self.number::<BYTES>()?).map_err(|_| ENDS_EARLY)?;
        let text = String::from_utf8_lossy(self.take(length)?).into_owned();
        self.push(Value::Text(text))
    }

    fn skip<const BYTES: usize>(&mut self) -> Result<(), String> {
        let length = usize::try_from(self.number::<BYTES>()?).map_err(|_| ENDS_EARLY)?;
        self.take(length)?;
        self.push(Value::Other)
    }

    fn push(&mut self, value: Value) -> Result<(), String> {
        if self.values.len() >= VALUES {
            return Err(format!(
                "its pickle holds more than {VALUES} values; save the state dict alone"
            ));
        }
        self.stack.push(self.values.len() as Place);
        self.values.push(value);
        Ok(())
    }

    fn pop(&mut self) -> Result<Place, String> {
        let floor = self.marks.last().copied().unwrap_or(0);
        match self.stack.len() > floor {
            true => Ok(self.stack.pop().expect("it is above the floor")),
            false => Err("its pickle takes values that are not there; save or copy it again".into()),
        }
    }

    fn marked(&mut self) -> Result<Vec<Place>, String> {
        let mark = self
            .marks
            .pop()
            .ok_or("its pickle closes what is not open; save or copy it again")?;
        Ok(self.stack.split_off(mark))
    }

    fn tuple(&mut self, count: usize) -> Result<(), String> {
        let mut items = (0..count).map(|_| self.pop()).collect::<Result<Vec<_>, _>>()?;
        items.reverse();
        self.push(Value::Tuple(items))
    }

    fn top(&mut self) -> Result<Place, String> {
        let place = self.pop()?;
        self.stack.push(place);
        Ok(place)
    }

    fn remember(&mut self, key: u64) -> Result<(), String> {
        let place = self.top()?;
        self.memo.insert(key as u32, place);
        Ok(())
    }

    fn recall(&mut self, key: u64) -> Result<(), String> {
        let place = self.memo.get(&(key as u32)).copied();
        self.stack
            .push(place.ok_or("its pickle refers to what is not there; save or copy it again")?);
        // As a value: a pickle of references alone would fill a stack of any length.
        match self.stack.len() > VALUES {
            true => Err(format!(
                "its pickle holds more than {VALUES} values; save the state dict alone"
            )),
            false => Ok(()),
        }
    }

    /// Adds to the dictionary on top of the stack. What another object would do with it is of no use here.
    fn set(&mut self, items: &[Place]) -> Result<(), String> {
        let place = self.top()?;
        if let Value::Dict(entries) = &mut self.values[place as usize] {
            let pairs = items.as_chunks::<2>().0.iter();
            entries.extend(pairs.map(|[key, value]| (*key, *value)));
        }
        Ok(())
    }

    fn append(&mut self, items: &[Place]) -> Result<(), String> {
        let place = self.top()?;
        if let Value::List(list) = &mut self.values[place as usize] {
            list.extend(items);
        }
        Ok(())
    }

    /// A call; an ordered dictionary is the dictionary that it makes.
    fn call(&mut self) -> Result<(), String> {
        let arguments = self.pop()?;
        let function = self.pop()?;
        let is_empty = matches!(self.values[arguments as usize], Value::Tuple(ref list) if list.is_empty());
        match &self.values[function as usize] {
            Value::Global(name) if name == "collections.OrderedDict" && is_empty => self.push(Value::Dict(Vec::new())),
            _ => self.push(Value::Call { function, arguments }),
        }
    }

    /// One opcode; whether it was the last.
    fn step(&mut self) -> Result<bool, String> {
        let [op] = *self.take(1)? else {
            unreachable!("one byte was taken")
        };
        match op {
            0x80 => drop(self.take(1)?), // PROTO
            0x95 => drop(self.take(8)?), // FRAME
            b'.' => return Ok(true),
            b'(' => self.mark()?,
            b'0' => drop(self.pop()?),
            b'1' => drop(self.marked()?),
            b'2' => {
                let place = self.top()?;
                self.stack.push(place);
            }
            b'N' => self.push(Value::None)?,
            0x88 => self.push(Value::Bool(true))?,
            0x89 => self.push(Value::Bool(false))?,
            b'}' => self.push(Value::Dict(Vec::new()))?,
            b']' => self.push(Value::List(Vec::new()))?,
            b')' => self.push(Value::Tuple(Vec::new()))?,
            0x8f => self.push(Value::List(Vec::new()))?, // EMPTY_SET
            b'K' | b'M' | b'J' | 0x8a | 0x8b | b'G' => self.numeric(op)?,
            b'X' => self.text::<4>()?,
            0x8c => self.text::<1>()?,
            0x8d => self.text::<8>()?,
            b'U' => self.text::<1>()?,
            b'T' => self.text::<4>()?,
            b'B' => self.skip::<4>()?,
            b'C' => self.skip::<1>()?,
            0x8e => self.skip::<8>()?,
            b't' => {
                let items = self.marked()?;
                self.push(Value::Tuple(items))?;
            }
            0x85..=0x87 => self.tuple(usize::from(op - 0x84))?,
            b'a' => {
                let item = self.pop()?;
                self.append(&[item])?;
            }
            b'e' | 0x90 => {
                let items = self.marked()?;
                self.append(&items)?;
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.set(&[key, value])?;
            }
            b'u' => {
                let items = self.marked()?;
                self.set(&items)?;
            }
            b'q' | b'r' | 0x94 | b'h' | b'j' => self.reference(op)?,
            b'c' | 0x93 => self.global(op)?,
            b'R' | 0x81 => self.call()?,
            0x92 => {
                self.pop()?;
                self.call()?;
            }
            b'b' => drop(self.pop()?), // BUILD: attributes, which no tensor and no dictionary needs
            b'Q' => {
                let what = self.pop()?;
                self.push(Value::Persistent(what))?;
            }
            other => {
                return Err(format!(
                    "its pickle has the opcode {other:#04x}, which torch.save does not write; save it again"
                ));
            }
        }
        Ok(false)
    }

    fn mark(&mut self) -> Result<(), String> {
        if self.marks.len() >= VALUES {
            return Err(format!("its pickle is more than {VALUES} deep; save it again"));
        }
        self.marks.push(self.stack.len());
        Ok(())
    }

    fn numeric(&mut self, op: u8) -> Result<(), String> {
        let value = match op {
            b'K' => Value::Int(self.number::<1>()? as i64),
            b'M' => Value::Int(self.number::<2>()? as i64),
            b'J' => Value::Int(i64::from(self.number::<4>()? as u32 as i32)),
            b'G' => {
                self.take(8)?;
                Value::Other
            }
            _ => {
                let length = if op == 0x8a {
                    self.number::<1>()?
                } else {
                    self.number::<4>()?
                };
                let bytes = self.take(usize::try_from(length).map_err(|_| ENDS_EARLY)?)?;
                match bytes.len() {
                    0 => Value::Int(0),
                    1..=8 => {
                        let sign = if bytes[bytes.len() - 1] & 0x80 == 0 { 0 } else { 0xff };
                        let mut whole = [sign; 8];
                        whole[..bytes.len()].copy_from_slice(bytes);
                        Value::Int(i64::from_le_bytes(whole))
                    }
                    _ => Value::Other,
                }
            }
        };
        self.push(value)
    }

    fn reference(&mut self, op: u8) -> Result<(), String> {
        match op {
            b'q' => self.number::<1>().and_then(|key| self.remember(key)),
            b'r' => self.number::<4>().and_then(|key| self.remember(key)),
            0x94 => self.remember(self.memo.len() as u64),
            b'h' => self.number::<1>().and_then(|key| self.recall(key)),
            _ => self.number::<4>().and_then(|key| self.recall(key)),
        }
    }

    fn global(&mut self, op: u8) -> Result<(), String> {
        let name = if op == b'c' {
            format!("{}.{}", self.line()?, self.line()?)
        } else {
            let (name, module) = (self.pop()?, self.pop()?);
            match (&self.values[module as usize], &self.values[name as usize]) {
                (Value::Text(module), Value::Text(name)) => format!("{module}.{name}"),
                _ => return Err("its pickle names a class by what is no text; save it again".into()),
            }
        };
        self.push(Value::Global(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_stays_what_would_be_called() {
        // os.system("rm -rf /")
        let pickle = Pickle::parse(b"\x80\x02cos\nsystem\nX\x08\0\0\0rm -rf /\x85R.").unwrap();
        assert_eq!(pickle.name(pickle.root()), Some("os.system"));
    }

    #[test]
    fn lengths_that_are_not_there_and_doubled_references_are_no_memory() {
        assert!(Pickle::parse(b"\x80\x02X\xff\xff\xff\xffab.").is_err());
        assert!(Pickle::parse(b"\x80\x02\x8d\xff\xff\xff\xff\xff\xff\xff\xffab.").is_err());
        // Each tuple holds the one before twice: 2^200 values, if they were copied.
        let mut laughs = b"\x80\x02N".to_vec();
        for k in 0..200 {
            laughs.extend([b'q', k, b'h', k, 0x86]);
        }
        laughs.push(b'.');
        assert!(matches!(Pickle::parse(&laughs).unwrap().root(), Value::Tuple(pair) if pair.len() == 2));
        // As deep as it is long.
        let deep = [b"\x80\x02)".to_vec(), vec![0x85; 900_000], b".".to_vec()].concat();
        assert!(matches!(Pickle::parse(&deep).unwrap().root(), Value::Tuple(_)));
        let marks = [vec![b'('; 2_000_000], b".".to_vec()].concat();
        assert!(Pickle::parse(&marks).is_err());
        let doubled = [b"\x80\x02N".to_vec(), vec![b'2'; 3_000_000], b".".to_vec()].concat();
        assert!(Pickle::parse(&doubled).unwrap().root() == &Value::None);
    }
}

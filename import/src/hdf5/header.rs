//! The header of an object: its messages, which say what it is, what it holds, and where.

use super::{
    Cursor, DAMAGED, File, UNDEFINED, heap,
    types::{self, Type},
};

/// A group, or an array.
pub(crate) struct Object<'f, 'a> {
    file: &'f File<'a>,
    messages: Vec<Message<'a>>,
}

/// A message of a header: its number in the specification, and what it holds.
struct Message<'a> {
    kind: u16,
    is_shared: bool,
    data: &'a [u8],
}

/// Numbers of messages.
const SHAPE: u16 = 0x01;
const LINKS: u16 = 0x02;
const TYPE: u16 = 0x03;
const LINK: u16 = 0x06;
const LAYOUT: u16 = 0x08;
const ATTRIBUTE: u16 = 0x0c;
const CONTINUED: u16 = 0x10;
const TABLE: u16 = 0x11;
const ATTRIBUTES: u16 = 0x15;

impl<'f, 'a> Object<'f, 'a> {
    pub(super) fn at(file: &'f File<'a>, address: u64) -> Result<Self, String> {
        let messages = match file.part(address, 4)? {
            b"OHDR" => newer(file, address)?,
            [1, ..] => older(file, address)?,
            _ => return Err(DAMAGED.into()),
        };
        Ok(Object { file, messages })
    }

    fn message(&self, kind: u16) -> Option<&'a [u8]> {
        let found = self.messages.iter().find(|m| m.kind == kind && !m.is_shared);
        found.map(|m| m.data)
    }

    /// Names and addresses of what a group holds; nothing for an array.
    fn links(&self) -> Result<Vec<(String, u64)>, String> {
        if let Some(mut table) = self.message(TABLE).map(Cursor) {
            return heap::links(self.file, table.number(8)?, table.number(8)?);
        }
        let links: Vec<&Message<'_>> = self.messages.iter().filter(|m| m.kind == LINK).collect();
        if links.is_empty()
            && let Some(mut info) = self.message(LINKS).map(Cursor)
        {
            let has_order = info.take(2)?[1] & 1 != 0;
            info.take(if has_order { 8 } else { 0 })?;
            if info.number(8)? != UNDEFINED {
                return Err(
                    "keeps its names in a fractal heap; save it with an older version of HDF5 (libver='earliest')"
                        .into(),
                );
            }
        }
        let read = links.iter().map(|m| link(m.data));
        read.filter_map(Result::transpose).collect()
    }

    /// The names of what a group holds.
    pub(crate) fn names(&self) -> Result<Vec<String>, String> {
        Ok(self.links()?.into_iter().map(|(name, _)| name).collect())
    }

    /// An object of a group; `None` where it has none of this name.
    pub(crate) fn child(&self, name: &str) -> Result<Option<Object<'f, 'a>>, String> {
        let found = self.links()?.into_iter().find(|(n, _)| n == name);
        found.map(|(_, address)| Object::at(self.file, address)).transpose()
    }

    /// Everything in a group.
    pub(crate) fn children(&self) -> Result<Vec<(String, Object<'f, 'a>)>, String> {
        let open = |(name, address)| Ok((name, Object::at(self.file, address)?));
        self.links()?.into_iter().map(open).collect()
    }

    /// A text attribute; `None` where there is none of this name.
    pub(crate) fn attribute(&self, wanted: &str) -> Result<Option<String>, String> {
        for message in self.messages.iter().filter(|m| m.kind == ATTRIBUTE) {
            let (name, kind, data) = attribute(message.data)?;
            if name == wanted.as_bytes() {
                return types::text(self.file, kind, data).map(Some);
            }
        }
        if let Some(mut info) = self.message(ATTRIBUTES).map(Cursor) {
            let has_order = info.take(2)?[1] & 1 != 0;
            info.take(if has_order { 2 } else { 0 })?;
            if info.number(8)? != UNDEFINED {
                return Err("keeps its attributes in a fractal heap; save it with an older version of HDF5".into());
            }
        }
        Ok(None)
    }

    /// Whether it is an array.
    pub(crate) fn is_array(&self) -> bool {
        self.message(LAYOUT).is_some()
    }

    /// The values of an array, the last axis side by side, with its shape.
    pub(crate) fn floats(&self) -> Result<(Vec<usize>, Vec<f32>), String> {
        let (Some(shape), Some(kind)) = (self.message(SHAPE), self.message(TYPE)) else {
            return Err(DAMAGED.into());
        };
        let (shape, kind) = (types::shape(shape)?, Type::parse(kind)?);
        let mut layout = Cursor(self.message(LAYOUT).ok_or(DAMAGED)?);
        let (version, class) = (layout.byte()?, layout.byte()?);
        let bytes = match (version, class) {
            (3 | 4, 0) => {
                let length = layout.number(2)? as usize;
                layout.take(length)?
            }
            (3 | 4, 1) => {
                let (address, length) = (layout.number(8)?, layout.number(8)?);
                match address == UNDEFINED {
                    true => &[],
                    false => self.file.part(address, length)?,
                }
            }
            _ => return Err("is an array in chunks; save it without compression".into()),
        };
        let count = types::count(&shape, kind, bytes)?;
        self.file.take_values(count)?;
        Ok((shape, types::floats(kind, bytes, count)?))
    }
}

/// Name, type and data of an attribute.
fn attribute(message: &[u8]) -> Result<(&[u8], Type, &[u8]), String> {
    let mut cursor = Cursor(message);
    let version = cursor.byte()?;
    cursor.byte()?;
    let mut sizes = [0; 3];
    for size in &mut sizes {
        *size = cursor.number(2)? as usize;
    }
    match version {
        1 => sizes.iter_mut().for_each(|n| *n = n.next_multiple_of(8)),
        2 => {}
        3 => drop(cursor.byte()?),
        _ => return Err(DAMAGED.into()),
    }
    let name = cursor.take(sizes[0])?;
    let end = name.iter().position(|b| *b == 0).unwrap_or(name.len());
    let kind = Type::parse(cursor.take(sizes[1])?)?;
    cursor.take(sizes[2])?;
    Ok((&name[..end], kind, cursor.0))
}

/// Name and address of a link; `None` for one that is no address in this file.
fn link(message: &[u8]) -> Result<Option<(String, u64)>, String> {
    let mut cursor = Cursor(message);
    let [1, flags] = *cursor.take(2)? else {
        return Err(DAMAGED.into());
    };
    let kind = if flags & 8 != 0 { cursor.byte()? } else { 0 };
    cursor.take(if flags & 4 != 0 { 8 } else { 0 })?;
    cursor.take(if flags & 16 != 0 { 1 } else { 0 })?;
    let length = usize::try_from(cursor.number(1 << (flags & 3))?).map_err(|_| DAMAGED)?;
    let name = String::from_utf8_lossy(cursor.take(length)?).into_owned();
    match kind {
        0 => Ok(Some((name, cursor.number(8)?))),
        _ => Ok(None),
    }
}

/// The messages of a header of version 1.
fn older<'a>(file: &File<'a>, address: u64) -> Result<Vec<Message<'a>>, String> {
    let mut messages = Vec::new();
    let mut blocks = vec![(address + 16, file.number::<4>(address + 8)?)];
    while let Some((at, length)) = blocks.pop() {
        let mut cursor = Cursor(file.part(at, length)?);
        while cursor.0.len() >= 8 {
            file.step()?;
            let (kind, size) = (cursor.number(2)? as u16, cursor.number(2)? as usize);
            let flags = cursor.take(4)?[0];
            add(file, &mut messages, &mut blocks, (kind, flags, cursor.take(size)?))?;
        }
    }
    Ok(messages)
}

/// The messages of a header of version 2.
fn newer<'a>(file: &File<'a>, address: u64) -> Result<Vec<Message<'a>>, String> {
    let [2, flags] = *file.part(address + 4, 2)? else {
        return Err(DAMAGED.into());
    };
    let times = if flags & 0x20 != 0 { 16 } else { 0 };
    let limits = if flags & 0x10 != 0 { 4 } else { 0 };
    let at = address + 6 + times + limits;
    let width = 1 << (flags & 3);
    let length = file.part(at, width).map(super::little_endian)?;
    let mut messages = Vec::new();
    let mut blocks = vec![(at + width, length)];
    let mut is_first = true;
    while let Some((at, length)) = blocks.pop() {
        let block = file.part(at, length)?;
        // A continuation begins with its name and ends with a checksum.
        let block = match is_first {
            true => block,
            false => match block {
                [b'O', b'C', b'H', b'K', rest @ .., _, _, _, _] => rest,
                _ => return Err(DAMAGED.into()),
            },
        };
        is_first = false;
        let order = if flags & 4 != 0 { 2 } else { 0 };
        let mut cursor = Cursor(block);
        while cursor.0.len() >= 4 + order {
            file.step()?;
            let (kind, size) = (u16::from(cursor.byte()?), cursor.number(2)? as usize);
            let flags = cursor.byte()?;
            cursor.take(order)?;
            add(file, &mut messages, &mut blocks, (kind, flags, cursor.take(size)?))?;
        }
    }
    Ok(messages)
}

/// Adds a message; one that says where others are adds their place.
fn add<'a>(
    file: &File<'a>,
    messages: &mut Vec<Message<'a>>,
    blocks: &mut Vec<(u64, u64)>,
    (kind, flags, data): (u16, u8, &'a [u8]),
) -> Result<(), String> {
    file.step()?;
    if kind == CONTINUED {
        let mut cursor = Cursor(data);
        blocks.push((cursor.number(8)?, cursor.number(8)?));
    } else {
        let is_shared = flags & 2 != 0;
        messages.push(Message { kind, is_shared, data });
    }
    Ok(())
}

//! Trees and heaps: the names of a group's objects, and texts of any length.

use super::{DAMAGED, File, UNDEFINED};

/// Trees within trees of one group.
const DEEPEST: usize = 16;

/// The objects of a group in the older form: names and addresses of headers, from a tree and a heap.
pub(super) fn links(file: &File<'_>, tree: u64, heap: u64) -> Result<Vec<(String, u64)>, String> {
    if file.part(heap, 4)? != b"HEAP" {
        return Err(DAMAGED.into());
    }
    let (size, data) = (file.number::<8>(heap + 8)?, file.number::<8>(heap + 24)?);
    let names = file.part(data, size)?;
    let mut links = Vec::new();
    let mut nodes = vec![(tree, 0)];
    while let Some((node, depth)) = nodes.pop() {
        file.step()?;
        if file.part(node, 4)? == b"SNOD" {
            for k in 0..file.number::<2>(node + 6)? {
                file.step()?;
                let entry = node + 8 + 40 * k;
                let start = usize::try_from(file.number::<8>(entry)?).map_err(|_| DAMAGED)?;
                let name = names.get(start..).ok_or(DAMAGED)?;
                let end = name.iter().position(|b| *b == 0).ok_or(DAMAGED)?;
                links.push((
                    String::from_utf8_lossy(&name[..end]).into_owned(),
                    file.number::<8>(entry + 8)?,
                ));
            }
        } else if file.part(node, 5)? == b"TREE\0" && depth < DEEPEST {
            for k in 0..file.number::<2>(node + 6)? {
                nodes.push((file.number::<8>(node + 32 + 16 * k)?, depth + 1));
            }
        } else {
            return Err(DAMAGED.into());
        }
    }
    Ok(links)
}

/// An object of a collection in the global heap.
pub(super) fn global<'a>(file: &File<'a>, collection: u64, wanted: u64) -> Result<&'a [u8], String> {
    if collection == UNDEFINED || file.part(collection, 4)? != b"GCOL" {
        return Err(DAMAGED.into());
    }
    let size = file.number::<8>(collection + 8)?;
    let whole = file.part(collection, size)?;
    let mut at = 16;
    while at + 16 <= whole.len() as u64 {
        file.step()?;
        let place = collection + at;
        let (index, length) = (file.number::<2>(place)?, file.number::<8>(place + 8)?);
        if index == wanted {
            return file.part(place + 16, length);
        }
        // Index 0 is the room that is left.
        if index == 0 {
            break;
        }
        at = length
            .checked_next_multiple_of(8)
            .and_then(|n| n.checked_add(at + 16))
            .ok_or(DAMAGED)?;
    }
    Err(DAMAGED.into())
}

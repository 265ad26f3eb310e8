//! The messages of an ONNX file that matter here (`onnx.proto` of the ONNX project defines them).

use super::wire::{Field, fields};
use float_model::printable;
use std::collections::BTreeMap;

/// Nodes and tensors of the largest graph.
const MOST: usize = 5_000;

/// A model.
#[derive(Default)]
pub(super) struct Model<'a> {
    pub(super) graph: Option<Graph<'a>>,
    /// The version of ONNX' own operators.
    pub(super) opset: i64,
}

/// Its graph.
#[derive(Default)]
pub(super) struct Graph<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) constants: BTreeMap<&'a str, Constant>,
    /// Names, and the lengths of their axes where they are fixed.
    pub(super) inputs: Vec<(&'a str, Vec<Option<i64>>)>,
    pub(super) outputs: Vec<&'a str>,
}

/// An operator.
#[derive(Default)]
pub(super) struct Node<'a> {
    pub(super) inputs: Vec<&'a str>,
    pub(super) outputs: Vec<&'a str>,
    name: &'a str,
    pub(super) operator: &'a str,
    pub(super) domain: &'a str,
    pub(super) attributes: Vec<Attribute<'a>>,
}

/// A setting of an operator.
#[derive(Default)]
pub(super) struct Attribute<'a> {
    pub(super) name: &'a str,
    pub(super) float: f32,
    pub(super) int: i64,
    pub(super) text: &'a [u8],
    pub(super) tensor: Option<Constant>,
    pub(super) floats: Vec<f32>,
    pub(super) ints: Vec<i64>,
    pub(super) texts: Vec<&'a str>,
    pub(super) is_graph: bool,
}

/// A tensor of the file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Constant {
    pub(super) shape: Vec<usize>,
    pub(super) values: Values,
}

/// Its values, the last axis side by side.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Values {
    Real(Vec<f32>),
    Whole(Vec<i64>),
    /// What cannot be used, and why.
    Unusable(String),
}

impl<'a> Model<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, String> {
        let mut model = Model::default();
        fields(bytes, |number, field| {
            match number {
                7 => model.graph = Some(Graph::parse(field.bytes()?)?),
                8 => {
                    let (mut domain, mut version) = ("", 0);
                    fields(field.bytes()?, |number, field| {
                        match number {
                            1 => domain = field.text()?,
                            2 => version = field.number()?,
                            _ => {}
                        }
                        Ok(())
                    })?;
                    if is_onnx(domain) {
                        model.opset = version;
                    }
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(model)
    }
}

/// Whether a domain is that of ONNX' own operators.
pub(super) fn is_onnx(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx")
}

fn few<T>(list: &[T], what: &str) -> Result<(), String> {
    match list.len() < MOST {
        true => Ok(()),
        false => Err(format!("has more than {MOST} {what}; a recurrent network has a few")),
    }
}

impl<'a> Graph<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, String> {
        let mut graph = Graph::default();
        fields(bytes, |number, field| {
            match number {
                1 => {
                    few(&graph.nodes, "nodes")?;
                    graph.nodes.push(Node::parse(field.bytes()?)?);
                }
                5 => {
                    if graph.constants.len() >= MOST {
                        return Err(format!("has more than {MOST} tensors; a recurrent network has a few"));
                    }
                    let (name, constant) = Constant::parse(field.bytes()?)?;
                    graph.constants.insert(name, constant);
                }
                11 => {
                    few(&graph.inputs, "inputs")?;
                    graph.inputs.push(input(field.bytes()?)?);
                }
                12 => {
                    few(&graph.outputs, "outputs")?;
                    graph.outputs.push(input(field.bytes()?)?.0);
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(graph)
    }
}

/// Name and axes of an input or output.
fn input(bytes: &[u8]) -> Result<(&str, Vec<Option<i64>>), String> {
    let (mut name, mut axes) = ("", Vec::new());
    fields(bytes, |number, field| {
        match number {
            1 => name = field.text()?,
            2 => axes = within(field, &[1, 2])?.map_or(Ok(Vec::new()), lengths)?,
            _ => {}
        }
        Ok(())
    })?;
    Ok((name, axes))
}

/// The message that these field numbers lead to, one within the other.
fn within<'a>(field: Field<'a>, path: &[u64]) -> Result<Option<&'a [u8]>, String> {
    let mut at = Some(field.bytes()?);
    for wanted in path {
        let Some(bytes) = at.take() else { return Ok(None) };
        fields(bytes, |number, field| {
            if number == *wanted {
                at = Some(field.bytes()?);
            }
            Ok(())
        })?;
    }
    Ok(at)
}

/// The lengths of axes, where they are fixed.
fn lengths(shape: &[u8]) -> Result<Vec<Option<i64>>, String> {
    let mut axes = Vec::new();
    fields(shape, |number, field| {
        if number == 1 {
            few(&axes, "axes")?;
            let mut length = None;
            fields(field.bytes()?, |number, field| {
                if number == 1 {
                    length = Some(field.number()?).filter(|n| *n > 0);
                }
                Ok(())
            })?;
            axes.push(length);
        }
        Ok(())
    })?;
    Ok(axes)
}

impl<'a> Node<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, String> {
        let mut node = Node::default();
        fields(bytes, |number, field| {
            match number {
                1 => node.inputs.push(field.text()?),
                2 => node.outputs.push(field.text()?),
                3 => node.name = field.text()?,
                4 => node.operator = field.text()?,
                5 => {
                    few(&node.attributes, "attributes")?;
                    node.attributes.push(Attribute::parse(field.bytes()?)?);
                }
                7 => node.domain = field.text()?,
                _ => {}
            }
            Ok(())
        })?;
        few(&node.inputs, "inputs")?;
        few(&node.outputs, "outputs")?;
        Ok(node)
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&Attribute<'a>> {
        self.attributes.iter().find(|a| a.name == name)
    }

    /// An integer setting, or what it is without one.
    pub(super) fn int(&self, name: &str, default: i64) -> i64 {
        self.attribute(name).map_or(default, |a| a.int)
    }

    /// The name of an input; `None` where it is left out.
    pub(super) fn input(&self, k: usize) -> Option<&'a str> {
        self.inputs.get(k).copied().filter(|name| !name.is_empty())
    }

    /// What messages call it.
    pub(super) fn shown(&self) -> String {
        let name = match self.name {
            "" => self.outputs.first().copied().unwrap_or("a node"),
            name => name,
        };
        format!("{} ({})", printable(name), printable(self.operator))
    }
}

impl<'a> Attribute<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, String> {
        let mut a = Attribute::default();
        fields(bytes, |number, field| {
            match number {
                1 => a.name = field.text()?,
                2 => {
                    if let Field::Fixed32(bytes) = field {
                        a.float = f32::from_le_bytes(bytes);
                    }
                }
                3 => a.int = field.number()?,
                4 => a.text = field.bytes()?,
                5 => a.tensor = Some(Constant::parse(field.bytes()?)?.1),
                6 | 11 => a.is_graph = true,
                7 => field.floats(&mut a.floats)?,
                8 => field.numbers(&mut a.ints)?,
                9 => {
                    few(&a.texts, "words")?;
                    a.texts.push(field.text()?);
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(a)
    }
}

impl Constant {
    fn parse(bytes: &[u8]) -> Result<(&str, Self), String> {
        let (mut name, mut shape, mut kind) = ("", Vec::new(), 0);
        let (mut raw, mut is_external): (Option<&[u8]>, bool) = (None, false);
        let (mut floats, mut ints) = (Vec::new(), Vec::new());
        fields(bytes, |number, field| {
            match number {
                1 => field.numbers(&mut shape)?,
                2 => kind = field.number()?,
                4 => field.floats(&mut floats)?,
                5 | 7 => field.numbers(&mut ints)?,
                8 => name = field.text()?,
                9 => raw = Some(field.bytes()?),
                10 => field.doubles(&mut floats)?,
                13 => is_external = true,
                14 => is_external |= field.number()? == 1,
                _ => {}
            }
            Ok(())
        })?;
        let shape: Option<Vec<usize>> = shape.iter().map(|n| usize::try_from(*n).ok()).collect();
        let shape = shape.filter(|axes| axes.len() <= 16);
        let count = shape
            .as_ref()
            .and_then(|axes| axes.iter().try_fold(1usize, |n, d| n.checked_mul(*d)));
        let values = match is_external {
            true => Values::Unusable("its values lie in another file; save the model with its weights inside".into()),
            false => values(kind, raw, floats, ints),
        };
        let found = match &values {
            Values::Real(list) => Some(list.len()),
            Values::Whole(list) => Some(list.len()),
            Values::Unusable(_) => None,
        };
        let values = match found {
            Some(found) if count != Some(found) => Values::Unusable(format!(
                "has {found} values, which are not those of its shape; save it again"
            )),
            _ => values,
        };
        // Without values the lengths of the other axes say nothing.
        let mut shape = shape.unwrap_or_default();
        if count == Some(0) {
            shape.fill(0);
        }
        Ok((name, Constant { shape, values }))
    }
}

/// The values of a tensor: as bytes, or in a field of their type.
fn values(kind: i64, raw: Option<&[u8]>, floats: Vec<f32>, ints: Vec<i64>) -> Values {
    let real = |list: Vec<f32>| match list.iter().find(|v| !v.is_finite()) {
        Some(bad) => Values::Unusable(format!("holds {bad}; retrain or repair the file")),
        None => Values::Real(list),
    };
    fn each<T, const B: usize>(bytes: &[u8], one: impl Fn([u8; B]) -> T) -> Vec<T> {
        bytes.as_chunks::<B>().0.iter().map(|b| one(*b)).collect()
    }
    match (kind, raw) {
        (1, Some(raw)) => real(each(raw, f32::from_le_bytes)),
        (11, Some(raw)) => real(each(raw, |b| f64::from_le_bytes(b) as f32)),
        (10, Some(raw)) => real(each(raw, |b| half::f16::from_le_bytes(b).to_f32())),
        (16, Some(raw)) => real(each(raw, |b| half::bf16::from_le_bytes(b).to_f32())),
        (1 | 11, None) => real(floats),
        (10, None) => real(ints.iter().map(|n| half::f16::from_bits(*n as u16).to_f32()).collect()),
        (16, None) => real(ints.iter().map(|n| half::bf16::from_bits(*n as u16).to_f32()).collect()),
        (7, Some(raw)) => Values::Whole(each(raw, i64::from_le_bytes)),
        (6, Some(raw)) => Values::Whole(each(raw, |b| i64::from(i32::from_le_bytes(b)))),
        (9, Some(raw)) => Values::Whole(raw.iter().map(|b| i64::from(*b)).collect()),
        (6 | 7 | 9, None) => Values::Whole(ints),
        _ => Values::Unusable(format!(
            "has the data type {kind}, which is neither f32, f64, f16, bf16 nor an integer"
        )),
    }
}

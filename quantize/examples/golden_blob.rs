//! Prints the example of `docs/blob-format.md`: the smallest Skip GRU there is, as a blob, 16 bytes a line.
//!
//! `cargo run -p quantize --example golden_blob`

fn main() {
    for (k, line) in quantize::example_blob().bytes().chunks(16).enumerate() {
        let bytes: Vec<String> = line.iter().map(|b| format!("{b:02x}")).collect();
        println!("{:04x}  {}", 16 * k, bytes.join(" "));
    }
}

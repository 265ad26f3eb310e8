//! SVG and HTML for every figure.

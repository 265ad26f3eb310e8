//! Models of other programs, and whose class names count.

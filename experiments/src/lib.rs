//! Experiments on skipping networks.

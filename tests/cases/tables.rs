//! Text tables of samples: columns, units, times.

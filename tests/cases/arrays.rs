//! Arrays: .npy and .npz files, their axes, types and answers.

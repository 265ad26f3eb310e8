//! Folders of recordings and the files that name their labels.

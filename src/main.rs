//! The binary: everything is in the library, so that tests and fuzz targets reach it.

fn main() {}

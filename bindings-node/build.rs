//! Tells the linker that Node.js provides what the addon misses.

fn main() {
    napi_build::setup();
}

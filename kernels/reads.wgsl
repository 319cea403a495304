// Reads that are fast on a processor, where a buffer's lanes are read one by one. Where a kernel's lines say so,
// lib/gpu/wgsl.ts puts these declarations into its text, with the kernel's own names:
//
//   var<storage, read> x: array<f32>; // or an image     x becomes an image, and x[i] becomes fetch_x(i); or a matrix
//                                                        whose numbers have 16 bits, for which it is marked as well
//   var<uniform> p: Params; // read once                 p.k becomes given_k, which is set when main begins

alias Word = f32; // replaced by the type of the numbers
const WIDTH = 1024u; // replaced by how many texels lie in a row of an image

// The same bits as in the buffer. A texel holds four numbers.
@group(0) @binding(0) var image: texture_storage_2d<rgba32uint, read>;

// x[i], where an element of x is one number.
fn fetch(i: u32) -> Word {
  let four = textureLoad(image, vec2<u32>(i / 4u % WIDTH, i / (4u * WIDTH)));
  return bitcast<Word>(four[i % 4u]);
}

// x[i], where an element of x is four numbers.
fn fetch_four(i: u32) -> vec4<Word> {
  return bitcast<vec4<Word>>(textureLoad(image, vec2<u32>(i % WIDTH, i / WIDTH)));
}

// Numbers of 16 bits, four in a texel.
@group(0) @binding(0) var half_image: texture_storage_2d<rgba16float, read>;

fn fetch_four_half_image(i: u32) -> vec4<Word> {
  return bitcast<vec4<Word>>(textureLoad(half_image, vec2<u32>(i % WIDTH, i / WIDTH)));
}

// Numbers of 16 bits, four in two words, for adapters that read buffers as fast as images.
@group(0) @binding(0) var<storage, read> half_buffer: array<vec2<u32>>;

fn fetch_half_buffer(i: u32) -> Word {
  return bitcast<Word>(unpack2x16float(half_buffer[i / 4u][i / 2u % 2u])[i % 2u]);
}

fn fetch_four_half_buffer(i: u32) -> vec4<Word> {
  let words = half_buffer[i];
  return bitcast<vec4<Word>>(vec4<f32>(unpack2x16float(words.x), unpack2x16float(words.y)));
}

// A parameter.
var<private> given: Word;

// What the kernels of optimizers share. They have `penalty` among their parameters.

// A gradient with the weight decay that is added to it. Without a penalty nothing is added, not 0 · w, which an infinite
// parameter makes NaN.
fn penalized(w: vec4<f32>, grad: vec4<f32>) -> vec4<f32> {
  if (p.penalty == 0.0) {
    return grad;
  }
  return fuseds(w, vec4(p.penalty), grad);
}

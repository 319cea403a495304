/*
 * Loaded before a program that must not touch the GPU: it ends where it does.
 */
Object.defineProperty(navigator, "gpu", {
  get() {
    throw new Error("the GPU was touched");
  },
});

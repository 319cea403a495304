/*
 * The mistakes of the person who started the program, as against those of the program.
 */

/**
 * A command line, a file or a setting that can't be done with. Its message is all that the person needs: what was given,
 * what is wanted, what to do next.
 */
export class UsageError extends Error {
  override name = "UsageError";
}

/*
 * Mistakes of the person who started the program, as opposed to errors of the program itself.
 */

/**
 * A command line, a file or a setting that cannot be used. Its message is all the person needs: what was given, what
 * is wanted, what to do next.
 */
export class UsageError extends Error {
  override name = "UsageError";
}

/*
 * What a test needs permission for: without it the test is ignored, and its name says why.
 */

/** The options of a test that needs these permissions, and what its name ends in. */
export function needing(
  ...names: readonly Deno.PermissionName[]
): { readonly ignore: boolean; readonly because: string } {
  const missing = names.filter((name) => Deno.permissions.querySync({ name }).state !== "granted");
  const flags = missing.map((name) => `--allow-${name}`).join(" ");
  return { ignore: missing.length > 0, because: flags && ` (ignored: needs ${flags})` };
}

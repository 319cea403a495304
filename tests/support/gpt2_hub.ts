/*
 * A Hub on this machine that serves the small GPT-2 which lesson 9 loads in a test, and an environment in which
 * everything asks that Hub.
 */
import { FakeHub } from "../fake_hub.ts";
import { withEnvironment } from "./environment.ts";
import { type Layout, tinyFiles } from "./gpt2_folder.ts";

/** As lesson 9 names it in a test. */
export const SMALL = "lessons/small-gpt2";
const COMMIT = "9".repeat(40);

/** What asks the Hub must be allowed. */
export const hubNeeds: Deno.PermissionName[] = ["net", "env", "read", "write"];

/** Runs `body` where the Hub is one that serves the small GPT-2, with an empty cache. */
export async function withSmallGPT2(
  body: (hub: FakeHub, home: string) => Promise<void>,
  layout: Layout = "published",
): Promise<void> {
  await using hub = new FakeHub({
    [SMALL]: { refs: { main: COMMIT }, commits: { [COMMIT]: tinyFiles(layout) } },
  });
  const home = await Deno.makeTempDir();
  const asked = { HF_ENDPOINT: hub.endpoint, HF_HOME: home, HF_HUB_OFFLINE: "0" };
  try {
    await withEnvironment(asked, () => body(hub, home));
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

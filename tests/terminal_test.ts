/*
 * What is written to a terminal: pages on request, status lines that leave nothing behind when the window changes,
 * and no escape codes on terminals without them.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { host, runsIn } from "../lib/host/mod.ts";
import { clearStatus, status } from "../lib/host/terminal.ts";
import { Reader } from "../lib/lesson/reader.ts";
import fixture from "./fixtures/lesson.ts" with { type: "text" };
import { needing } from "./support/needing.ts";

const hasPython = !needing("read", "run", "env").ignore &&
  await new Deno.Command("python3", { args: ["-c", "import pty"] })
    .output().then(({ success }) => success, () => false);

/** Does something on a terminal of our own: what it is sent, at which width. */
function onTerminal(
  act: (resize: (columns: number) => void) => void,
  { plain = false } = {},
): string {
  const { errors, size, plain: before } = host;
  let columns = 80, sent = "";
  runsIn({
    errors: { isTerminal: () => true, write: (text) => void (sent += text) },
    size: () => ({ columns, rows: 24 }),
    plain,
  });
  try {
    act((to) => columns = to);
  } finally {
    runsIn({ errors, size, plain: before });
  }
  return sent;
}

/** A terminal as simple as can be: the lines on it after some text, each wrapped at its width. */
function screen(sent: string, columns: number): string[] {
  const rows = [""];
  let row = 0, column = 0;
  for (const [part] of sent.matchAll(/\p{Cc}\[\d*[AJ]|[^]/gu)) {
    if (part.endsWith("A") && part.length > 1) row -= Number(part.slice(2, -1) || 1);
    else if (part === "\x1b[J") {
      rows[row] = rows[row].slice(0, column);
      rows.length = row + 1;
    } else if (part === "\r") column = 0;
    else if (part === "\n") {
      [row, column] = [row + 1, 0];
      rows[row] ??= "";
    } else {
      if (column === columns) {
        [row, column] = [row + 1, 0];
        rows[row] ??= "";
      }
      rows[row] = rows[row].slice(0, column) + part + rows[row].slice(column + 1);
      column++;
    }
  }
  return rows;
}

Deno.test("the foot of the terminal leaves nothing behind, also after the window was made narrower", () => {
  const chart = Array.from({ length: 5 }, (_, i) => String(i).repeat(70)).join("\n");
  for (const columns of [80, 40, 33, 20]) {
    const sent = onTerminal((resize) => {
      status(chart);
      resize(columns);
      status("one line");
      clearStatus();
    });
    // A terminal that is resized lays its lines out anew: as if all had been written at the new width.
    assertEquals(screen(sent, columns), [""], `${columns} columns`);
  }
});

Deno.test("TERM=dumb gets no foot and no escapes", () => {
  assertEquals(onTerminal(() => (status("x"), clearStatus()), { plain: true }), "");
});

Deno.test("a lesson in pages has one for each section, and all of them are the lesson", () => {
  const whole = new Reader(fixture).rest();
  const pages = new Reader(fixture, true).rest();
  assertEquals(whole.length, 1);
  assertEquals(pages.join(""), whole[0]);
  assertEquals(pages.length, 1 + fixture.match(/^## /gm)!.length);
  pages.slice(1).forEach((page) => assert(page.startsWith("## "), page));
});

/** Runs a program on a real terminal; its Enter is pressed whenever it asks. */
async function inPty(args: string[], env: Record<string, string>) {
  const script = `
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvpe(sys.argv[1], sys.argv[1:], os.environ)
out = b""
asked = 0
while True:
    try:
        data = os.read(fd, 65536)
    except OSError:
        break
    if not data:
        break
    out += data
    while out.count(b"Enter goes on") > asked:
        asked += 1
        os.write(fd, b"\\n")
sys.stdout.buffer.write(out)
sys.stdout.write("\\nasked %d, ended %d\\n" % (asked, os.waitpid(pid, 0)[1]))
`;
  const { stdout } = await new Deno.Command("python3", {
    args: ["-c", script, ...args],
    env,
    stdin: "null",
  })
    .output();
  return new TextDecoder().decode(stdout);
}

Deno.test({
  name: `--page stops between sections on a terminal; NO_COLOR and TERM=dumb get no escapes` +
    `${hasPython ? "" : " (ignored: needs --allow-all and python3)"}`,
  ignore: !hasPython,
  async fn() {
    const lesson = new URL("./fixtures/lesson.ts", import.meta.url).pathname;
    const command = [Deno.execPath(), "run", "--no-check", "--allow-read", "--allow-env", lesson];
    const sections = fixture.match(/^## /gm)!.length;
    const paged = await inPty([...command, "--page"], { TERM: "xterm", NO_COLOR: "" });
    assertMatch(paged, new RegExp(`asked ${sections}, ended 0\n$`));
    const straight = await inPty(command, { TERM: "xterm", NO_COLOR: "" });
    assertMatch(straight, /asked 0, ended 0\n$/);
    assert(straight.includes("\x1b[1m"), "headings are bold");
    const dumb = await inPty([...command, "--page"], { TERM: "dumb", NO_COLOR: "" });
    assert(!dumb.includes("\x1b"), JSON.stringify(dumb));
    assertMatch(dumb, new RegExp(`asked ${sections}, ended 0\n$`));
  },
});

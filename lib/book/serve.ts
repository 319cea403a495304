/*
 * Serves the book on this machine, and builds it anew when a source changes.
 */
import { ownPackages } from "./own_packages.ts";
import { fromFileUrl, root } from "./site.ts";

const TYPES: Record<string, string> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  ts: "text/plain; charset=utf-8",
  css: "text/css; charset=utf-8",
  json: "application/json",
  woff2: "font/woff2",
  svg: "image/svg+xml",
};

/** Answers a request for a file of a folder. */
export async function answer(folder: URL, request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  let path: string;
  try {
    path = decodeURIComponent(pathname).slice(1);
  } catch {
    return new Response(`${pathname} is not an address`, { status: 400 });
  }
  const url = new URL(/(^|\/)$/.test(path) ? `${path}index.html` : path, folder);
  if (!url.href.startsWith(folder.href)) return new Response("not here", { status: 404 });
  const type = TYPES[url.pathname.match(/\.(\w+)$/)?.[1] ?? ""] ?? "application/octet-stream";
  try {
    const body = await Deno.readFile(url);
    return new Response(body, { headers: { "content-type": type, "cache-control": "no-cache" } });
  } catch (error) {
    const { NotFound, IsADirectory, NotADirectory } = Deno.errors;
    if (![NotFound, IsADirectory, NotADirectory].some((kind) => error instanceof kind)) throw error;
    return new Response(`${path} is not a page of the book`, { status: 404 });
  }
}

/** Builds the book, serves it, and rebuilds it whenever a source changes. */
export async function serveBook(folder: URL, port: number): Promise<void> {
  await rebuild(folder);
  const { finished } = listen(folder, port);
  const watched = ["lessons", "lib", "kernels", "data"].map((path) =>
    fromFileUrl(new URL(path, root))
  );
  let waiting: ReturnType<typeof setTimeout> | undefined;
  let building = Promise.resolve();
  for await (const { paths, kind } of Deno.watchFs(watched)) {
    if (kind === "access" || !paths.some((path) => /\.(ts|wgsl|md|css|json)$/.test(path))) continue;
    clearTimeout(waiting);
    waiting = setTimeout(() => void (building = building.then(() => rebuild(folder))), 150);
  }
  await finished;
}

/** Serves on the port, or on the next one that is free. */
function listen(folder: URL, port: number): Deno.HttpServer {
  for (let at = port; at <= port + 20; at++) {
    try {
      return Deno.serve({
        port: at,
        hostname: "127.0.0.1",
        onListen: ({ port }) =>
          console.log(`The book is at http://localhost:${port}/ (Ctrl-C ends it)`),
      }, (request) => answer(folder, request));
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse) || port === 0) throw error;
    }
  }
  console.error(`The ports ${port} to ${port + 20} are all in use; choose another with --port`);
  Deno.exit(1);
}

/** A separate process builds, so that changes to the book's own sources count too. */
async function rebuild(folder: URL): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      "--unstable-raw-imports",
      ...ownPackages,
      new URL("main.ts", import.meta.url).href,
      "--out",
      fromFileUrl(folder),
    ],
    stdout: "null",
    stderr: "inherit",
  }).output();
  const time = new Date().toLocaleTimeString("en", { hour12: false });
  console.log(success ? `${time} built` : `${time} not built: the error stands above`);
}

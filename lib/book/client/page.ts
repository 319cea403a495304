/*
 * The script of every page: it shows in the contents where the reader is. The search, the run and the interactive
 * pictures are loaded when they are first needed.
 */

const search = document.querySelector<HTMLInputElement>("#search");
if (search) {
  search.hidden = false;
  let opened: Promise<void> | undefined;
  const open = () => {
    opened ??= import("./search.ts").then((it) => it.openSearch(search));
    opened.catch(() => opened = undefined); // without a network; the next word tries again
  };
  search.addEventListener("focus", open);
  search.addEventListener("input", open);
  document.addEventListener("keydown", (event) => {
    const [at] = event.composedPath() as Element[]; // an editor is in a shadow root
    const typing = at.closest?.("input, select, textarea, [contenteditable]");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing) return;
    event.preventDefault();
    search.focus();
  });
}

/** Marks the current section in the contents. */
function followReader(): void {
  const links = new Map(
    [...document.querySelectorAll<HTMLAnchorElement>(".contents .sections a")]
      .map((link) => [link.hash.slice(1), link]),
  );
  const headings = [...document.querySelectorAll<HTMLElement>("main h2[id]")];
  if (headings.length === 0) return;
  const mark = () => {
    const at = headings.findLast((heading) => heading.getBoundingClientRect().top < 160);
    links.forEach((link, id) => link.classList.toggle("now", id === at?.id));
  };
  let waiting = false;
  addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      mark();
    });
  }, { passive: true });
  mark();
}
followReader();

/** On a narrow page the contents lie over the text, wherever the reader is in it, until one of them is chosen. */
function openContents(): void {
  const menu = document.querySelector<HTMLDetailsElement>(".menu")!;
  const contents = document.querySelector<HTMLElement>(".contents")!;
  contents.classList.add("over");
  const close = () => menu.open = false;
  contents.addEventListener("click", ({ target }) => (target as Element).closest("a") && close());
  document.addEventListener("keydown", ({ key }) => key === "Escape" && close());
}
openContents();
document.querySelector(".contents [aria-current]")?.scrollIntoView({ block: "nearest" });

if (document.body.classList.contains("runs")) void import("./run.ts").then((it) => it.open());

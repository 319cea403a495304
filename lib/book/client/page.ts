/*
 * The script of every page: it shows in the contents where the reader is. The search, the run and the interactive
 * pictures are loaded when they are first needed.
 */

const search = document.querySelector<HTMLInputElement>("#search");
if (search) {
  search.hidden = false;
  let opened: Promise<void> | undefined;
  const open = () => void (opened ??= import("./search.ts").then((it) => it.openSearch(search)));
  search.addEventListener("focus", open, { once: true });
  document.addEventListener("keydown", (event) => {
    const typing = (event.target as Element).closest("input, textarea, [contenteditable]");
    if (event.key !== "/" || typing) return;
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
document.querySelector(".contents [aria-current]")?.scrollIntoView({ block: "nearest" });

if (document.body.classList.contains("runs")) void import("./run.ts").then((it) => it.open());

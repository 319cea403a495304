/*
 * Makes an HTML element in one expression.
 */

type Child = Node | string | undefined | false;
type Attributes = Record<string, string | number | boolean | ((event: Event) => void)>;

/** An element: `element("button", { class: "go", onclick: run }, "Run")`. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false) made.setAttribute(key, String(value));
  }
  made.append(...children.filter((child): child is Node | string => !!child));
  return made;
}

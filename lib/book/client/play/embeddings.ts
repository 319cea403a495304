/*
 * The vectors of lesson 13's tokens in two dimensions: the two directions in which they differ most. Such a picture can
 * mislead, so a chosen token also lists its nearest tokens in all 64 dimensions.
 */
import { element } from "../dom.ts";
import type { Vectors } from "./kinds.ts";
import { type Ask, labeled, type Picture, visible } from "./parts.ts";

const [WIDTH, HEIGHT, EDGE] = [640, 420, 24];
const SVG = "http://www.w3.org/2000/svg";

/** The picture. */
export function embeddings(ask: Ask): Picture {
  const choice = element("select", { onchange: () => point(Number(choice.value)) });
  const plane = element("div", { class: "plane" });
  const words = element("p", { class: "note", role: "status" });
  let found: Vectors = { tokens: [], rows: [] };

  const draw = async () => {
    found = await ask({}) as Vectors;
    const kept = found.tokens.map((token, id) => ({ token, id }))
      .filter(({ token, id }) => id >= 256 || /[\x21-\x7e]/.test(token));
    choice.replaceChildren(
      ...kept.map(({ token, id }) =>
        element("option", { value: id, selected: token === " he" }, visible(token))
      ),
    );
    const places = inPlane(kept.map(({ id }) => found.rows[id]));
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", "The tokens in the plane; the list above chooses one of them");
    kept.forEach(({ token, id }, i) => {
      const text = document.createElementNS(SVG, "text");
      const [x, y] = places[i];
      text.setAttribute("x", String(Math.round(EDGE + x * (WIDTH - 2 * EDGE))));
      text.setAttribute("y", String(Math.round(EDGE + y * (HEIGHT - 2 * EDGE))));
      text.dataset.id = String(id);
      text.textContent = visible(token);
      text.addEventListener("click", () => point(id));
      svg.append(text);
    });
    plane.replaceChildren(svg);
    point(Number(choice.value));
  };
  const point = (id: number) => {
    choice.value = String(id);
    const near = nearest(found.rows, id).slice(0, 8);
    const ids = new Set(near.map(({ id }) => id));
    for (const text of plane.querySelectorAll("text")) {
      const at = Number(text.dataset.id);
      text.setAttribute("class", at === id ? "chosen" : ids.has(at) ? "near" : "");
    }
    words.textContent = `Nearest to “${visible(found.tokens[id])}” in all ${
      found.rows[0].length
    } dimensions, with their cosine: ${
      near.map(({ id, cosine }) => `${visible(found.tokens[id])} ${cosine.toFixed(2)}`).join(", ")
    }.`;
  };
  return { parts: [labeled("A token", choice), plane, words], draw };
}

const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, i) => sum + value * b[i], 0);

/** The other rows by cosine similarity to this one, the nearest first. */
export function nearest(rows: readonly number[][], id: number): { id: number; cosine: number }[] {
  const length = rows.map((row) => Math.sqrt(dot(row, row)));
  return rows.map((row, other) => ({
    id: other,
    cosine: dot(row, rows[id]) / (length[other] * length[id]),
  })).filter(({ id: other }) => other !== id).sort((a, b) => b.cosine - a.cosine);
}

/** Rows as their first two principal components, scaled from 0 to 1. */
function inPlane(rows: readonly number[][]): [number, number][] {
  const mean = rows[0].map((_, j) => rows.reduce((sum, row) => sum + row[j], 0) / rows.length);
  const centred = rows.map((row) => row.map((value, j) => value - mean[j]));
  const first = component(centred);
  const second = component(centred, first);
  const [xs, ys] = [first, second].map((axis) => centred.map((row) => dot(row, axis)));
  const scaled = (all: number[]) => {
    const [low, high] = [Math.min(...all), Math.max(...all)];
    return all.map((value) => (value - low) / (high - low || 1));
  };
  const [x, y] = [scaled(xs), scaled(ys)];
  return x.map((value, i) => [value, y[i]]);
}

/** The direction of the greatest variance orthogonal to another, by power iteration. */
function component(rows: readonly number[][], other?: readonly number[]): number[] {
  let axis = rows[0].map((_, j) => Math.cos(j + 1));
  for (let round = 0; round < 60; round++) {
    const shares = rows.map((row) => dot(row, axis));
    axis = axis.map((_, j) => rows.reduce((sum, row, i) => sum + row[j] * shares[i], 0));
    const along = other ? dot(axis, other) : 0;
    if (other) axis = axis.map((value, j) => value - along * other[j]);
    const length = Math.sqrt(dot(axis, axis)) || 1;
    axis = axis.map((value) => value / length);
  }
  return axis;
}

/*
 * Which kernel computes which matrix product: one table, by adapter and by shape.
 *
 * The numbers come from `deno task bench -- --forms`, which runs the forms against each other. What rules
 * them on a software adapter: a load costs as much as 64 multiply-adds whatever it loads, and the first use of a
 * tile ever costs its compilation (0.6 s for 16×16, 1.6 s for 32×16). On a GPU threads rule.
 */

/** The kernels there are: the plain one, a single row, register tiles, shared memory. */
export const forms = ["plain", "rows", "tile", "shared"] as const;
/** One of {@linkcode forms}. */
export type Form = (typeof forms)[number];

/** What the choice depends on. */
export interface Problem {
  batch: number;
  m: number;
  n: number;
  k: number;
  /** Whether both operands run along k in memory, aligned, so that the kernel for a row can read them. */
  alongK: boolean;
  /** Whether shaders run on the processor. */
  software: boolean;
}

/** A kernel, and how many rows and columns of the result one invocation of it owns. */
export interface Plan {
  form: Form;
  rows: number;
  columns: number;
}

/** Below this many multiply-adds a launch costs more than any kernel saves. */
const TINY = 2 ** 16;

/** One row: it is taken where it says yes, and the first that does is. */
export interface Choice extends Plan {
  when: (problem: Problem, work: number) => boolean;
}

/** The table. */
export const choices: readonly Choice[] = [
  { form: "plain", rows: 1, columns: 1, when: (_, work) => work < TINY },

  // GPUs.
  {
    form: "shared",
    rows: 4,
    columns: 4,
    when: ({ software, m, n }) => !software && m > 8 && n > 8,
  },
  { form: "plain", rows: 1, columns: 1, when: ({ software }) => !software },

  // Software adapters: the step that generates a token, then tiles. The larger a tile, the fewer the loads,
  // and the sooner too few are left for all of the processor's cores.
  { form: "rows", rows: 1, columns: 8, when: ({ alongK, m }) => alongK && m === 1 },
  { form: "tile", rows: 8, columns: 8, when: ({ m }) => m <= 8 },
  {
    form: "tile",
    rows: 16,
    columns: 16,
    when: ({ batch, m, n }, work) =>
      m <= 16 || work < 2 ** 25 || batch * Math.ceil(m / 32) * Math.ceil(n / 128) < 4,
  },
  { form: "tile", rows: 32, columns: 16, when: () => true },
];

/** The first row of the table that fits; of one form only, where that is asked for. */
export function choose(problem: Problem, form?: Form): Plan {
  const { batch, m, n, k } = problem;
  if (form === "shared") return { form, rows: 4, columns: 4 };
  if (form === "plain") return { form, rows: 1, columns: 1 };
  const software = problem.software || form !== undefined;
  const work = batch * m * n * k;
  const fits = (choice: Choice) =>
    (form === undefined || choice.form === form) && choice.when({ ...problem, software }, work);
  return choices.find(fits) ?? choices[0];
}

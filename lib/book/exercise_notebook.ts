/*
 * Exercises as a notebook: under each cell with an answer, one that checks it, and the solution in a fold.
 */
import { withoutAnswers } from "../lesson/exercise.ts";
import { answersOf } from "./answers.ts";
import { exportsOf } from "./compile_plain.ts";
import { codeCell, type Notebook, type NotebookCell, proseCell, toNotebook } from "./notebook.ts";

/**
 * The notebook of a lesson's exercises. What is added to them does not come back with `--back`.
 *
 * @param solved their source, with solutions and checks
 * @param name the source's name, such as `03.ts`
 * @param up the path from the notebook's folder to that of the lessons
 */
export async function exerciseNotebook(
  solved: string,
  name: string,
  up: string,
): Promise<Notebook> {
  const open = withoutAnswers(solved);
  const answers = answersOf(open, solved);
  const notebook = await toNotebook(open, `${up}exercises/`);
  const checks = added(codeCell(
    "checks",
    `import { checking } from "${up}../lib/lesson/exercise.ts";\n` +
      `import { checks } from "${up}exercises/${name}";\n` +
      "const check = checking(checks);",
  ));
  let number = 0;
  const cells = notebook.cells.flatMap((cell): NotebookCell[] => {
    if (cell.metadata.lesson?.setup) return [cell, checks];
    if (cell.cell_type !== "code") return [cell];
    const answer = answers.get(++number);
    if (answer === undefined) return [cell];
    const fold =
      `<details><summary>A solution</summary>\n\n\`\`\`ts\n${answer}\n\`\`\`\n\n</details>`;
    return [
      cell,
      added(
        codeCell(
          `check-${number}`,
          `await check({ ${exportsOf(answer).join(", ")} });`,
        ),
      ),
      added(proseCell(`solution-${number}`, fold)),
    ];
  });
  return { ...notebook, cells };
}

const added = (cell: NotebookCell): NotebookCell => ({
  ...cell,
  metadata: { lesson: { setup: true } },
});

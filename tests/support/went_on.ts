/*
 * A folder that goes on learning here as tests/goldens/torchrun.py lets it learn in PyTorch: the same batches, whole. As
 * a program it reads what PyTorch wrote, saves it again, and writes the losses of ten steps:
 *
 *   deno run -A tests/support/went_on.ts FOLDER AGAIN LOSSES
 */
import {
  type AnyModel,
  arange,
  Generator,
  loadPretrained,
  nn,
  optim,
  randint,
  type RegexTokenizer,
  savePretrained,
  stack,
  tensor,
} from "../../lib/mod.ts";
import songs from "../../data/songs.json" with { type: "json" };

/** The losses of the first steps; dropout is left out. */
export async function losses(
  { model, tokenizer }: { model: AnyModel; tokenizer: RegexTokenizer },
  { steps = 10, batch = 64, lr = 1e-3, seed = 1 } = {},
): Promise<number[]> {
  const data = tensor(tokenizer.encode(songs.train.join("\n")));
  const T = model.config.nPositions;
  const optimizer = new optim.AdamW(model.eval().parameters(), { lr });
  const generator = new Generator().manualSeed(seed);
  const found = [];
  for (let step = 0; step < steps; step++) {
    const starts = randint(data.numel() - T - 1, [batch], { generator });
    const rows = starts.unsqueeze(1).add(arange(T)); // (batch, T)
    const logits = model.forward(data.index(rows)).flatten(0, 1);
    const loss = nn.functional.crossEntropy(logits, data.index(rows.add(1)).flatten());
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    found.push(loss.detach());
  }
  return await stack(found).tolist() as number[];
}

if (import.meta.main) {
  const [folder, again, to] = Deno.args;
  const loaded = loadPretrained(folder);
  await savePretrained(again, loaded);
  await Deno.writeTextFile(to, JSON.stringify(await losses(loaded, { seed: 2 })));
}

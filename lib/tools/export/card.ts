/*
 * Model cards for the README.md of a model's folder: what the model is, which data made it, how to open it.
 */
import { fixed, GPT2 } from "../../mod.ts";
import type { Facts, Mlp, Transformer } from "./lessons.ts";

/** What the Hub reads at the top of a card. */
const head = (tags: string[], { data }: Facts, library?: string) =>
  [
    "---",
    ...library ? [`library_name: ${library}`, "pipeline_tag: text-generation"] : [],
    "language: en",
    ...data.includes("(CC0)") ? ["license: cc0-1.0"] : [],
    `tags: [${tags.join(", ")}]`,
    "---",
  ].join("\n");

const training = ({ data, seed, steps, losses, parameters }: Facts) => {
  const found = losses && Number.isFinite(losses.exact)
    ? ` The loss per token was ${fixed(losses.train, 2)} on texts it learned from, ` +
      `${fixed(losses.val, 2)} on others, and ` +
      `${fixed(losses.exact, 2)} on those with its full context.`
    : "";
  return `It has ` +
    `${parameters.toLocaleString("en")} parameters and learned for ${steps} steps from: ` +
    `${data}. Seed ${seed}.${found}`;
};

const limits = `## What it is not

A model that was trained in minutes to show how such models work. It writes lines that look like its texts and
mean little; it knows nothing, and it was not made safe or fair.`;

/** The card of a model of lesson 14. */
export function transformerCard({ model, tokenizer, facts }: Transformer): string {
  const { nPositions, nLayer, nEmbd, nHead } = model.config;
  const [kind, tag, positions] = model instanceof GPT2
    ? ["GPT-2", "gpt2", "a table of positions"]
    : ["GPT-NeoX", "gpt_neox", "rotary positions"];
  return `${head([tag, "to-the-digit"], facts, "transformers")}

# A small GPT

Lesson 14 of a course that builds language models in TypeScript trained this model: ${nLayer} blocks, ${nEmbd}
dimensions, ${nHead} heads, ${positions}. In Hugging Face's words it is a ${kind}. ` +
    `${training(facts)}

## How to open it

\`\`\`python
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(FOLDER)
model = AutoModelForCausalLM.from_pretrained(FOLDER)
ids = tokenizer("And here", return_tensors="pt").input_ids
print(tokenizer.decode(model.generate(ids, do_sample=True, top_k=5)[0]))
\`\`\`

It reads ${nPositions} tokens at once, prompt and answer together; give a longer text's end. Its tokenizer has
${tokenizer.nVocab} tokens, so a token is about two letters.

In TypeScript: \`loadPretrained(FOLDER)\`, then \`generate(model, tokenizer.encode("And here"))\`.

${limits}
`;
}

/** The card of lesson 13's model, with the code that it needs, since no library has this model. */
export function mlpCard({ config, facts }: Mlp): string {
  const { vocab_size: V, context_length: T, n_embed: C, n_hidden: H } = config;
  return `${head(["mlp", "to-the-digit"], facts)}

# A language model without attention

Lesson 13 of a course that builds language models in TypeScript trained this model: the vectors of the last ${T}
tokens, one after the other, go through a network with one hidden layer (Bengio et al., 2003). ` +
    `${training(facts)}

## How to open it

transformers has no such model, so \`AutoModelForCausalLM\` can't open it; \`AutoTokenizer\` opens its tokenizer.
In PyTorch it is:

\`\`\`python
import torch
from safetensors.torch import load_file
from torch import nn
from transformers import AutoTokenizer


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.token_embedding_table = nn.Embedding(${V}, ${C})
        self.net = nn.Sequential(nn.Linear(${T} * ${C}, ${H}), nn.Tanh(), nn.Linear(${H}, ${V}))

    def forward(self, ids):  # (B, ${T}) → the logits of the token that follows, (B, ${V})
        return self.net(self.token_embedding_table(ids).flatten(1))


tokenizer = AutoTokenizer.from_pretrained(FOLDER)
model = MLP()
model.load_state_dict(load_file(f"{FOLDER}/model.safetensors"))
\`\`\`

It reads ${T} tokens, no more and no fewer; the lesson fills a shorter text with line breaks in front.

${limits}
`;
}

/** The card of a GPT-2 published by others. */
export const gpt2Card = (name: string): string =>
  `---
library_name: transformers
pipeline_tag: text-generation
license: mit
tags: [gpt2]
---

# ${name}

The weights of ${name} as they were loaded in lesson 9, in float32 and in the layout that transformers writes today:
names below \`transformer.\`, no masks. They are as their authors published them; what they were trained on, and what
they must not be used for, the card of the original says.
`;

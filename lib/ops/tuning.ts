/*
 * Every number that was tuned, with its measurement and the class of adapter that it holds for. Digits of sums
 * depend on some of them, which decide what is added first.
 *
 * There are two classes. On a software adapter a shader runs on the processor: its lanes are those of a vector, a
 * barrier between more of them is slow, one core works through a workgroup, and a load from a buffer costs as much as 64
 * multiply-adds whatever it loads (from an image a twentieth of that, see lib/gpu/image.ts). On a GPU what counts is many
 * threads. Measured on llvmpipe (Mesa 22.3) on two cores, by `deno task bench`; what is said of GPUs was measured on one
 * NVIDIA H200 (Vulkan, by timestamps), where it names it. What is tuned below the ops, and changes no digit, is in
 * lib/gpu/tuning.ts.
 */
import { READS_A_SUBMIT } from "../gpu/tuning.ts";
import type { Fold } from "./declare.ts";

/**
 * After so many rounds, of all loops of an invocation together, llvmpipe stops it without an error. Nothing here
 * may come near: a kernel is launched again for what is left, or refuses.
 */
export const MOST_ROUNDS = 65_535;
/** Attention's rounds in a launch, over keys and over the numbers of a head. */
export const ATTENTION_ROUNDS = 60_000;
/** Invocations in a workgroup of attention, where each reads for itself: few, so that few rows keep all cores busy. */
export const ATTENTION_LANES = 8;
/**
 * Of how many heads, at most, neighbors own the same rows there under a causal mask: a vector's lanes go on until the
 * last is done. With 32 queries the gradients took 1.5 times as long by one head.
 */
export const ATTENTION_HEADS = 8;
/**
 * How many vec4 of a head's sums it keeps in variables there, at most: on the stack, as registers are too few. With 12 heads
 * of 64 numbers and 512 queries, in turns, 4 took 147 ms, 8 80, 16 72, and 0.9, 1.3 and 2.1 s to compile; a head of 128
 * numbers 47 by 8, 32 by 16, and 25 by 32, which took 6 s to compile. The gradients took 706 ms where they were added up
 * in a buffer, with 4 in variables 604, 8 356, 16 180.
 */
export const ATTENTION_SUMS = 16;
/**
 * Queries of a head up to which the keys are split over workgroups, where these share what they read: one query of 12
 * heads with 1,024 keys makes 192 of them, by blocks of queries it would make 12. It took 21 µs there, and 1,216 by the
 * form for processors (NVIDIA H200).
 */
export const SPLITTING_QUERIES = 8;
/** Numbers that the parts may take together; with more of them there are workgroups enough. A test sets it. */
export const largestParts = { upTo: 2 ** 24 };
/** Ids that an embedding's gradient goes through in a launch: half of the rounds, the other half being for rows. */
export const LONGEST_LIST = 32_000;
/** Elements of a row that a lane of topk looks at in a launch. */
export const TOPK_ROUNDS = 30_000;
/** Elements that all of them look at in a launch: more are so much work for a weak GPU (lib/gpu/tuning.ts). A test sets it. */
export const longestLook = { upTo: READS_A_SUBMIT / 2 };
/**
 * From how many of a row's largest on all of the row is sorted by merging. Looking for one after the other took 3.26 s for
 * all of 50,257, 2.8 ms for 50 (NVIDIA H200; merging was not measured there). On llvmpipe, in turns: all of 100×1000 832
 * and 21 ms, 1000×64 352 and 9; but 20 of 64×50257 489 and 2,523. A test sets it.
 */
export const manyOfARow = { from: 32 };
/** Terms of a product that are summed in a launch: few enough for a kernel that takes one a round. */
export const LONGEST_PRODUCT = 1 << 15;
/**
 * Multiply-adds of a launch on a GPU, of a product or of attention: more are cut along the result, which changes no digit.
 * A weak GPU takes a third of a second for them, and Windows takes it away from a program that keeps it busy for two. A
 * test sets it.
 */
export const largestLaunch = { upTo: 2 ** 34 };
/** Multiply-adds of it for each number that is read, where invocations share what they read. */
export const WORK_A_READ = 8;

/**
 * Elements up to which an elementwise kernel takes one at a time: it compiles in two thirds of the time of one that takes
 * four, and tensors of a lesson's size need no other; a launch costs more than its reads. No digit depends on it. A test
 * sets it.
 */
export const oneByOne = { upTo: 4096 };
/** Elements up to which optimizers' parameters share a dispatch: beyond, the arithmetic costs more than a launch. */
export const SMALL_ITEM = 65_536;
/** How many of them: a kernel keeps the numbers of all in one vec4. */
export const ITEMS_A_DISPATCH = 4;
/**
 * And how many of the smallest, biases and norms, in Adam: lesson 4's 139 parameters take 26 dispatches,
 * not 35. llvmpipe runs the code of all items for each: eight of 65,536 numbers took twice as long as
 * four and four, eight of 1,024 took 1.4 times as long, eight of 64 took 0.7.
 */
export const TINY_ITEMS_A_DISPATCH = 8;
/** Elements up to which an item is one of the smallest. */
export const TINY_ITEM = 256;
/**
 * Rows whose slopes are summed at once, for a bias or a scale; more rows are cut into stretches that run side by side.
 */
export const ROWS_A_PART = 256;
/**
 * From how many logits on a row is taken by fours also where it begins between them: 512 of 50,257 in half the time on
 * llvmpipe. A shorter one keeps its order of adding. At least 3, so that fours have parts of two rows at most. A test sets it.
 */
export const longRow = { from: 1024 };
/** Random numbers that are drawn and uploaded at a time: a mebibyte, which is still in the processor's cache. */
export const DRAWN_AT_A_TIME = 2 ** 18;

/**
 * The kernels of a product: the plain one; for processors those of a single row and of register tiles; for GPUs those of
 * few rows and of squares in shared memory.
 */
export const forms = ["plain", "rows", "tile", "gemv", "shared"] as const;

/**
 * A kernel of a product, and how many rows and columns of the result one invocation of it owns; of the two for GPUs, one
 * workgroup.
 */
export interface Plan {
  form: (typeof forms)[number];
  rows: number;
  columns: number;
  /** Into how many parts k is cut, which are computed side by side and then added. */
  parts?: number;
}

/**
 * Whether a kernel adds a sum's products one by one, as a BLAS does. Those that do may take each other's place: on
 * processors they give the same bits, on a GPU as far as its compiler makes one instruction of the same multiply-adds.
 */
export const addsInOrder = ({ form, parts }: Plan): boolean =>
  form !== "rows" && form !== "gemv" && !parts;

/** What decides which kernel a product gets. */
export interface Sizes {
  batch: number;
  m: number;
  n: number;
  k: number;
  /** How many multiply-adds it takes. */
  work: number;
  /** Whether both operands run along k in memory, aligned, so that the kernels for few rows can read them. */
  alongK: boolean;
  /** Whether B is read at home, as the weights of a loaded model are (lib/gpu/home.ts). */
  atHome: boolean;
}

/** A plan for the products that `when` accepts, if no plan before it does. */
export interface Choice extends Plan {
  when: (product: Sizes) => boolean;
  /** Workgroups below which k is cut into parts, so that there are twice as many, or as the parts allow. */
  fewest?: number;
}

/** How many workgroups share a product, if each owns so many rows and columns of the result. */
const groupsOf = ({ batch, m, n }: Sizes, rows: number, columns: number) =>
  batch * Math.ceil(m / rows) * Math.ceil(n / columns);

/**
 * Terms of a part of a product, at least: the parts must be written and read again. 64×2048×512 took 174 µs whole, 56 in 4
 * parts, 27 in 16 of 128 terms; shorter ones gained nothing (NVIDIA H200). A test sets it.
 */
export const shortestPart = { terms: 128 };

/** Into how many parts a kernel cuts the k of a product. */
export function partsOf({ rows, columns, fewest = 0 }: Choice, product: Sizes): number {
  const groups = groupsOf(product, rows, columns);
  if (groups >= fewest || product.batch > 1) return 1;
  const most = Math.max(1, Math.floor(product.k / shortestPart.terms));
  return Math.min(Math.ceil(2 * fewest / groups), most);
}

/**
 * Rows up to which weights are read by the kernel for few rows, on a GPU, however many weights there are. From then on up
 * to twice as many it is faster for fewer than MANY_COLUMNS: 16×768×3072 took 81 µs, and 98 by squares in 8 parts;
 * 16×768×50257 took 174, and 133 by squares (NVIDIA H200).
 */
export const FEW_ROWS = 8;
const MANY_COLUMNS = 1 << 14;
/** Columns up to which a product with weights that do not lie along k is computed by the plain kernel there. */
const FEW_COLUMNS = 8;

const plain = { form: "plain", rows: 1, columns: 1 } as const;
/** Below this many multiply-adds a launch costs more than any kernel saves. A test sets it. */
export const tinyProduct = { below: 2 ** 16 };

/** What depends on the class of adapter. */
export interface Tuning {
  /** Invocations that share a row of so many numbers in softmax, cross-entropy and layer norm. */
  rowLanes(columns: number): number;
  /** Invocations that share a row of so many numbers in a reduction. */
  reduceLanes(length: number): number;
  /** Invocations that share a row of so many numbers where topk looks for the largest, and where cumsum adds. */
  scanLanes(columns: number): number;
  /** How long a stretch of a row one workgroup reduces. */
  longestRow: number;
  /** How the invocations that share a row of so many numbers put together what they found. */
  fold(columns: number): Fold;
  /** How many neighbors in a row an invocation takes where a kernel must look for its operands' places. */
  run: number;
  /** How long a stretch of a column is reduced at once. */
  longestColumn: number;
  /** Invocations that share a column, where there are so many columns of so many rows. */
  columnLanes(columns: number, rows: number): number;
  /** Whether invocations of attention share what they read (attention/shared.ts); else each reads for itself. */
  attentionShares: boolean;
  /** At least so many invocations sort the ids for an embedding's gradient; each reads all ids. */
  sorters: number;
  /** Whether they share what they read. */
  staging: boolean;
  /** Whether a copy that transposes does so in shared memory, a square at a time. */
  squares: boolean;
  /** Whether the kernel of tiles adds to its sums number by number, and not in vectors of four. */
  tilesOneByOne: boolean;
  /** Which kernel computes which product. */
  products: readonly Choice[];
}

/**
 * Multiply-adds from which a tile of 16×16 repays its compilation: 1.3 core-seconds for 0.4 of 8×8's, on SwiftShader 1.1
 * for 0.4. On llvmpipe both compute 2048×64×256 in 11 core-ms, 512³ in 18 and 20; the lessons' tests, with nothing
 * compiled before, took 63 core-seconds for 85.
 */
const REPAYING = 2 ** 25;
/** From here on a row keeps many lanes busy, despite the cost of a barrier between them. */
const LONG = 1 << 16;

const processors: Tuning = {
  // 8 lanes, one vector, for 64: softmax, cross-entropy and layer norm, forward and backward, 2 to 5 times as fast.
  rowLanes: (columns) => columns < LONG ? 8 : 64,
  reduceLanes: (length) => length < LONG ? 16 : 64,
  scanLanes: () => 64,
  // 16 lanes make 16,384 rounds.
  longestRow: 1 << 18,
  // 8 lanes read at constant places what all of them found, once for the vector; a tree has a barrier a step.
  fold: () => "in a row",
  // A place takes a division for each dimension, lane by lane: of x.mul(cos) with x a transpose and cos broadcast,
  // 64×32×4×32 numbers, two thirds of the time.
  run: 8,
  longestColumn: 1 << 14,
  columnLanes: () => 1,
  attentionShares: false,
  // Lists that are linear in the ids: for 2,048 ids of 512 rows of 64 the gradient is 3.7 times as fast.
  sorters: 8,
  staging: false,
  squares: false,
  // With images for operands vectors are faster by a quarter (512³, llvmpipe).
  tilesOneByOne: false,
  // `deno task bench -- --forms` runs the kernels against each other. Operands are images (lib/gpu/image.ts), so loads
  // are cheap, and all tiles from 8×8 to 32×16 reach 14 to 17 GFLOP for a second of the processor at best, PyTorch 2.13
  // 28 to 46 in the same sitting: 8×8 takes 7.0 instructions for a vector's multiply-add, 16×8 6.1, 16×16 5.1, 32×16
  // 4.4, but those of a round no longer fit the processor's caches of instructions: 10, 18, 32 and 68 KB. And the first
  // use of a tile costs its compilation: 2.6 s of the processor for 16×16, 7 for 32×16.
  // Of the 1.3 ns that a vector's multiply-add takes by 8×8, 0.6 are left without loads, and a loop of vectors alone takes
  // 0.2 (0.16 fused). Tried in vain: eight k for each time that a sum is taken out of memory (1.5 ns, as more goes over
  // the stack), and places of A that llvmpipe knows to be one for all lanes, by asking a texture for the size of a level:
  // it still makes 62 instructions for eight equal reads, since each is checked against the image's edges.
  products: [
    { ...plain, when: ({ work }) => work < tinyProduct.below },
    // The step that generates a token.
    { form: "rows", rows: 1, columns: 8, when: ({ alongK, m }) => alongK && m === 1 },
    // And a prompt of GPT-2: a workgroup's 8 tiles are as wide as a panel, and 16×16 takes 140 MB more to compile.
    {
      form: "tile",
      rows: 8,
      columns: 8,
      when: ({ m, atHome, work }) => m <= 8 || atHome || work < REPAYING,
    },
    { form: "tile", rows: 16, columns: 16, when: () => true },
  ],
};

/**
 * SwiftShader, whose registers are few. 512³ took 325 core-ms by 8×8 and 220 by 16×16 with sums in vectors, 280 and 160
 * one by one; 64×2048×512 146 and 113, then 129 and 81.
 */
const fewRegisters: Tuning = { ...processors, tilesOneByOne: true };

/**
 * A llvmpipe that calls a function for each read of an image: what a tile holds goes through memory then. 512³ took one
 * core 16 ms by 8×8 and 28 by 16×16 with Mesa 25.0, 16 and 21 with 26.2, where it was 15 and 14 with 22.3; the steps of
 * lessons 13 and 14 and a pass of GPT-2 0.65 to 0.71 times as long by 8×8 with 25.0, and 1.05 to 1.12 with 22.3.
 */
const smallTiles: Tuning = {
  ...processors,
  products: processors.products.slice(0, -1).map((choice) =>
    choice.form === "tile" ? { ...choice, when: () => true } : choice
  ),
};

/** From here on 256 lanes have several fours each, and the two steps more of their tree are few among the rounds. */
const WIDE = 1 << 12;

/** The kernel of few rows. Its k is never cut: of 1×3072→768 the whole took 36 µs, two parts 43 (NVIDIA H200). */
const gemv = { form: "gemv", columns: 4 } as const;

/**
 * Rows up to here are added on a GPU as on a processor, by as many lanes and in the same order: then a lesson's tensors have
 * the same digits on both. It costs little: 64×512 took 7.8 µs by 64 lanes in a row and as a tree (NVIDIA H200). A test
 * sets it.
 */
export const smallRow = { upTo: 256 };

const gpu: Tuning = {
  // 8,192×768 took 65 µs by 32 and by 64 lanes, 147 by 256; 512×4,096 took 31, 21 and 15 (layer norm, NVIDIA H200).
  rowLanes: (columns) =>
    columns <= smallRow.upTo ? processors.rowLanes(columns) : columns < WIDE ? 64 : 256,
  reduceLanes: (length) =>
    length <= smallRow.upTo ? processors.reduceLanes(length) : length < WIDE ? 64 : 256,
  scanLanes: (columns) => columns < WIDE ? 64 : 256,
  // The sum of a million numbers keeps 64 workgroups busy.
  longestRow: 1 << 14,
  // In a row each of 64 lanes would read 64 numbers, one after the other.
  fold: (columns) => columns <= smallRow.upTo ? "in a row" : "as a tree",
  // Neighboring lanes read and write what lies side by side.
  run: 1,
  // More and shorter columns keep more threads busy.
  longestColumn: 1 << 8,
  // 64 rows of 512 numbers are 128 columns of fours: two workgroups by one lane each, eight of 256 lanes by 16.
  columnLanes: (columns, rows) => columns < 1 << 14 && rows >= 32 ? 16 : 1,
  // By themselves 12 heads with one query make 12 lanes, and neighbors that own other queries read every key again.
  attentionShares: true,
  // All wait for every id that they read, so they read 64 at once.
  sorters: 4096,
  staging: true,
  // Else neighbors either read or write what lies far apart.
  squares: true,
  tilesOneByOne: false,
  products: [
    { ...plain, when: ({ work }) => work < tinyProduct.below },
    // With few rows every weight is loaded for little arithmetic: neighboring lanes must read neighbors.
    { ...gemv, rows: 1, when: ({ alongK, m }) => alongK && m === 1 },
    // 8 rows at once were slower than 4 twice: 61 and 50 µs for 8×768→3072, 453 and 447 for 8×768→50257 (NVIDIA H200).
    {
      ...gemv,
      rows: 4,
      when: ({ alongK, m, n }) => alongK && m <= (n < MANY_COLUMNS ? 2 * FEW_ROWS : FEW_ROWS),
    },
    { ...plain, when: ({ n }) => n <= FEW_COLUMNS },
    // Squares of 64 go with few rows to waste: 32×768×3072 took 102 µs by those of 32, 125 by those of 64, but 384×2048×384
    // 220 and 232, 128×768×3072 168 and 153, 2048×384×1536 684 and 553, each cut as is best for it. And k is cut where few
    // squares leave most of a GPU idle: 512³ took 157 µs whole and 99 in 4 parts, 2048×1536×384 (192 squares) 753 and 526
    // in 2, 1024³ (256 squares) 528 and 519 (NVIDIA H200, Vulkan, by timestamps).
    {
      form: "shared",
      rows: 32,
      columns: 32,
      fewest: 256,
      when: ({ m, n }) => Math.min(m, n) <= 32,
    },
    { form: "shared", rows: 64, columns: 64, fewest: 256, when: () => true },
  ],
};

/**
 * Where kernels may use subgroups, which so far is in browsers only: a tree of 64 lanes has seven barriers, this has one.
 * Not measured here; on Intel's GPUs others found reductions up to twice as fast, on NVIDIA's no difference.
 */
const gpuWithSubgroups: Tuning = {
  ...gpu,
  fold: (columns) => columns <= smallRow.upTo ? "in a row" : "by subgroups",
};

/** The numbers for an adapter. */
export const tuningOf = ({ software, imaging, callsForImages, subgroups }: {
  readonly software: boolean;
  readonly imaging?: "where it pays" | "always" | "never";
  readonly callsForImages?: boolean;
  readonly subgroups?: boolean;
}): Tuning =>
  software
    ? imaging === "never" ? fewRegisters : callsForImages ? smallTiles : processors
    : subgroups
    ? gpuWithSubgroups
    : gpu;

/** Bytes from which a matrix may live in an image (lib/gpu/home.ts); a smaller one is in the processor's cache anyway. */
export const LARGE_MATRIX: number = 2 ** 20;
/**
 * A matrix moves there once so many products have read it: by then moving has cost about as much as it would have saved.
 * GPT-2's 124M move in a second; then 2 texts of 4 tokens take 173 ms for 210, a written token 60 for 100, and 128 tokens
 * at once as long as before.
 */
export const USES_TO_MOVE = 32;

/** Up to so many rows of the other operand, an unaligned one is read as it lies: packing it would not pay. */
export const FEW_USES = 16;
/** Columns below which a taller product is computed as its transpose, where lanes lie along the columns. */
export const NARROW = 128;
/** Lanes of a workgroup whose invocations own tiles: one vector of the processor. */
export const TILE_LANES = 8;

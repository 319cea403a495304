/*
 * The songs of this project, in a module of their own: a page loads them only where a lesson learns from them.
 */
import file from "../../data/songs.json" with { type: "json" };

/** Their texts. */
export const shipped: string[] = file.train;

/*
 * The songs of this project. They are in a module of their own, so that a page loads them only if its lesson uses them.
 */
import file from "../../data/songs.json" with { type: "json" };

/** Their texts. */
export const shipped: string[] = file.train;

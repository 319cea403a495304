/*
 * What memory is released together. A scope is a set of storages (storage.ts) that are released at its end, except
 * those that leave it before. Ops and the backward pass open one and close it without waiting; a region of the
 * program, such as `noGrad`, has one that lasts through its awaits.
 */
import { createContext } from "../host/context.ts";

/** Memory that a scope may hold. */
export interface Held {
  /** Leaves this scope for another, or for none. */
  moveTo(scope: Scope | null): void;
  /** Returns to the pool it came from. */
  release(when: string): void;
  /** The same, but it can be read for some time. */
  rest(when: string): void;
}

/** Memory that is released together. */
export type Scope = Set<Held>;

/** What holds for a region of the program. */
export interface Region {
  /** Whether ops note how to differentiate them. */
  readonly grad: boolean;
  /** Where memory that is made here belongs; none once the region has ended. */
  scope: Scope | null;
}

const regions = createContext<Region>();
const open: Scope[] = [];

/** The region of the program that this is called in. */
export const currentRegion = (): Region | undefined => regions.get();

/** Runs a body as a region. */
export const runRegion = <T>(region: Region, body: () => T): T => regions.run(region, body);

/** The innermost scope here: memory that is made now belongs to it. */
export const currentScope = (): Scope | null => open.at(-1) ?? regions.get()?.scope ?? null;

/** Starts noting what is allocated; `closeScope` releases all of it but what is kept. */
export function openScope(): Scope {
  const scope: Scope = new Set();
  open.push(scope);
  return scope;
}

/** Ends a scope: releases what it made, except the storages in `keep`, which pass to the scope around it. */
export function closeScope(scope: Scope, keep: ReadonlySet<Held>, when: string): void {
  open.splice(open.lastIndexOf(scope), 1);
  const around = currentScope();
  for (const storage of scope) {
    if (!keep.has(storage)) storage.release(when);
    else storage.moveTo(around);
  }
}

import { useCallback, useSyncExternalStore } from 'react';
import { readStored, removeStored, storedNames, writeStored } from '../../../ui/browser-storage';

/** What the browser keeps of a conversation that is being written: it survives a reload. */
export interface Draft {
  text: string;
  teamId: number | null;
  modelId: string | null;
  inputs: Record<string, unknown>;
  files: readonly DraftFile[];
  /** Of executor teams. */
  repository: Repository;
}

export interface DraftFile {
  /** Id of the upload. */
  id: string;
  type: 'image' | 'document' | 'audio' | 'video' | 'custom';
  name: string;
  size: number;
}

export interface Repository {
  git_url?: string;
  git_repo?: string;
  /** At its git server, as far as that was asked. */
  git_repo_id?: number | undefined;
  git_domain?: string;
  branch_name?: string;
}

export const EMPTY_DRAFT: Draft = { text: '', teamId: null, modelId: null, inputs: {}, files: [], repository: {} };

const PREFIX = 'conch-draft-';
const MAX_DRAFTS = 100;
const drafts = new Map<string, Draft>();
const listeners = new Set<() => void>();

const nameOf = (taskId: number | null) => `${PREFIX}${taskId ?? 'new'}`;

/** Reads the draft of a conversation; `null` is the one that does not exist yet. */
export function readDraft(taskId: number | null): Draft {
  const name = nameOf(taskId);
  const known = drafts.get(name);
  if (known) return known;
  const draft = { ...EMPTY_DRAFT, ...storedObject(name) };
  drafts.set(name, draft);

  return draft;
}

/** Changes the draft of a conversation. */
export function writeDraft(taskId: number | null, change: Partial<Draft>): void {
  const name = nameOf(taskId);
  const draft = { ...readDraft(taskId), ...change };
  drafts.set(name, draft);
  store(name, draft);
  for (const listener of listeners) listener();
}

/** The draft of a conversation, and how to change it. */
export function useDraft(taskId: number | null): [Draft, (change: Partial<Draft>) => void] {
  const draft = useSyncExternalStore(subscribe, () => readDraft(taskId));
  const change = useCallback((values: Partial<Draft>) => writeDraft(taskId, values), [taskId]);

  return [draft, change];
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);

  return () => listeners.delete(listener);
}

function storedObject(name: string): Partial<Draft> {
  const value = readStored(name);

  return typeof value === 'object' && value !== null ? value : {};
}

/** Keeps a draft; the oldest ones beyond a number are forgotten. */
function store(name: string, draft: Draft): void {
  const names = storedNames().filter((key) => key.startsWith(PREFIX) && key !== name);
  names.slice(0, Math.max(0, names.length - MAX_DRAFTS)).forEach(removeStored);
  writeStored(name, draft);
}

// The apps of the Dify simulator. The API key chooses one and says what is special about it:
// `app-<words>-<mode>`, for example `app-demo-chat` or `app-old-files-advanced-chat`. README.md lists the words.
import type { Json } from '../../shared/json.js';

/** What `GET /info` calls the kinds of app. `channel` is one that no client knows. */
export const DIFY_MODES = [
  'chat',
  'agent-chat',
  'advanced-chat',
  'agent',
  'completion',
  'workflow',
  'channel',
] as const;
export type DifyMode = (typeof DIFY_MODES)[number];

/** One app, as its key describes it. */
export interface DifyApp {
  key: string;
  mode: DifyMode;
  words: ReadonlySet<string>;
  /** The number behind a word: 3 for `revoked3`. */
  numbers: ReadonlyMap<string, number>;
}

/** Modes from the longest name on: `advanced-chat` is no `chat`. */
const BY_LENGTH = [...DIFY_MODES].sort((a, b) => b.length - a.length);

/** The app of a key; undefined when the key is none of this simulator. */
export function appOf(key: string): DifyApp | undefined {
  const mode = BY_LENGTH.find((name) => key.endsWith(`-${name}`));
  if (!mode || !key.startsWith('app-')) return undefined;
  const middle = key.slice('app-'.length, Math.max('app-'.length, key.length - mode.length - 1));
  const words = new Set<string>();
  const numbers = new Map<string, number>();
  for (const word of middle.split('-').filter(Boolean)) {
    const [, name = word, digits] = /^([a-z]+)(\d+)$/.exec(word) ?? [];
    words.add(name);
    if (digits) numbers.set(name, Number(digits));
  }
  return { key, mode, words, numbers };
}

/** Whether a key names the app so. */
export function isApp(app: DifyApp, word: string): boolean {
  return app.words.has(word);
}

/** Whether the app runs a workflow: these runs have ids, nodes and events to attach to. */
export function isFlow(mode: DifyMode): boolean {
  return mode === 'workflow' || mode === 'advanced-chat';
}

/** Whether the app keeps conversations. */
export function isChat(mode: DifyMode): boolean {
  return mode !== 'workflow' && mode !== 'completion';
}

/** `GET /info`. An app that `moved` says `chat` at first: that is what a cached answer says. */
export function infoOf(app: DifyApp, calls: number): Json {
  const mode = isApp(app, 'moved') && calls === 1 ? 'chat' : app.mode;
  const facts = { name: `Simulated ${app.mode}`, description: `The app behind ${app.mode} keys`, tags: ['simulator'] };
  return isApp(app, 'old') ? facts : { ...facts, mode, author_name: 'Conch' };
}

const CITY = { label: 'City', variable: 'city', required: true, max_length: 48, default: '' };
const TONE = { label: 'Tone', variable: 'tone', required: false, options: ['warm', 'dry'], default: 'warm' };
const FILE_RULES = {
  allowed_file_types: ['image', 'document'],
  allowed_file_extensions: [],
  allowed_file_upload_methods: ['local_file', 'remote_url'],
};

/** Every kind of field that a form can have. */
const ALL_FIELDS: readonly Json[] = [
  { 'text-input': CITY },
  { select: TONE },
  { paragraph: { label: 'Notes', variable: 'notes', required: false, default: '' } },
  { number: { label: 'Days', variable: 'days', required: false, default: null } },
  { checkbox: { label: 'Weekend', variable: 'weekend', required: false, default: false } },
  { file: { label: 'Plan', variable: 'plan', required: false, ...FILE_RULES } },
  { 'file-list': { label: 'Photos', variable: 'photos', required: false, max_length: 2, ...FILE_RULES } },
  { json_object: { label: 'Extra', variable: 'extra', required: false, default: null } },
  { external_data_tool: { label: 'Weather', variable: 'weather', required: false, type: 'api', config: {} } },
];

/** The input form of an app. */
export function formOf(app: DifyApp): readonly Json[] {
  if (isApp(app, 'inputs')) return ALL_FIELDS;
  const query = { paragraph: { label: 'Query', variable: 'query', required: false, default: '' } };
  const asked = app.mode === 'workflow' || app.mode === 'completion' ? [query] : [];
  return isApp(app, 'demo') ? [...asked, { select: TONE }] : asked;
}

/** Limits of uploads in MB; `files1` lets everything be 1 MB at most. */
export function uploadLimits(app: DifyApp): Record<string, number> {
  const small = app.numbers.get('files');
  return {
    image_file_size_limit: small ?? 10,
    video_file_size_limit: small ?? 100,
    audio_file_size_limit: small ?? 50,
    file_size_limit: small ?? 15,
    workflow_file_upload_limit: 10,
  };
}

/** Whether the app proposes questions after each answer. */
export function suggests(app: DifyApp): boolean {
  return isChat(app.mode) && (isApp(app, 'demo') || isApp(app, 'suggest'));
}

/** `GET /parameters`. */
export function parametersOf(app: DifyApp): Json {
  const upload = !isApp(app, 'nofiles');
  const off = { enabled: false };
  return {
    opening_statement: isApp(app, 'demo') ? 'Hello! I am a simulated Dify app.' : '',
    suggested_questions: isApp(app, 'demo') ? ['What can you do?'] : [],
    suggested_questions_after_answer: { enabled: suggests(app) },
    speech_to_text: off,
    text_to_speech: { enabled: false, voice: '', language: '', autoPlay: 'disabled' },
    retriever_resource: { enabled: true },
    annotation_reply: off,
    more_like_this: off,
    sensitive_word_avoidance: off,
    user_input_form: formOf(app),
    file_upload: {
      enabled: upload,
      ...FILE_RULES,
      number_limits: 3,
      image: { enabled: upload, number_limits: 3, detail: 'high', transfer_methods: ['remote_url', 'local_file'] },
    },
    system_parameters: uploadLimits(app),
  };
}

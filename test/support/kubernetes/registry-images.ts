/** What the nodes of the stand-in know of images. Their messages are those of containerd and of the kubelet. */

/** What a program prints; `null` for one that never ends. */
interface Program {
  output: string;
  exitCode?: number;
}

export type NodeImage =
  /** It runs; its programs are those of the checks. */
  | { kind: 'good'; programs: Record<string, Program | null> }
  /** It cannot be pulled. */
  | { kind: 'unpullable'; message: string }
  /** Its command cannot be started. */
  | { kind: 'unstartable'; message: string }
  /** The kubelet does not create its container. */
  | { kind: 'refused'; reason: string; message: string };

const OCI =
  'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed:';

export const PROGRAM_IMAGE = 'registry.example/conch:1';
export const DIGEST = `sha256:${'ab'.repeat(32)}`;

/** By canonical name, at the start of a stand-in. */
export const IMAGES: Readonly<Record<string, NodeImage>> = {
  [PROGRAM_IMAGE]: { kind: 'good', programs: {} },
  'registry.example/agent:1': {
    kind: 'good',
    programs: { python3: { output: 'Python 3.13.5\n' } },
  },
  'registry.example/poor:1': {
    kind: 'good',
    programs: {
      node: { output: 'v18.20.4\n' },
      claude: null,
      sqlite3: { output: 'Segmentation fault\n', exitCode: 139 },
    },
  },
  'registry.example/nothing:1': {
    kind: 'unpullable',
    message:
      'failed to pull and unpack image "registry.example/nothing:1": failed to resolve reference "registry.example/nothing:1": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
  },
  'registry.example/away:1': {
    kind: 'unpullable',
    message:
      'failed to resolve reference "registry.example/away:1": failed to do request: Head "https://registry.example/v2/away/manifests/1": dial tcp: lookup registry.example on 10.96.0.10:53: no such host',
  },
  'registry.example/musl:1': {
    kind: 'unstartable',
    message: `${OCI} unable to start container process: exec: "/conch/node/bin/node": stat /conch/node/bin/node: no such file or directory: unknown`,
  },
  'registry.example/scratch:1': {
    kind: 'unstartable',
    message: `${OCI} unable to start container process: exec: "/bin/sh": stat /bin/sh: no such file or directory: unknown`,
  },
  'registry.example/nobody:1': {
    kind: 'refused',
    reason: 'CreateContainerError',
    message:
      'failed to generate container "main" spec: failed to generate spec: unable to find user agent: no matching entries in passwd file',
  },
};

/** An image of the stand-in by the last part of its name. */
export function nodeImage(name: string): NodeImage {
  const image = IMAGES[`registry.example/${name}:1`];
  if (!image) throw new Error(`there is no image ${name}`);

  return image;
}

/** What a command does in an image. `null`: it does not end. */
export function programOf(
  image: NodeImage | undefined,
  [program = '']: readonly string[],
): Program | { missing: string } | null {
  const programs = image?.kind === 'good' ? image.programs : {};
  if (program in programs) return programs[program] ?? null;

  return {
    missing: `error executing command in container: failed to exec in container: failed to start exec: OCI runtime exec failed: exec failed: unable to start container process: exec: "${program}": executable file not found in $PATH: unknown`,
  };
}

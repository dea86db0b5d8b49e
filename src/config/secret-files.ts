import { readFileSync } from 'node:fs';

/** Variables whose value may be in a file, named by the variable with `_FILE` behind it. */
export const SECRETS = [
  ...['DATABASE_URL', 'REDIS_URL', 'JWT_SECRET', 'ENCRYPTION_KEY', 'ADMIN_PASSWORD', 'INTERNAL_API_TOKEN'],
  ...['WEBHOOK_SECRET', 'METRICS_TOKEN', 'ANTHROPIC_API_KEY', 'OPENAI_API_KEY'],
] as const;

/** Variables with the contents of secret files, and what is wrong with these. */
interface WithFiles {
  variables: Record<string, unknown>;
  problems: string[];
}

/**
 * Reads secrets from files: `JWT_SECRET_FILE=/run/secrets/jwt` stands for a `JWT_SECRET` with the file's content, without
 * blanks around it. Container engines offer secrets as files, which show up in no listing of processes. REGISTRY_AUTH_FILE
 * is not read here, because passwords of registries change while the server runs.
 */
export function withSecretFiles(given: Readonly<Record<string, unknown>>): WithFiles {
  const variables = { ...given };
  const problems: string[] = [];
  for (const name of SECRETS) {
    const path = given[`${name}_FILE`];
    if (typeof path !== 'string' || path === '') continue;
    if (isSet(given[name])) problems.push(`${name} and ${name}_FILE exclude each other: set one`);
    else {
      try {
        variables[name] = readFileSync(path, 'utf8').trim();
      } catch (error) {
        problems.push(`${name}_FILE: ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'failed'})`);
      }
    }
  }

  return { variables, problems };
}

const isSet = (value: unknown): boolean => value !== undefined && value !== '';

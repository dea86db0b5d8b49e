import { describe, expect, it } from '@jest/globals';
import { looksSecret } from './secret-shape.js';

describe('a secret', () => {
  it.each([
    'sk-ant-api03-abcdefgh',
    'ghp_0123456789abcdef',
    'github_pat_11ABCDEFG0abcdefghij',
    'glpat-abcdefgh12345678',
    'xoxb-123456789012-abcdef',
    'AKIAIOSFODNN7EXAMPLE',
    'AIzaSyA1234567890abcdefghijklmnopqrstuv',
    'app-aBcDeFgHiJkLmNoP12345678',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZG1pbiJ9.Jx5FP0QmDqTn5nlZQ3XY',
    'Bearer abcdefgh',
    'Basic dXNlcjpwYXNz',
    '--token=ghp_0123456789abcdef',
    'postgres://ann:hunter2@db/app',
    '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b',
    'wJalrXUtnFEMI7K7MDENGbPxRfiCYEXAMPLEKEY',
  ])('is known by its look: %s', (text) => expect(looksSecret(text)).toBe(true));

  it.each([
    '',
    'claude-sonnet-4-5-20250929',
    'gpt-4.1-mini-2025-04-14',
    'https://api.example.org/v1/chat/completions',
    'ghcr.io/acme/agent@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    '123e4567-e89b-12d3-a456-426614174000',
    '/usr/local/lib/node_modules/@modelcontextprotocol/server-filesystem',
    '@modelcontextprotocol/server-github',
    'internationalizationframeworks',
    '12345678901234567890123',
    'task-force-of-the-year',
    'sk-none',
  ])('is not every text: %s', (text) => expect(looksSecret(text)).toBe(false));

  it('is looked for in a time that grows with the text only', () => {
    expect(looksSecret(`eyJ${'a-'.repeat(500_000)}`)).toBe(false);
    expect(looksSecret('://'.repeat(300_000))).toBe(false);
  });
});

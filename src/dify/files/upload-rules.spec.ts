import { describe, expect, it } from '@jest/globals';
import { readForm } from '../inputs/input-form.js';
import { fileTypeOf, maxUploadBytes } from './upload-rules.js';

const file = (name: string, mimeType = 'application/octet-stream') => ({ name, mimeType });
const MB = 1_048_576;

describe('fileTypeOf', () => {
  it.each([
    ['photo.JPG', 'image'],
    ['clip.webm', 'video'],
    ['voice.m4a', 'audio'],
    ['notes.tar.md', 'document'],
    ['archive.zip', 'custom'],
    ['no-extension', 'custom'],
    ['.env', 'custom'],
  ])('%s is %s', (name, type) => {
    expect(fileTypeOf(file(name))).toBe(type);
  });

  it('goes by the MIME type only where the name says nothing', () => {
    expect(fileTypeOf(file('photo', 'image/png'))).toBe('image');
    expect(fileTypeOf(file('photo.zip', 'image/png'))).toBe('custom');
    expect(fileTypeOf(file('photo', 'text/plain'))).toBe('custom');
  });
});

describe('maxUploadBytes', () => {
  const upload = { enabled: true, allowed_file_types: ['image', 'audio'] };
  const custom = { enabled: true, allowed_file_types: ['custom'], allowed_file_extensions: ['.ZIP', 'txt'] };
  const scans = { 'file-list': { variable: 'scans', allowed_file_types: ['document'] } };

  it('is that of the type', () => {
    const form = readForm({ file_upload: upload, system_parameters: { audio_file_size_limit: 2 } });

    expect(maxUploadBytes(file('a.png'), form)).toBe(10 * MB);
    expect(maxUploadBytes(file('a.mp3'), form)).toBe(2 * MB);
  });

  it('takes what an input wants, though the question takes no files', () => {
    const form = readForm({ user_input_form: [scans], file_upload: { enabled: false } });

    expect(maxUploadBytes(file('a.pdf'), form)).toBe(15 * MB);
    expect(() => maxUploadBytes(file('a.png'), form)).toThrow('it takes document');
  });

  it('knows custom types by their extensions', () => {
    const form = readForm({ file_upload: custom });

    expect(maxUploadBytes(file('a.zip'), form)).toBe(15 * MB);
    expect(maxUploadBytes(file('a.txt'), form)).toBe(15 * MB);
    expect(() => maxUploadBytes(file('a.rar'), form)).toThrow(
      expect.objectContaining({ code: 'unsupported_media_type' }),
    );
  });

  it('takes anything where nothing is restricted', () => {
    expect(maxUploadBytes(file('a.rar'), readForm({ file_upload: { enabled: true } }))).toBe(15 * MB);
  });

  it.each([
    ['no files at all', { enabled: false }],
    ['links only', { enabled: true, allowed_file_upload_methods: ['remote_url'] }],
  ])('is refused by an app that takes %s', (_case, switches) => {
    expect(() => maxUploadBytes(file('a.png'), readForm({ file_upload: switches }))).toThrow(
      expect.objectContaining({ code: 'dify_input_invalid' }),
    );
  });
});

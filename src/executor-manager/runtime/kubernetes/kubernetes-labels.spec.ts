import { describe, expect, it } from '@jest/globals';
import { labelsOf, metadataOf, selectorOf } from './kubernetes-labels.js';

const LABELS = { 'conch.task': '12', 'conch.manager': 'host:8001', 'conch.image': 'docker.io/library/node:22' };
const LEGAL = /^([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?$/;

describe('labels', () => {
  it('keep their values, those that are none in Kubernetes as annotations', () => {
    const { labels, annotations } = metadataOf(LABELS);

    expect(labels['conch.dev/task']).toBe('12');
    expect(Object.values(labels).every((value) => LEGAL.test(value))).toBe(true);
    expect(labelsOf(annotations)).toEqual(LABELS);
    expect(labelsOf({ ...annotations, 'other.example/x': '1' })).toEqual(LABELS);
    expect(labelsOf()).toEqual({});
  });

  it('are found by their values, or by their names alone', () => {
    const { labels } = metadataOf(LABELS);

    expect(selectorOf({ 'conch.manager': 'host:8001', 'conch.executor': '' })).toBe(
      `conch.dev/manager=${labels['conch.dev/manager']},conch.dev/executor`,
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import { innermostReason, speaksOfLostConversation } from './dify.reasons.js';

describe('the innermost reason', () => {
  it.each([
    ['No model', 'No model'],
    ['Extra data: line 1 column 96 (char 95)', 'Extra data: line 1 column 96 (char 95)'],
    ['PluginInvokeError: {"args":{},"error_type":"X","message":"Server is gone"}', 'Server is gone'],
    [
      'req_id: 12ab PluginInvokeError: {"args":{"description":"[models] Error: no pages"},"error_type":"X"}',
      '[models] Error: no pages',
    ],
    [
      `[azure] Bad Request Error, Error code: 400 - {'error': {'message': "Parameter 'a' is unknown", 'code': None}}`,
      "Parameter 'a' is unknown",
    ],
    [
      'Run failed: {"message":"invoke failed: {\\"code\\": \\"not_found\\", \\"message\\": \\"No such tool\\"}"}',
      'No such tool',
    ],
    ['{"args":null,"message":""}', '{"args":null,"message":""}'],
    ['a {template} with braces', 'a {template} with braces'],
  ])('of %s', (message, reason) => expect(innermostReason(message)).toBe(reason));
});

describe('a lost conversation', () => {
  it.each([
    'Conversation Not Exists.',
    'Conversation Not Exists. You have requested this URI [/v1/chat-messages]',
    'ConversationNotExistsError()',
    'conversation_not_exists',
    'The conversation with id 12 was not found',
    "Conversation 12 doesn't exist",
    'conversation_id: value is not a valid uuid',
    'Unknown conversation',
    'Could not find conversation 12',
    '会话不存在',
  ])('is told by %s', (message) => expect(speaksOfLostConversation(message)).toBe(true));

  it.each([
    '',
    'Internal Server Error',
    'Model not found',
    'The conversation is longer than the context of the model',
    'Knowledge base is missing',
  ])('is not told by %j', (message) => expect(speaksOfLostConversation(message)).toBe(false));
});

// Dify's service API below `/dify/v1`, for all the apps of the simulator.
import { setTimeout as sleep } from 'node:timers/promises';
import { readBody } from '../../shared/http.js';
import { asObject } from '../../shared/json.js';
import { ScriptError } from '../../shared/script-pairs.js';
import { appOf, type DifyApp, infoOf, isApp, parametersOf } from './dify-apps.js';
import { DIFY_PNG } from './dify-files.js';
import { formJson, submitForm } from './dify-human.js';
import { boundaryOf, readMultipart } from './dify-multipart.js';
import { authorize, checkPublished, difyError, DifyProblem, userOf } from './dify-request.js';
import { attachRun, readRun, stopRun } from './runs/dify-run-routes.js';
import { runApp } from './runs/dify-runs.js';
import { countCall, type HumanForm } from './runs/dify-state.js';
import { conversations, deleteConversation, feedback, messages, suggested } from './dify-messages.js';
import { upload } from './dify-uploads.js';
import { deliver, htmlReply, jsonReply } from '../deliver.js';
import type { Exchange, Provider, Reply } from '../exchange.js';

type Answer = Reply | undefined | Promise<Reply | undefined>;
type Route = readonly [method: string, path: RegExp, answer: (x: Exchange, app: DifyApp, ids: string[]) => Answer];

function info(x: Exchange, app: DifyApp): Reply {
  const { dify } = x.state;
  dify.counters.infos += 1;
  return jsonReply(200, infoOf(app, countCall(dify, app, 'info')));
}

/** `slow2000` is an app whose parameters take two seconds. */
async function parameters(x: Exchange, app: DifyApp): Promise<Reply> {
  x.state.dify.counters.parameters += 1;
  const ms = app.numbers.get('slow');
  if (ms !== undefined) await sleep(ms, undefined, { signal: x.closed });
  checkPublished(app);
  return jsonReply(200, parametersOf(app));
}

function formOfToken(x: Exchange, app: DifyApp, token: string): HumanForm {
  const form = x.state.dify.forms.get(token);
  if (form?.run.plan.app.key !== app.key) throw new DifyProblem(404, 'not_found', 'Form not found');
  if (form.state === 'open') return form;
  throw new DifyProblem(412, `human_input_form_${form.state}`, `The form has been ${form.state}.`);
}

function submit(x: Exchange, app: DifyApp, token: string): Reply {
  const body = asObject(x.request.body);
  userOf(body['user']);
  const problem = submitForm(formOfToken(x, app, token), body);
  if (problem) return difyError(400, 'invalid_param', problem);
  x.state.dify.counters.formsSubmitted += 1;
  return jsonReply(200, {});
}

const ROUTES: readonly Route[] = [
  ['GET', /^\/info$/, info],
  ['GET', /^\/parameters$/, parameters],
  ['GET', /^\/meta$/, () => jsonReply(200, { tool_icons: {} })],
  ['POST', /^\/(chat-messages|completion-messages)$/, (x, app, [route = '']) => runApp(x, app, route)],
  ['POST', /^\/workflows\/run$/, (x, app) => runApp(x, app, 'workflows')],
  [
    'POST',
    /^\/(chat-messages|completion-messages)\/([^/]+)\/stop$/,
    (x, app, [route = '', id = '']) => stopRun(x, app, route, id),
  ],
  ['POST', /^\/workflows\/tasks\/([^/]+)\/stop$/, (x, app, [id = '']) => stopRun(x, app, 'workflows', id)],
  ['GET', /^\/workflows\/run\/([^/]+)$/, (x, app, [id = '']) => readRun(x, app, id)],
  ['GET', /^\/workflow\/([^/]+)\/events$/, (x, app, [id = '']) => attachRun(x, app, id)],
  ['GET', /^\/form\/human_input\/([^/]+)$/, (x, app, [id = '']) => jsonReply(200, formJson(formOfToken(x, app, id)))],
  ['POST', /^\/form\/human_input\/([^/]+)$/, (x, app, [id = '']) => submit(x, app, id)],
  ['POST', /^\/files\/upload$/, upload],
  ['GET', /^\/messages\/([^/]+)\/suggested$/, (x, app, [id = '']) => suggested(x, app, id)],
  ['POST', /^\/messages\/([^/]+)\/feedbacks$/, (x, app, [id = '']) => feedback(x, app, id)],
  ['GET', /^\/messages$/, messages],
  ['GET', /^\/conversations$/, conversations],
  ['DELETE', /^\/conversations\/([^/]+)$/, (x, app, [id = '']) => deleteConversation(x, app, id)],
];

/** Some addresses are no Dify at all. */
function page(x: Exchange): Reply | undefined {
  const app = appOf(/^Bearer +(\S+)$/i.exec(x.request.headers.authorization ?? '')?.[1] ?? '');
  return app && isApp(app, 'html') ? htmlReply(app.numbers.get('html') ?? 200, 'Welcome to nginx!') : undefined;
}

function respond(x: Exchange): Answer {
  const below = /^\/v1(\/.*)$/.exec(x.path)?.[1] ?? '';
  const known = ROUTES.filter(([, path]) => path.test(below));
  if (known.length === 0) return page(x) ?? difyError(404, 'not_found', 'The requested URL was not found.');
  const route = known.find(([method]) => method === x.request.method);
  if (!route) return difyError(405, 'method_not_allowed', 'The method is not allowed for the requested URL.');
  const html = page(x);
  if (html) return html;
  const app = authorize(x.state.dify, x.request.headers);
  const [, ...ids] = route[1].exec(below) ?? [];
  return route[2](x, app, ids.map(decodeURIComponent));
}

async function answer(x: Exchange): Promise<void> {
  let reply: Reply | undefined;
  try {
    reply = await respond(x);
  } catch (error) {
    if (error instanceof DifyProblem) reply = error.reply;
    else if (error instanceof ScriptError) reply = difyError(400, 'invalid_param', error.message);
    else throw error;
  }
  // A hanging reply has been counted where it was decided.
  if (reply && reply.kind !== 'hang') await deliver(x, reply, { 'x-version': '1.12.1' });
}

/** All apps below `/dify`. */
export const dify: Provider = {
  name: 'dify',
  prefix: '/dify',
  readBody: async (req, { dify: { counters } }) => {
    const boundary = boundaryOf(req.headers['content-type']);
    if (boundary === undefined) return readBody(req);
    try {
      return await readMultipart(req, boundary, (count) => (counters.uploadedBytes += count));
    } catch (error) {
      counters.brokenUploads += 1;
      throw error;
    }
  },
  answer,
};

/** The files that runs give, at the root of the server as with Dify. */
export const difyFiles: Provider = {
  name: 'dify-files',
  prefix: '/files',
  answer: async (x) => {
    x.request.status = 200;
    x.res.writeHead(200, { 'content-type': 'image/png', 'content-length': DIFY_PNG.length }).end(DIFY_PNG);
    return Promise.resolve();
  },
};

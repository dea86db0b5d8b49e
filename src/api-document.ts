import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { existsSync } from 'node:fs';
import { chatEventComponents } from './answer-stream/chat-event.dto.js';
import { PAGE_POLICY } from './infra/http/server/security-headers.js';
import { taskEventComponents } from './tasks/events/task-event.dto.js';

const PAGE = 'api/docs';
const JSON_DOCUMENT = 'api/openapi.json';
/** What the Swagger plugin found in the sources; `nest build` generates it, sources that run as they are have none. */
const PLUGIN_METADATA = new URL('./metadata.js', import.meta.url);

type MetadataFactory = Parameters<typeof SwaggerModule.loadPluginMetadata>[0];

/** Serves the OpenAPI document and its page. Both are made when they are first asked for, not at each start. */
export function serveApiDocument(app: NestFastifyApplication): void {
  SwaggerModule.setup(PAGE, app, () => describeApi(app), { jsonDocumentUrl: JSON_DOCUMENT, raw: ['json'] });
  let loaded: Promise<void> | undefined;
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('preHandler', async ({ url }, reply) => {
      if (!url.startsWith(`/${PAGE}`) && !url.startsWith(`/${JSON_DOCUMENT}`)) return;
      void reply.header('Content-Security-Policy', PAGE_POLICY);
      await (loaded ??= loadPluginMetadata());
    });
}

/** Also loads the controllers of the executor manager, with their container engine: 100 ms and more. */
async function loadPluginMetadata(): Promise<void> {
  if (!existsSync(PLUGIN_METADATA)) return;
  const generated = (await import(PLUGIN_METADATA.href)) as { default: MetadataFactory };
  await SwaggerModule.loadPluginMetadata(generated.default);
}

/** Returns the OpenAPI document of an app whose modules exist only as descriptions: nothing is opened or started. */
export async function apiDocumentOf(app: NestFastifyApplication): Promise<OpenAPIObject> {
  await loadPluginMetadata();

  return describeApi(app);
}

/** The OpenAPI document, events of the streams included. */
function describeApi(app: NestFastifyApplication): OpenAPIObject {
  const description =
    'Streams answers from Claude and OpenAI-compatible models over SSE: resumable by Last-Event-ID on any replica, cancellable, never lost. ' +
    'Errors have one shape; decide by `code`.';
  const options = new DocumentBuilder()
    .setTitle('Conch')
    .setDescription(description)
    .setVersion('0.1.0')
    .addBearerAuth()
    .build();
  const document = SwaggerModule.createDocument(app, options);
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, ...chatEventComponents(), ...taskEventComponents() },
  };

  return document;
}
